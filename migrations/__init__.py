"""The only way the schema changes."""
