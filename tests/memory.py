"""Folders in shared memory, for tests that commit thousands of times: processes are killed in them, but no test cuts the power."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SHARED = Path("/dev/shm")
_ENOUGH = 4 * 1024**3
"""Bytes that must be free; many containers have 64 MB, and there the disk has to do."""


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A new folder, which is gone afterwards; on the disk where there is little memory."""
    roomy = _SHARED.is_dir() and shutil.disk_usage(_SHARED).free > _ENOUGH
    made = Path(tempfile.mkdtemp(prefix=f"jinbang-{name}-", dir=_SHARED if roomy else None))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
