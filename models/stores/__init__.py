"""The store in parts: one class per subject, put together in models/store.py."""
