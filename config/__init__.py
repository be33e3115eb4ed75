"""What is awarded and how this installation is set up."""
