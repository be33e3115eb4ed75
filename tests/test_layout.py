"""How the tree is laid out, and what may not stand in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from flows.selection import STAGES
from models.stages import STAGE_CLASSES

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
BINARY = (".csv", ".xlsx", ".xls", ".ods", ".zip", ".png", ".jpg", ".ico", ".woff2", ".pdf", ".mp4", ".mp3")
THIRD_PARTY = ("web/static/vendor/", "LICENSE")


def modules() -> Iterator[Path]:
    """Every module of ours."""
    for package in PACKAGES:
        yield from sorted(path for path in (ROOT / package).rglob("*.py"))


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that is kept or about to be: its path from the root, and its content."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix not in BINARY and not name.startswith(THIRD_PARTY):
            yield name, path.read_text(encoding="utf-8")


def test_no_flow_module_is_named_like_a_folder_of_ours_or_of_the_standard_library() -> None:
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__", "__main__"}
    assert names & (set(PACKAGES) | {"tests", "bench", "docs"} | set(sys.stdlib_module_names)) == set()


def test_each_stage_kind_has_one_class_and_one_module_of_its_name() -> None:
    assert list(STAGES) == list(STAGE_CLASSES)
    assert {kind: module.__name__ for kind, module in STAGES.items()} == {kind: f"flows.{kind}" for kind in STAGE_CLASSES}
    missing = [
        (kind, what) for kind, module in STAGES.items() for what in ("open_stage", "close_stage", "remind") if not hasattr(module, what)
    ]
    assert missing == []


def test_an_init_is_a_docstring_that_says_what_the_folder_is_for() -> None:
    for path in modules():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert [type(one) for one in body] == [ast.Expr], path
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


MAY_READ_THE_CLOCK = {
    "flows/__main__.py": 1,  # the default label of a rehearsal
    "flows/backstage.py": 1,  # the date over the printed addresses
    "flows/checking.py": 1,  # are the coming months' working days known?
    "models/store.py": 1,  # the time of every transaction
    "notifications/catcher.py": 1,  # when a mail was caught
    "tasks/opening.py": 2,  # an edition is opened now
    "web/guards.py": 1,  # when a limit lets go
}
"""Where real time is asked for, and how often. Everywhere else it is passed in, or comes from the open transaction."""


def test_time_is_read_in_few_places_and_passed_in_everywhere_else() -> None:
    call = re.compile(r"datetime\.now\(|datetime\.utcnow\(|datetime\.today\(|date\.today\(|\btime\.time\(")
    found = {path.relative_to(ROOT).as_posix(): len(call.findall(path.read_text(encoding="utf-8"))) for path in modules()}
    assert {name: count for name, count in found.items() if count} == MAY_READ_THE_CLOCK


def test_the_operating_page_names_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `JINBANG_([A-Z_]+)` \| (?:`([^|]*)`|) *\|", text, re.MULTILINE))
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert rows == {name: "" if value in (None, "") else str(value) for name, value in defaults.items()}


LONGEST_MODULE = 300
LISTS = {
    "flows/__main__.py",  # one function per command
    "migrations/versions/0001_first.py",  # one call per table
    "models/edition.py",  # one record per thing
    "models/stages.py",  # one class per stage kind
    "models/stores/editions.py",  # one method per query
    "models/tables.py",  # one table per thing
    "tasks/editions.py",  # one function per act of an admin
}
"""Modules that are lists, and may be longer."""


def test_modules_are_short() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE and name not in LISTS} == {}
    assert {name: size for name, size in sizes.items() if size > 3 * LONGEST_MODULE // 2} == {}


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a note to do it later", r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"),
        ("a path of one machine", r"(?<![\w/.])/(work|root|home|opt|Users)/\w"),
        ("a package host", r"pypi\.(org|tuna)|files\.python" r"hosted|npm" r"js\.(org|com)|mirrors?\.\w+\.(com|cn|edu)"),
        ("a conflict of a merge", r"^(<<<<<<<|>>>>>>>) "),
    ],
)
def test_no_kept_text_holds(what: str, pattern: str) -> None:
    place = re.compile(pattern, re.MULTILINE)
    mine = "tests/test_layout.py"
    assert [(name, found[0]) for name, text in texts() if name != mine and (found := place.search(text))] == [], what


def test_links_between_the_pages_of_the_documentation_lead_somewhere() -> None:
    broken = []
    for name, text in texts():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" not in target and not target.startswith("#") and not ((ROOT / name).parent / target.partition("#")[0]).exists():
                broken.append((name, target))
    assert broken == []


def test_the_numbers_of_decisions_are_used_once() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert set(numbers.values()) == {1}


def test_every_page_of_a_decision_says_why_what_and_what_follows() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        heads = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads[:3] == ["Context", "Decision", "Consequences"], path.name


def test_every_promise_in_the_readme_names_a_test_that_exists() -> None:
    promised = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(promised) >= 10
    missing = [f"{file}::{name}" for file, name in promised if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []


def test_the_readme_names_files_that_exist() -> None:
    named = re.findall(r"`((?:web|tasks|rules|flows|config)/[\w/]+\.py)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []
