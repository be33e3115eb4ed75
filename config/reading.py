"""YAML, read cautiously: every value keeps its place, every surprise is a fault.

Plain words stay what they look like. Dates and clock times stay text (`12:30` is never 750), `no` stays `no`,
decimals stay exact, and a key that stands twice is refused.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from models.errors import DeclarationError, Fault
from rules import text as texts

Path = tuple[str | int, ...]
MAX_BYTES = 1_000_000
MAX_NODES = 20_000
MAX_DEPTH = 30
MAX_TEXT = 20_000
MAX_INTEGER = 10**12
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file, from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Source:
    """What a file says, and where it says it."""

    file: str
    document: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    """Where each key, or item of a list, begins."""
    values: dict[Path, Place] = field(default_factory=dict)
    """Where each single value begins."""
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: Path, what: str, remedy: str = "", *, at_key: bool = False) -> Fault:
        """Make a fault at a path, or at the nearest thing around it that is written in the file."""
        place = None if at_key else self.values.get(path)
        for length in range(len(path), -1, -1):
            place = place or self.keys.get(path[:length])
        return self._fault(place or Place(1, 1), what, remedy, path)

    def _fault(self, place: Place, what: str, remedy: str, path: Path = ()) -> Fault:
        return Fault(what, remedy, file=self.file, row=place.line, column=str(place.column), field=path_text(path))


def path_text(path: Path) -> str:
    """Write a path as people do: `stages[1].panel`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def read(content: bytes, file: str) -> Source:
    """Read the bytes of one declaration.

    Returns:
        The document with the places of its parts, and the faults of single values; dates are texts, decimals `Decimal`.

    Raises:
        DeclarationError: the content is too large, not UTF-8, not YAML, or not a mapping.

    """
    source = Source(file)
    node = _compose(_decode(content, source), source)
    if node is None:
        raise DeclarationError([source.fault((), "the file is empty", "copy one of the four files that come along and change it")])
    _Builder(source).build_root(node)
    if not isinstance(source.document, dict):
        raise DeclarationError([source.fault((), "the file must hold keys such as `name:` and `stages:`", "write `key: value` lines")])
    return source


def _decode(content: bytes, source: Source) -> str:
    if len(content) > MAX_BYTES:
        what = f"the file has more than {MAX_BYTES:,} bytes"
        raise DeclarationError([source.fault((), what, "a process file is a few hundred lines; check that this is one")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = content[: error.start].split(b"\n")
        place = Place(len(lines), len(lines[-1].decode("utf-8", "replace")) + 1)
        fault = source._fault(place, "the file is not UTF-8", "save it again with the encoding UTF-8")
        raise DeclarationError([fault]) from None


def _compose(content: str, source: Source) -> Node | None:
    if sum(map(content.count, "\n[{,")) > MAX_NODES:
        raise DeclarationError([source.fault((), "the file has too many lines or brackets", "a process file is a few hundred lines")])
    yaml = YAML(typ="rt")
    yaml.composer.warn_double_anchors = False  # a copied block may bring its anchor along
    try:
        node: Node | None = yaml.compose(io.StringIO(content))
    except MarkedYAMLError as error:
        raise DeclarationError([_syntax_fault(error, source)]) from None
    except ReaderError as error:
        before = content[: error.position].split("\n")
        place = Place(len(before), len(before[-1]) + 1)
        fault = source._fault(place, "a character that no text may hold", "delete it; it may be invisible")
        raise DeclarationError([fault]) from None
    except RecursionError:
        raise DeclarationError([source.fault((), "brackets are nested too deeply", "write the file with fewer levels")]) from None
    except (YAMLError, ValueError) as error:
        raise DeclarationError([source.fault((), f"this is not YAML: {error}")]) from None
    if any(line.startswith("%") for line in content.splitlines()[:20]):
        what = "a directive such as %YAML changes how words are read"
        raise DeclarationError([source._fault(Place(1, 1), what, "delete the line that begins with %")])
    return node


_SYNTAX = (
    ("'\\t'", "a tab stands where only spaces may", "indent with spaces"),
    ("mapping values are not allowed", "a second `:` in one line", 'put the text in quotes: "a: b"'),
    ("unexpected end of stream", "a quote or bracket is opened and never closed", "close it"),
    ("but found another document", "a second document begins at `---`", "keep one process per file"),
    ("undefined alias", "an alias (*name) whose anchor (&name) does not stand above it", "write the anchor first"),
    ("cannot start any token", "a character that cannot begin a value", "put the text in quotes"),
    ("expected ',' or", "a comma or a closing bracket is missing", "check the brackets { } [ ] of this line and the one above"),
    ("could not find expected ':'", "a `:` is missing after a key", "write `key: value`"),
    ("expected <block end>", "the indentation does not fit the lines above", "align it with the line it belongs to"),
)
"""What the parser says, and what it means to somebody who has never heard of tokens."""


def _syntax_fault(error: MarkedYAMLError, source: Source) -> Fault:
    mark: StringMark | None = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
    problem = str(error.problem or error.context or "this is not YAML")
    for sign, what, remedy in _SYNTAX:
        if sign in problem:
            return source._fault(place, what, remedy)
    return source._fault(place, f"this is not YAML: {problem}", "compare the line with a process file that comes along")


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


class _TooMuchError(Exception):
    """Aliases multiplied the file beyond reason."""


class _Builder:
    """Turns nodes into plain values, once per file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = 0

    def build_root(self, node: Node) -> None:
        """Fill the source with the document, or raise `DeclarationError` if it grows beyond reason."""
        self._source.keys[()] = _place(node)
        try:
            self._source.document = self._build(node, ())
        except _TooMuchError:
            fault = self._source.fault((), "aliases (*name) or brackets make the file too large or too deep", "write the parts out")
            raise DeclarationError([fault]) from None

    def _build(self, node: Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise _TooMuchError
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            for position, item in enumerate(node.value):
                self._source.keys[(*path, position)] = _place(item)
            return [self._build(item, (*path, position)) for position, item in enumerate(node.value)]
        self._source.values[path] = _place(node)
        return self._scalar(node, path) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node)
            if not isinstance(key_node, ScalarNode) or str(key_node.ctag) == f"{_TAG}merge":
                what, remedy = "a key must be a plain word", "write `key: value`; `<<` and nested keys are not read"
                self._source.faults.append(self._source._fault(place, what, remedy, path))
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in found:
                what, remedy = f"the key stands twice; it was first written in line {self._source.keys[here].line}", "delete one of the two"
                self._source.faults.append(self._source._fault(place, what, remedy, here))
                continue
            self._source.keys[here] = place
            found[key] = self._build(value_node, here)
        return found

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        tag, written = str(node.ctag).removeprefix(_TAG), str(node.value)
        if node.style in ("'", '"', "|", ">") or tag in ("str", "timestamp"):
            return self._text(written, path)
        if tag == "null":
            return None
        if tag == "bool":
            return written.lower() == "true"
        if tag == "int" and written.lstrip("+-").isdigit() and len(written) <= len(str(MAX_INTEGER)) and not _octal(written):
            return int(written)
        if tag == "float" and written.lstrip("+-").replace(".", "", 1).isdigit():
            return Decimal(written)
        remedy = "write a plain number such as 12 or 1.5, or put a text in quotes" if tag in ("int", "float") else "delete the tag (!…)"
        self._source.faults.append(self._source.fault(path, f"{_short(written)} cannot be read", remedy))
        return written

    def _text(self, written: str, path: Path) -> str:
        try:
            texts.clean(written, max_length=MAX_TEXT)
        except texts.TextRefused as refused:
            self._source.faults.append(self._source.fault(path, f"the text holds {refused}", "delete it; it may be invisible"))
            return written.encode("utf-8", "replace").decode()
        return written


def _octal(written: str) -> bool:
    """Numbers like 010 mean ten to one reader and eight to another."""
    digits = written.lstrip("+-")
    return len(digits) > 1 and digits.startswith("0")


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
