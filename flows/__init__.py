"""What comes after what: Prefect flows, the engine that drives them, and the jinbang command."""
