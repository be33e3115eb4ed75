"""What is installed is what the folders hold, and what the lock files hold is what pyproject.toml asks for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_exactly_what_the_folders_hold(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    lying = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    present = {path.relative_to(ROOT).as_posix() for path in lying if "__pycache__" not in path.parts}
    assert packed == present
    assert {name.partition("/")[0] for name in packed} == set(PACKAGES)


@pytest.mark.parametrize(
    "kind",
    [
        "config/processes/papers.yaml",
        "config/samples/papers/entries.xlsx",
        "migrations/versions/0001_first.py",
        "tasks/documents/score_sheet.typ",
        "migrations/script.py.mako",
        "notifications/templates/review_invitation/zh_CN/subject.txt.j2",
        "web/templates/base.html",
        "web/static/app.css",
        "web/locale/en/LC_MESSAGES/jinbang.po",
    ],
)
def test_every_kind_of_file_travels_along(unpacked: Path, kind: str) -> None:
    assert (unpacked / kind).read_bytes() == (ROOT / kind).read_bytes()


def test_the_installed_package_lists_its_processes_outside_the_tree(unpacked: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JINBANG_")} | {"PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", "-m", "flows", "processes", "--json"]
    said = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert [one["name"] for one in json.loads(said.stdout)] == sorted(path.stem for path in (ROOT / "config" / "processes").glob("*.yaml"))


def test_the_wheel_brings_the_command_and_is_kept_from_public_registries(unpacked: Path) -> None:
    (info,) = unpacked.glob("*.dist-info")
    assert "jinbang = flows.__main__:main" in (info / "entry_points.txt").read_text(encoding="utf-8")
    metadata = (info / "METADATA").read_text(encoding="utf-8")
    assert "Classifier: Private :: Do Not Upload" in metadata
    assert "License-Expression: Apache-2.0" in metadata
    assert (info / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {canonicalize_name(found[1]): found[2] for found in re.finditer(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_pins_and_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    shapes = re.compile(r"[\w.-]+==[\w.!+-]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|\s*#.*")
    assert [line for line in lines if not shapes.fullmatch(line)] == []
    assert [line for line in lines if "://" in line or "/opt" in line or "/tmp" in line or "/home" in line] == []


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]),
        ("requirements-dev.lock", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_locked_release_is_one_that_was_asked_for(lock: str, asked: list[str]) -> None:
    pins = _pins(lock)
    wanted = [Requirement(one) for one in asked]
    assert [str(one) for one in wanted if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"), prereleases=True)] == []


def test_both_locks_name_the_same_release() -> None:
    first, second = (_pins(name) for name in LOCKS)
    assert {name: (first[name], second[name]) for name in first.keys() & second.keys() if first[name] != second[name]} == {}
