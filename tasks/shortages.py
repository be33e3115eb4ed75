"""Why seats stay empty and what would fill them (rules R1 and R2).

It is asked of exactly what the draw is asked, for the page of the draw, its previews, and the reason for which a stage is blocked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from models.declared import Words
from models.edition import Assignment, Edition, Entry, StageRun
from models.errors import NotEnoughReviewers
from models.instances import Instance, PoolMember
from models.stages import ScoringStage
from models.store import Store
from rules import shortage, shortage_words
from rules.conflicts import unit_key
from rules.panel_terms import Need
from rules.shortage import Shortage
from tasks import drawing
from tasks.drawing import Question


def explained(
    store: Store, edition: Edition, stage: ScoringStage, entries: Sequence[Entry], panels: Sequence[Assignment], asked: Question
) -> Shortage | None:
    """Why a draw must leave seats empty; None if it need not.

    Args:
        store: An open transaction.
        edition: The edition.
        stage: What is declared of its scoring stage.
        entries: All entries that are reviewed.
        panels: What is in hand and stays.
        asked: What the draw is asked.
    """
    everybody = {one.id: one.code for one in store.reviewers(edition.id)}
    codes = {one.id: one.code for one in entries}
    kept = [(codes[one.entry], everybody[one.reviewer]) for one in panels if one.entry in codes]
    instance = _instance(stage, list(codes.values()), list(everybody.values()), kept, asked)
    found = shortage.explain(instance, kept=kept)
    # Several of a unit on one panel is no choice that a declaration offers entry by entry.
    return replace(found, together=(), together_fills=0) if found else None


def _instance(
    stage: ScoringStage, entries: list[str], people: list[str], kept: Sequence[tuple[str, str]], asked: Question
) -> Instance:  # fmt: skip
    """The engine's own question as an instance, and the panels that stay as they are."""
    load, seats = Counter(who for _, who in kept), Counter(entry for entry, _ in kept)
    # Entries that were withdrawn since take up room too.
    free = {one.id: max(one.capacity - asked.taken.get(one.id, 0), 0) + load[one.id] for one in asked.panelists}
    # Who declined or was struck off keeps what is in hand, and takes no more.
    most = {code: free.get(code, load[code]) for code in people if code in free or load[code]}
    unit = {code: unit_key(asked.units.get(code, "")) or None for code in people}
    names = {key: str(at) for at, group in enumerate(asked.terms.groups) for name in group.units if (key := unit_key(name))}
    group = {code: names.get(unit[code] or "") for code in people}
    colleagues = Counter((entry, unit[who]) for entry, who in kept)
    # What was put together by hand may exceed a limit of a group; it stays.
    crowded = Counter((entry, group[who]) for entry, who in kept)
    limits = {
        str(at): max([one.at_most, *(count for (_, name), count in crowded.items() if name == str(at))])
        for at, one in enumerate(asked.terms.groups)
    }
    wanted = {one.entry: one.seats + seats[one.entry] for one in asked.needs}
    # What the store holds needs no second look at its form.
    return Instance.model_construct(
        per_entry={**dict.fromkeys(entries, 0), **seats, **wanted},
        entries=entries,
        reviewers=[PoolMember.model_construct(id=who, unit=unit[who], max=limit, group=group[who]) for who, limit in most.items()],
        pairs=[(need.entry, who, 0) for need in asked.needs for who in _allowed(need, asked, "same_unit" in stage.conflicts)],
        per_unit=asked.terms.per_unit,
        groups=limits,
        together=[(entry, name) for (entry, name), count in colleagues.items() if name and count > asked.terms.per_unit],
    )


def _allowed(need: Need, asked: Question, unit_matters: bool) -> Iterator[str]:
    full = {unit for unit, count in Counter(map(unit_key, need.panel_units)).items() if count >= asked.terms.per_unit}
    out = (full | ({unit_key(need.unit)} if unit_matters else set())) - {""}
    return (one.id for one in asked.panelists if one.id not in need.barred and unit_key(one.unit) not in out)


def told(found: Shortage | None) -> tuple[Words, ...]:
    """An explanation in lines."""
    return tuple(shortage_words.told(found)) if found else ()


def refusal(
    store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry], panels: Sequence[Assignment], seats: Mapping[str, int],
    lacking: Iterable[str],
) -> NotEnoughReviewers:  # fmt: skip
    """Why a stage cannot open, in both languages, line by line; to be raised.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        entries: All entries that are reviewed.
        panels: What is in hand.
        seats: Entry id -> seats that should be filled.
        lacking: Ids of the entries that would have too few reviewers.
    """
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - narrows the type
    least, wanted = stage.aggregate.min_valid, set(lacking)
    codes = sorted(one.code for one in entries if one.id in wanted)
    lines = told(explained(store, edition, stage, entries, panels, drawing.question(store, edition, run, seats, entries)))
    zh = f"{len(entries)} 项申报中有 {len(codes)} 项不足 {least} 位专家（{shortage_words.listed(codes, '、')}）。"
    named = shortage_words.listed(codes, ", ")
    en = f"{edition.id}: {len(codes)} of {len(entries)} entries would have fewer than {least} reviewers ({named})."
    return NotEnoughReviewers(
        "\n".join([en, *(one.en for one in lines), "Do one of these, then retry."]),
        zh="\n".join([zh, *(one.zh for one in lines), "按其中一种办法处理后重试。"]),
    )
