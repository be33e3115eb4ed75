"""Further entries that the office allows a unit, with a reason, and what the office knows of units (rules N1 and N2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from models.edition import SET_ASIDE, Edition, Entry, Nominator
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.store import Store
from models.submitting import Fact, QuotaGrant
from notifications import messages
from rules import quotas
from rules.text import TextRefused, clean, halfwidth
from tasks.installation import database

REASON_MAX = 500
"""Characters of the reason for a further quota."""
_DIGITS = 4
"""Digits of a number of entries; a guard, not a rule."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one unit may put forward of one class, and what it has."""

    unit: Nominator
    class_name: str
    by_rule: int
    granted: int
    used: int

    @property
    def left(self) -> int:
        """How many more; never below 0."""
        return max(0, self.by_rule + self.granted - self.used)


def lines(store: Store, edition: Edition, *, only: Nominator | None = None) -> tuple[Line, ...]:
    """Units by code, classes in declared order; a class that a type of unit may not put forward, and was not granted, is left out."""
    units = store.nominators(edition.id) if only is None else (only,)
    grants = store.quota_grants(edition.id)
    used = Counter((one.nominator, one.class_name) for one in standing(store, edition))
    facts = facts_of(store, edition, units)
    found = []
    for unit in units:
        declared = edition.process.nominators.get(unit.type)
        for one in edition.process.classes:
            extra = quotas.granted(unit.id, one.name, grants)
            if declared is None or (one.name not in declared.max and not extra and not used[unit.id, one.name]):
                continue
            by_rule = quotas.quota(edition.process, unit, one.name, facts=facts[unit.id], grants=())
            found.append(Line(unit, one.name, by_rule, extra, used[unit.id, one.name]))
    return tuple(found)


def standing(store: Store, edition: Edition) -> tuple[Entry, ...]:
    """Entries that use up a quota: all but those that are withdrawn, archived or not accepted."""
    return tuple(one for one in store.entries(edition.id) if one.state not in SET_ASIDE)


def facts_of(store: Store, edition: Edition, units: Iterable[Nominator]) -> Mapping[str, Mapping[str, Any]]:
    """Unit -> what quotas by facts go by."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for name in {name for one in edition.process.nominators.values() for name in one.max_if}:
        for unit, value in store.facts_of_edition(edition.id, name).items():
            found[unit][name] = value
    return defaultdict(dict, {unit.id: found[unit.id] for unit in units})


def asked_facts(edition: Edition, unit: Nominator) -> tuple[str, ...]:
    """Names of the facts on which quotas of this type of unit depend."""
    declared = edition.process.nominators.get(unit.type)
    return tuple(declared.max_if) if declared else ()


def grant(edition_id: str, code: str, class_name: str, extra: str, reason: str, *, actor: str) -> QuotaGrant:
    """Allow a unit further entries of a class, and tell it.

    Args:
        edition_id: The edition's id.
        code: The unit's code.
        class_name: The class.
        extra: How many more, as typed.
        reason: Why, for the record and for the unit.
        actor: Who allows it, `admin:<address>` or `cli`.

    Raises:
        NotFound: there is no such unit.
        NotAllowed: nominations are over.
        InputError: `extra` is no number above 0, `reason` is missing or cannot be kept, `class_name` is no class.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, code)
        faults: list[Fault] = []
        number = halfwidth(extra).strip()
        if not (number.isascii() and number.isdigit() and 0 < len(number) <= _DIGITS and int(number)):
            faults.append(Fault(f"{extra[:20]!r} is no number of entries", "write 1, 2, 3 …", field="extra", column="number"))
        if class_name not in [one.name for one in edition.process.classes]:
            known = ", ".join(one.name for one in edition.process.classes)
            faults.append(Fault(f"{class_name[:40]!r} is no class", f"choose one of {known}", field="class_name", column="other"))
        words = _reason(reason, faults)
        if faults:
            raise InputError(faults)
        now = store.edition_now(edition_id)
        made = QuotaGrant(uuid4().hex, edition_id, unit.id, class_name, int(number), words, actor, now)
        store.add_quota_grant(made)
        store.append(
            edition_id, "QuotaGranted", actor=actor, nominator=unit.id, class_name=class_name, extra=made.extra, grant=made.id, reason=words
        )
        allowed = next(one.by_rule + one.granted for one in lines(store, edition, only=unit) if one.class_name == class_name)
        title = edition.process.class_named(class_name).title
        store.queue_mails(edition_id, [messages.quota_granted(edition, edition.stages[0], unit, made, title, allowed)])
        return made


def revoke(edition_id: str, code: str, grant_id: str, *, actor: str) -> None:
    """Take a further quota back that is not used yet.

    Raises:
        NotFound: the unit was granted nothing of that id.
        NotAllowed: it is used, was taken back already, or nominations are over.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, code)
        grants = store.quota_grants(edition_id, nominator=unit.id)
        given = next((one for one in grants if one.id == grant_id), None)
        if given is None:
            raise NotFound(f"{unit.name} was granted nothing of that id", zh="没有给该单位追加过这笔名额")
        own = [one.fields for one in standing(store, edition) if (one.nominator, one.class_name) == (unit.id, given.class_name)]
        if not quotas.revocable(edition.process, unit, given, facts=store.facts(unit.id), grants=grants, entries=own):
            title = edition.process.class_named(given.class_name).title.en
            raise NotAllowed(
                f"{unit.name} uses its further quota of {title} already, or it was taken back: it has {len(own)} entries; "
                "a grant that is used cannot be taken back"
            )
        if store.revoke_quota_grant(grant_id, store.edition_now(edition_id)):
            store.append(
                edition_id, "QuotaRevoked", actor=actor, nominator=unit.id, class_name=given.class_name, extra=given.extra, grant=grant_id
            )


def state_facts(edition_id: str, code: str, holding: Iterable[str], *, actor: str) -> None:
    """Keep which of the facts that its quotas depend on hold for a unit; those not named do not.

    Raises:
        NotFound: there is no such unit.
        NotAllowed: nominations are over.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, code)
        known, wanted = store.facts(unit.id), set(holding)
        for name in asked_facts(edition, unit):
            value = name in wanted
            if (known[name].value if name in known else False) is not value:
                store.put_fact(Fact(unit.id, name, value, store.edition_now(edition_id), actor))
                store.append(edition_id, "FactStated", actor=actor, nominator=unit.id, fact=name, value=value)


def unit_of(store: Store, edition_id: str, code: str) -> Nominator:
    """The unit of a code.

    Raises:
        NotFound: there is none.
    """
    for one in store.nominators(edition_id):
        if one.code == code:
            return one
    raise NotFound(f"{edition_id} has no nominator {code!r}", zh=f"没有编号为“{code}”的推荐单位")


def _open(store: Store, edition_id: str, code: str) -> tuple[Edition, Nominator]:
    run = store.lock_stage(edition_id, 0, to_change=True)
    if run.state in ("closing", "closed") or (run.cutoff is not None and store.edition_now(edition_id) >= run.cutoff):
        raise NotAllowed(f"{edition_id}: {run.name} is over; extend its deadline first", zh="申报已经结束，请先延长申报期限")
    return store.edition(edition_id), unit_of(store, edition_id, code)


def _reason(text: str, faults: list[Fault]) -> str:
    try:
        words = clean(text, max_length=REASON_MAX)
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct the words", field="reason", column="text"))
        return ""
    if not words:
        faults.append(Fault("a further quota needs a reason", "write it", field="reason", column="missing"))
    return words
