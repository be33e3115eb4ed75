"""What a validator complains of, in words for whoever wrote the file."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.reading import Path, Source
from models.declared import Declared, Misfit, NotSupportedYet, Promised, Words
from models.errors import Fault
from models.process import Process
from models.stages import STAGE_CLASSES

_ON_KEY = "many readers of YAML take `on:` for the value true; write `opens:` or `closes:`"


def explain(error: ValidationError, source: Source) -> list[Fault]:
    """Turn everything that a validation found into faults with their places in the file."""
    return [_explain_one(line, source) for line in error.errors(include_url=False) if not _echo(line)]


def _echo(line: ErrorDetails) -> bool:
    """Whether a list is called too short only because its items, told of by themselves, are wrong."""
    return line["type"] == "too_short" and bool(line["input"])


def explain_misfits(misfits: Iterable[Misfit], source: Source) -> list[Fault]:
    """Turn misfits into faults, each told once."""
    told = dict.fromkeys((misfit.at, str(misfit)) for misfit in misfits)
    return [source.fault(at, *_split(what)) for at, what in told]


def promised(error: ValidationError) -> Iterator[Path]:
    """Yield the paths of keys that this version knows by name only."""
    for line in error.errors(include_url=False):
        cause = line.get("ctx", {}).get("error")
        if isinstance(cause, NotSupportedYet):
            yield (*clean_path(line["loc"]), cause.field)


def clean_path(loc: tuple[str | int, ...]) -> Path:
    """Take out what the validator adds to a path: the kind of a stage, and marks of keys."""
    tagged = len(loc) > 2 and loc[0] == "stages" and loc[2] in STAGE_CLASSES
    return tuple(part for position, part in enumerate(loc) if not (tagged and position == 2) and part != "[key]")


def _explain_one(line: ErrorDetails, source: Source) -> Fault:
    path, kind = clean_path(line["loc"]), line["type"]
    if kind == "extra_forbidden":
        return source.fault(path, "unknown key", _nearest_key(str(path[-1]), class_at(line["loc"][:-1])), at_key=True)
    if kind == "missing":
        return source.fault(path, "missing", _what_to_add(str(path[-1]), class_at(line["loc"][:-1])))
    if kind == "union_tag_not_found":
        return source.fault((*path, "kind"), "missing", f"add one of {', '.join(STAGE_CLASSES)}")
    if kind == "union_tag_invalid":
        tag = str(line["ctx"]["tag"])
        return source.fault((*path, "kind"), f"{_short(tag)} is no kind of stage", _nearest(tag, STAGE_CLASSES))
    if kind == "literal_error":
        choices = _literals(_annotation_at(line["loc"]))
        return source.fault(path, f"{_short(line['input'])} is not one of the choices", _nearest(str(line["input"]), choices))
    cause = line.get("ctx", {}).get("error")
    if isinstance(cause, NotSupportedYet):
        what = str(cause).removeprefix(f"{cause.field}: ")
        return source.fault((*path, cause.field), *_split(what), at_key=True)
    if isinstance(cause, Misfit):
        return source.fault((*path, *cause.at), *_split(str(cause)))
    if kind in ("value_error", "misfit"):
        return source.fault(path, *_split(str(cause) if cause else line["msg"]))
    return source.fault(path, *_wrong_type(line), at_key=line["loc"][-1:] == ("[key]",))


def _split(message: str) -> tuple[str, str]:
    """Part "what is wrong; what to do" into its halves."""
    what, _, remedy = message.rpartition("; ")
    return (what, remedy) if what else (remedy, "")


def _wrong_type(line: ErrorDetails) -> tuple[str, str]:
    """Say what was found and what belongs there, for errors of type and of range."""
    kind, value = line["type"], line["input"]
    shown = "nothing" if value is None else _short(value)
    if kind == "string_type" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return f"{value} is read as a number; a text belongs here", f'put it in quotes: "{value}"'
    if kind == "string_pattern_mismatch":
        return f"{shown} cannot be a name", "use lower-case letters a-z, digits and _, beginning with a letter, at most 40 characters"
    if kind in ("model_type", "model_attributes_type"):
        if class_at(line["loc"]) is Words:
            return f"found {shown}; a text in two languages belongs here", "write {zh: …, en: …}"
        return f"found {shown}; keys and values belong here", "write `key: value` lines, indented below"
    if kind == "dict_type":
        return f"found {shown}; keys and values belong here", "write `key: value` lines, indented below"
    if kind == "tuple_type":
        return f"found {shown}; a list belongs here", "write [a, b] or one `- …` line per item"
    if kind.startswith("int_"):
        return f"found {shown}; a whole number belongs here", "write digits only, such as 5"
    if kind.startswith("bool_"):
        return f"found {shown}; true or false belongs here", "write true or false"
    return f"{line['msg'].replace('Input should', 'it should')}; found {shown}", ""


def _short(value: Any) -> str:
    shown = str(value) if isinstance(value, (int, Decimal)) else repr(value)
    shown = {"True": "true", "False": "false"}.get(shown, shown)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def _nearest(wrong: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    choices = f"the choices are {', '.join(names)}"
    return f"did you mean {close[0]}? {choices}" if close else choices


def _nearest_key(wrong: str, owner: type[Declared] | None) -> str:
    if wrong == "on":
        return _ON_KEY
    if owner is None:
        return "delete it"
    known = [name for name, field in owner.model_fields.items() if not _is_later(field.json_schema_extra)]
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"the keys here are {', '.join(known)}"


def _is_later(extra: Any) -> bool:
    return isinstance(extra, dict) and "later" in extra


def _what_to_add(name: str, owner: type[Declared] | None) -> str:
    field = owner.model_fields.get(name) if owner else None
    if field is None:
        return f"add `{name}:`"
    if choices := _literals(annotation_of(field)):
        return f"add `{name}:` with one of {', '.join(choices)}"
    if class_of(field.annotation) is Words:
        return f"add `{name}: {{zh: …, en: …}}`"
    note = " ".join((field.description or "").split())
    return f"add `{name}:`" + (f" ({note})" if note else "")


def class_at(loc: tuple[str | int, ...]) -> type[Declared] | None:
    """Give the class that checks what stands at a validator's path; None if it is no class of ours."""
    return class_of(_annotation_at(loc))


def class_of(annotation: Any) -> type[Declared] | None:
    """Give our class inside an annotation such as `Words | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        found = [one for one in map(class_of, get_args(annotation)) if one]
        return found[0] if len(found) == 1 else None
    return None


def _annotation_at(loc: tuple[str | int, ...]) -> Any:
    annotation: Any = Process
    for part in loc:
        annotation = _step(annotation, part)
    return annotation


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return annotation_of(field) if field else None
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _step(args[0], part)
    if origin is tuple:
        return args[0]
    if origin is dict:
        return args[1]
    if origin in (Union, types.UnionType):
        if part in STAGE_CLASSES and STAGE_CLASSES[str(part)] in args:
            return STAGE_CLASSES[str(part)]
        return next((found for one in args if (found := _step(one, part)) is not None), None)
    return None


def annotation_of(field: FieldInfo) -> Any:
    """Give a field's annotation with the checks that were declared beside it."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def promised_values(annotation: Any) -> dict[str, str]:
    """Give the values of a choice that come later, each with what they wait for."""
    checks = [one.func for one in getattr(annotation, "__metadata__", ()) if isinstance(one, AfterValidator)]
    return {value: check.what for check in checks if isinstance(check, Promised) for value in check.values}


def _literals(annotation: Any) -> tuple[str, ...]:
    """Give the choices inside an annotation that can be made now; empty if it is not a choice."""
    later = promised_values(annotation)
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    if get_origin(annotation) in (Annotated, Union, types.UnionType, tuple):
        return next((found for one in get_args(annotation) if (found := tuple(name for name in _literals(one) if name not in later))), ())
    return ()
