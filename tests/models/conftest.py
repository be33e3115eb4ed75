"""Databases of the store's tests."""

from tests.recycling import database_url

__all__ = ["database_url"]
