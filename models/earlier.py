"""Declarations that were stored by an earlier version, brought into the words of this one."""

from __future__ import annotations

from typing import Any

_GONE = ("first_round", "declarations", "similarity_max")
"""Keys of a submission that were promised and never ran; what came of them has other names now."""
_PROMISED = ("correction_days", "max_corrections", "reason_codes")
"""Keys that were stored with a value that meant "not supported yet", and that mean something else now."""
_EMPTY = {"scoring": "per_unit", "shortlisting": "group_bounds"}
"""Kind of stage -> its key that was stored as null where that meant "not supported yet"."""


def upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """Give a stored declaration as this version would have stored it; one that is right already comes back unchanged.

    Only what no earlier version obeyed is taken out, so an edition goes on by the rules that it was opened with.
    """
    return {
        **document,
        **_changed(document, "stages", list, lambda stages: [_stage(one) for one in stages]),
        **_changed(document, "groups", dict, lambda groups: _without_nothing(groups, "bounds")),
        **_changed(document, "nominators", dict, lambda types: {name: _nominator(one) for name, one in types.items()}),
    }


def _changed(document: dict[str, Any], key: str, kind: type, change: Any) -> dict[str, Any]:
    return {key: change(document[key])} if isinstance(document.get(key), kind) else {}


def _stage(stage: Any) -> Any:
    if isinstance(stage, dict) and stage.get("kind") in _EMPTY:
        return _without_nothing(stage, _EMPTY[stage["kind"]])
    if not isinstance(stage, dict) or stage.get("kind") != "submission":
        return stage
    promised = _PROMISED if any(key in stage for key in _GONE) or stage.get("correction_days") == 0 else ()
    return {key: value for key, value in stage.items() if key not in promised and not (key in _GONE and not value)}


def _without_nothing(declared: dict[str, Any], key: str) -> dict[str, Any]:
    """Without a key whose stored value meant "not supported yet"."""
    return {name: value for name, value in declared.items() if name != key or value is not None}


def _nominator(declared: Any) -> Any:
    if not isinstance(declared, dict) or declared.get("max_if", {}) is not None:
        return declared
    return {key: value for key, value in declared.items() if key != "max_if"}
