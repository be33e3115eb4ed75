"""What people see: pages for reviewers, committees, admins and the public."""
