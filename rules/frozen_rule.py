"""The rule of a review: everything that turns signed sheets into selected entries, frozen before the first sheet can be opened.

It is plain JSON, so that its digest is the same on every machine. What the marks do not depend on is not in it: dates, reminders, who
releases a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.declared import Declared
from models.edition import Edition
from models.errors import RuleChanged
from models.process import Process
from models.ranking import FrozenRule
from models.stages import ScoringStage, ShortlistingStage
from rules import methods

_OF_SCORING = ("aggregate", "flags", "normalise", "criteria", "criteria_by_class", "fatal", "distribution", "tie_break")
_NOT_OF_CUT = ("name", "title", "opens", "closes", "grace_minutes", "last_call_hours", "confirm")
_SHOWN = 40
_NAMED = 5
"""So many differences stand in a refusal."""

Rule = dict[str, Any]


def of(edition: Edition, position: int) -> Rule:
    """The rule of a scoring stage, as this edition declares it and this version computes it."""
    return _rule(edition, position, every=True)


def differences(frozen: Mapping[str, Any], edition: Edition, position: int) -> tuple[str, ...]:
    """What differs between a frozen rule and the rule as it stands, as `path: was X, is Y`; nothing if all holds.

    What a later version can declare and this rule did not is no difference as long as nobody declares it: it then means what was
    always done.
    """
    now, said = of(edition, position), _rule(edition, position, every=False)
    return tuple(_differences(frozen, now, said, ""))


def refusal(rule: str, frozen: FrozenRule, changed: Sequence[str], *, marked: bool) -> RuleChanged:
    """Why no mark is computed, or no list is cut, by a rule that is not the frozen one; to be raised.

    Args:
        rule: The edition and whose rule it is.
        frozen: The rule as it was frozen.
        changed: What differs, as `differences` tells it.
        marked: The marks stand already; it is a list that is not cut.
    """
    named = "; ".join(changed[:_NAMED]) + (f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else "")
    nothing = "No list is cut or awarded" if marked else "No mark is computed"
    return RuleChanged(
        f"{rule} is not the one that was frozen at {frozen.at.isoformat()} (SHA-256 {frozen.digest}): "
        f"{named}. {nothing} by another rule; restore what differs, or go back to the version that froze it, then retry",
        zh=f"现在的计分规则与冻结的规则（SHA-256 {frozen.digest}）不一致：{'；'.join(changed[:_NAMED])}。"
        f"{'不按其他规则生成名单或评定奖项' if marked else '不按其他规则计分'}；请恢复不一致之处，或换回冻结规则时的版本，再重试",
    )


def _rule(edition: Edition, position: int, *, every: bool) -> Rule:
    process = edition.process
    stage = process.stages[position]
    assert isinstance(stage, ScoringStage)  # noqa: S101 - the caller's stage
    cut = _cut_after(process, position)

    def dumped(part: Declared | None) -> Rule | None:
        return None if part is None else part.model_dump(mode="json", exclude_defaults=not every)

    return {
        "methods": methods.VERSION,
        "seed": edition.seed,
        "scoring": {name: one for name, one in (dumped(stage) or {}).items() if name in _OF_SCORING},
        "shortlisting": {name: one for name, one in (dumped(cut) or {}).items() if name not in _NOT_OF_CUT},
        "awards": process.awards,
        "classes": [{"name": one.name, "awards": one.awards} for one in process.classes],
        "tiers": [dumped(one) for one in process.tiers],
        "groups": dumped(process.groups),
    }


def _cut_after(process: Process, position: int) -> ShortlistingStage | None:
    for stage in process.stages[position + 1 :]:
        if isinstance(stage, ShortlistingStage):
            return stage
        if isinstance(stage, ScoringStage):
            return None
    return None


def _differences(before: Any, now: Any, said: Any, path: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        inner = said if isinstance(said, Mapping) else {}
        for name in sorted({*before, *now}):
            at = f"{path}.{name}" if path else name
            if name in before or name in inner:
                yield from _differences(before.get(name), now.get(name), inner.get(name), at)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        given = said if isinstance(said, list) and len(said) == len(now) else [None] * len(now)
        for number, (one, other, inner) in enumerate(zip(before, now, given, strict=True)):
            yield from _differences(one, other, inner, f"{path}[{number}]")
    elif before != now:
        yield f"{path}: was {_told(before)}, is {_told(now)}"


def _told(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return f"{len(value)} of them"
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
