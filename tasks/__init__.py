"""What is done: open the store, ask a rule, keep the answer."""
