"""What synthetic nominating units state of themselves, so that what they hand in keeps the declared quotas and proofs."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from config.calendar import load_calendar
from models.asking import PublicityProof
from models.edition import Edition, Entry, Nominator
from models.stages import SubmissionStage
from models.store import Store
from models.submitting import Fact
from rules import calendar, proofs, quotas
from tasks.installation import settings


def state(store: Store, edition: Edition, *, actor: str) -> None:
    """State what the declaration asks of each unit: facts of `max_if`, the first round, its own publicity. Repeating changes nothing.

    Raises:
        CalendarNotCovered: the publicity reaches into a year whose holidays are not known.
    """
    at = store.edition_now(edition.id)
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in store.entries(edition.id):
        entries[entry.nominator].append(entry)
    stated = 0
    for unit in store.nominators(edition.id):
        known = store.facts(unit.id)
        for name, value in _facts(edition, unit, entries[unit.id], calendar.to_local(at, edition.process.time_zone).date()):
            if name not in known:
                store.put_fact(Fact(unit.id, name, value, at, actor))
                stated += 1
    if stated:
        store.append(edition.id, "FactStated", actor=actor, count=stated)


def _facts(edition: Edition, unit: Nominator, entries: Iterable[Entry], today: date) -> Iterator[tuple[str, Any]]:
    declared = edition.process.nominators[unit.type]
    for name in declared.max_if:
        yield name, _every_second(edition, unit)
    if declared.share is not None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in entries:
            counts[entry.class_name][str(entry.fields.get(declared.share.by) or "")] += 1
        for class_name, values in counts.items():
            yield f"{quotas.FIRST_ROUND}:{class_name}", first_round(declared.share.of, values)
    stage = edition.process.stages[0]
    if isinstance(stage, SubmissionStage) and stage.publicity_proof is not None:
        yield proofs.FACT, _publicity(stage.publicity_proof, edition.process.time_zone, today)


def first_round(shares: dict[str, Fraction], counts: Counter[str]) -> int:
    """The smallest first round whose shares hold these numbers of entries."""
    return max((math.ceil(counts[value] / part) for value, part in shares.items()), default=0)


def _every_second(edition: Edition, unit: Nominator) -> bool:
    return hashlib.sha256(f"{edition.seed}|{unit.code}".encode()).digest()[0] % 2 == 0


def _publicity(proof: PublicityProof, zone: str, today: date) -> dict[str, str]:
    """A notice that ended the day before, and hung just long enough."""
    known, last = load_calendar(settings().data_dir / "calendar" / "cn"), today - timedelta(days=1)
    first = last
    while proofs.enough_on(proof, first, zone=zone, calendar=known) > last:
        first -= timedelta(days=1)
    return {"from": first.isoformat(), "until": last.isoformat(), "url": "https://example.org/notice"}
