"""What things are called: declarations, the contents of an edition, events, errors, and the store that keeps them."""
