"""What is decided, and how: pure functions of values. No clock, no dice, no database."""
