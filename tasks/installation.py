"""This installation as the running process sees it: its settings and its database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from config.settings import Settings
from models.store import Database


@dataclass(frozen=True)
class Installation:
    """Settings and database, opened once per process."""

    settings: Settings
    database: Database


@cache
def installation() -> Installation:
    """The installation that the environment describes; its data folder is made if needed."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Installation(settings, Database(settings.url, allow_unsafe=settings.allow_unsafe_database))


def database() -> Database:
    """The installation's database."""
    return installation().database


def settings() -> Settings:
    """The installation's settings."""
    return installation().settings


def use_environment(**values: str) -> None:
    """Set `JINBANG_` variables for this process and its children, and forget what was opened before."""
    os.environ.update({f"JINBANG_{name.upper()}": value for name, value in values.items()})
    if installation.cache_info().currsize:
        installation().database.close()
    installation.cache_clear()
