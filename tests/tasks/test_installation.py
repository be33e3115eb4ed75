"""The installation that the environment describes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import UnsafeSetting
from tasks import installation, schema


@pytest.fixture
def environment() -> Iterator[None]:
    """The environment as it was, and nothing opened, when the test is over."""
    before = dict(os.environ)
    yield
    installation.use_environment()
    os.environ.clear()
    os.environ.update(before)
    installation.installation.cache_clear()


@pytest.mark.usefixtures("environment")
def test_settings_come_from_the_environment_and_the_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    installation.use_environment(data_dir=str(tmp_path / "new" / "data"), mail_batch="7")
    assert installation.settings().mail_batch == 7
    assert (tmp_path / "new" / "data").is_dir()
    schema.migrate(installation.database())
    assert (tmp_path / "new" / "data" / "jinbang.db").exists()
    assert installation.installation() is installation.installation()


@pytest.mark.usefixtures("environment")
def test_another_environment_forgets_what_was_opened(tmp_path: Path) -> None:
    installation.use_environment(data_dir=str(tmp_path / "a"))
    first = installation.database()
    installation.use_environment(data_dir=str(tmp_path / "b"))
    assert installation.database() is not first
    assert installation.settings().data_dir == tmp_path / "b"


@pytest.mark.usefixtures("environment")
def test_the_key_is_made_once_for_its_owner_only_and_a_short_one_is_refused(tmp_path: Path) -> None:
    installation.use_environment(data_dir=str(tmp_path))
    key = installation.settings().secret_key
    path = tmp_path / "secret.key"
    assert (len(key), path.stat().st_mode & 0o777) == (64, 0o600)
    installation.use_environment(data_dir=str(tmp_path))
    assert installation.settings().secret_key == key
    path.write_text("short")
    installation.use_environment(data_dir=str(tmp_path))
    with pytest.raises(UnsafeSetting, match="holds 5 bytes; a key needs at least 32"):
        _ = installation.settings().secret_key
