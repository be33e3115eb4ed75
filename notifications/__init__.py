"""What people are told: one function and one folder of templates per mail."""
