"""Synthetic form checkers and nominators of a rehearsal: who is sent back, who corrects, who lets the time pass."""

from __future__ import annotations

from collections.abc import Sequence

from models.edition import Edition, StageRun
from models.store import Store
from models.submitting import Finding
from rules import eligibility, form_check, forms, simulation
from rules.simulation import Temper
from tasks import checking, correcting, deciding
from tasks.checking import Item
from tasks.installation import database

CHECKERS = ("checker-1@example.org", "checker-2@example.org")
"""Where two must agree, both look at each entry; else the first does."""
_NOTE = "请补充说明（演示意见）"


def check(edition: Edition, run: StageRun, temper: Temper) -> None:
    """Decide on everything that waits, correct what was sent back, and decide on that. Doing so again changes nothing."""
    _decide_all(edition, run, temper)
    _correct(edition, temper)
    _decide_all(edition, run, temper)


def _decide_all(edition: Edition, run: StageRun, temper: Temper) -> None:
    with database().write() as store:
        for one in checking.items(store, run):
            if one.progress.place not in ("decided", "sent_back"):
                _decide(store, edition, run, one, temper)


def _decide(store: Store, edition: Edition, run: StageRun, one: Item, temper: Temper) -> None:
    stage, (outcome, findings) = checking.declared(run), _opinion(edition, run, one, temper)
    spoken = {said.checker for said in one.checks if said.turn == one.progress.turn}
    for checker in CHECKERS[: 2 if stage.four_eyes else 1]:
        if checker not in spoken:
            deciding.keep(store, edition.id, one.entry.id, checker, outcome, findings, turn=one.progress.turn)


def _opinion(edition: Edition, run: StageRun, one: Item, temper: Temper) -> tuple[str, Sequence[Finding]]:
    """What every sensible checker would say: the declared rules first, then a few entries that look unfinished."""
    stage = checking.declared(run)
    codes = [reason.name for reason in stage.reason_codes]
    code = next((name for name in ("incomplete", "conditions") if name in codes), codes[0])
    if found := () if one.entry.classified else eligibility.reasons(one.entry, edition.process):
        return "ineligible", [Finding(code, note=words.zh) for words in found]
    unfinished = not one.corrections and simulation.chance(edition.seed, "sent back", one.entry.key) < temper.sent_back
    if unfinished and not one.entry.classified and form_check.may_send_back(stage, one.progress.turn):
        return "correction", [Finding(code, _field(edition, one), _NOTE)]
    return "eligible", ()


def _field(edition: Edition, one: Item) -> str:
    """The longest text of the entry: there is always more to say."""
    texts = [field for field in forms.fields(edition.process, one.entry.class_name) if field.kind == "text"]
    filled = [field for field in texts if one.entry.fields.get(field.name)] or texts
    return max(filled, key=lambda field: len(str(one.entry.fields.get(field.name) or ""))).name


def _correct(edition: Edition, temper: Temper) -> None:
    """Most nominators hand in at once what they were asked for; a few never do."""
    with database().read() as store:
        waiting = [
            (entry, correction)
            for unit in store.nominators(edition.id)
            for entry, correction in correcting.waiting(store, edition, unit.id)
        ]
        now = edition.now(store.real_now)
    for entry, correction in waiting:
        if simulation.chance(edition.seed, "uncorrected", entry.key) >= temper.uncorrected and now < correction.due_at:
            correcting.correct(edition.id, entry.nominator, entry.code, forms.typed(entry, edition.process), turn=correction.turn)
