"""What a synthetic reviewer does whom the guard of the distribution (rule S6) stops: lower the least of the high totals."""

from __future__ import annotations

from fractions import Fraction

from models.edition import Edition, StageRun
from rules import scoring as rules
from rules import simulation
from tasks import reviewing, scoring
from tasks.installation import database


def moderate(edition: Edition, run: StageRun, reviewer: str) -> None:
    """Bring the reviewer's unsigned sheets under the declared guard, as little as will do; nothing if they are.

    The share is kept by who has few sheets as well: more entries may come after the signature.
    """
    stage = scoring.declared(run)
    if stage.distribution is None:
        return
    with database().read() as store:
        sheets = store.sheets(edition.id, run.position, reviewer=reviewer)
        entries = store.entries_by_id(one.entry for one in sheets)
    criteria = {one.entry: stage.sheet_of(entries[one.entry].class_name) for one in sheets}
    graded = [(total, one) for one in sheets if (total := rules.total(criteria[one.entry], one.marks, one.skipped)) is not None]
    excess = rules.high_totals((total for total, _ in graded), stage.distribution) - int(Fraction(stage.distribution.share) * len(graded))
    above = stage.distribution.above
    high = sorted((one for one in graded if one[0] >= above and not one[1].signed_at), key=lambda one: (one[0], one[1].entry))
    if excess <= 0 or not high:
        return
    work = {}
    for _total, sheet in high[:excess]:
        marks = simulation.lowered(sheet.marks, criteria[sheet.entry], above)
        work[sheet.entry] = reviewing.Draft(marks, sheet.comment, sheet.revision, sheet.advice, sheet.skipped, sheet.fatal)
    reviewing.save_sheets(edition.id, run.position, reviewer, work)
