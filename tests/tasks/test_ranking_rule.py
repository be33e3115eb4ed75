"""A review by a calibrated rule from invitation to award, and the rule that is frozen when the invitations go out."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from models import tables as t
from models.edition import Edition
from models.errors import RuleChanged
from models.process import Process
from models.ranking import FrozenRule
from models.shortlists import Grounds
from models.stages import Method
from rules import frozen_rule, marking, methods, scoring
from rules.calibration import calibrate
from rules.digests import digest
from rules.score_table import ScoreTable
from tasks import editions, packet, ranking_report, results, shortlisting, stages
from tasks import scoring as scoring_stage
from tests import builders
from tests.tasks.driving import COMMITTEE, ON_SQLITE, Season

PAPERS = ["A01", "A02", "A03", "A04", "A05"]
LENIENT = {"R01": 9, "R02": 6, "R03": 0, "R04": -2, "R05": -7, "R06": -10}
QUALITY = {"A01": 82, "A02": 80, "A03": 74, "A04": 71, "A05": 60}
ODD = {("A01", "R02"): -3, ("A02", "R05"): 4, ("A03", "R01"): 2, ("A04", "R06"): -1}


def opened(season: Season, *, people: bool = True, **changes: Any) -> Season:
    """The scoring is open by a changed declaration, three reviewers for each of five papers."""
    process = builders.a_process(name="calibrated", **builders.a_stage_change("scoring", **changes))
    other = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    other.local("2026-03-20 09:00").put(
        nominators=[builders.a_nominator("N01")],
        reviewers=[builders.a_reviewer(code) for code in LENIENT],
        members=[builders.a_member(code) for code in COMMITTEE]
        + [builders.a_member("P01", role="party", party="personnel"), builders.a_member("P02", role="party", party="science")],
    )
    other.local("2026-04-01 08:00").advance()
    other.hand_in([builders.an_entry(key) for key in PAPERS])
    other.local("2026-06-01 00:00").advance()
    return other


def held(season: Season) -> dict[str, list[str]]:
    """Reviewer code -> keys in hand."""
    keys = {one.id: one.key for one in season.entries()}
    found: dict[str, list[str]] = {}
    with season.database.read() as store:
        for pair in store.assignments(season.id, 1):
            found.setdefault(pair.reviewer.rpartition("/")[2], []).append(keys[pair.entry])
    return found


def total(key: str, reviewer: str) -> int:
    return QUALITY[key] + LENIENT[reviewer] + ODD.get((key, reviewer), 0)


def all_score(season: Season) -> Season:
    for reviewer, keys in held(season).items():
        season.give(reviewer, {key: total(key, reviewer) for key in keys})
    return season


def printed(season: Season) -> list[tuple[str, str, str, int]]:
    """Key, mark, mean and place of every standing."""
    keys = {one.id: one.key for one in season.entries()}
    with season.database.read() as store:
        return [(keys[one.entry], str(one.mark), str(one.mean), one.place) for one in store.standings(season.id, 1)]


def test_a_calibrated_review_goes_from_invitation_to_award_and_prints_the_same_on_every_database(season: Season) -> None:
    other = all_score(opened(season, aggregate={"method": "calibrated", "min_valid": 3}))
    sheets = [marking.Sheet(key, who, Decimal(total(key, who))) for who, keys in held(other).items() for key in keys]
    other.advance()
    expected = methods.calibrated_marks(calibrate(ScoreTable(marking.scores(sheets))), 2)
    means = {key: scoring.half_up(sum((Fraction(one.total) for one in sheets if one.entry == key), Fraction()) / 3, 2) for key in PAPERS}
    by = sorted(PAPERS, key=lambda key: -expected[key])
    found = printed(other)
    assert found == [(key, str(expected[key]), str(means[key]), place) for place, key in enumerate(by, start=1)]
    assert [one[:2] for one in found] != [(one[0], one[2]) for one in found]  # the plain mean stands beside it, and is another
    (_, computed), *_ = other.events("MarksComputed")
    assert (computed["method"], computed["normalise"], computed["digest"]) == ("calibrated", "none", DIGEST)
    with other.database.write() as store:
        editions.request_next(store, other.id, actor="admin:admin@example.org")
    other.advance()
    with other.database.read() as store:
        rows = CalamineWorkbook.from_filelike(BytesIO(packet.workbook(store, other.id))).get_sheet_by_index(0).to_python()
    assert rows[2][0] == "得分为校准分，名次以得分为准；平均分仅供对照。 Mark: Calibrated mark. It decides; the mean is for comparison."
    assert [(row[3], row[6], row[7]) for row in rows[4:]] == [
        (_code(other, key), float(expected[key]), float(means[key])) for key in by[:3]
    ]  # fmt: skip
    for member in COMMITTEE:
        other.say(member)
    other.advance()
    for party in ("P01", "P02"):
        other.say(party, stage="signoff")
    other.advance()
    assert other.states() == {"notice": "open"}
    with other.database.read() as store:
        notice, _ = store.notice(other.id)  # type: ignore[misc]
    assert [_key(other, one.entry) for one in notice.awards] == by[:2]
    other.at(notice.until + timedelta(minutes=1)).advance()
    with other.database.write() as store:
        editions.request_next(store, other.id, actor="admin:admin@example.org")
    other.clock.advance(minutes=5)
    other.advance()
    with other.database.read() as store:
        document = store.publication(other.id).document
    assert document["ranked_by"] == {"zh": "校准分", "en": "Calibrated mark"}
    assert [one["code"] for group in document["groups"] for one in group["awards"]] == [_code(other, key) for key in by[:2]]


DIGEST = "d36b689b99338a994e236fc5bf4d26ebc9e29229756926ab122126d701281396"
"""Of the marks above: the same on SQLite and PostgreSQL, on this machine and another."""


def _code(season: Season, key: str) -> str:
    return next(one.code for one in season.entries() if one.key == key)


def _key(season: Season, entry: str) -> str:
    return next(one.key for one in season.entries() if one.id == entry)


@pytest.mark.parametrize("method", ["calibrated_robust", "calibrated_scaled", "borda", "rank_sum"])
@ON_SQLITE
def test_the_page_and_the_computation_agree(season: Season, method: Method) -> None:
    other = all_score(opened(season, aggregate={"method": method, "min_valid": 2}))
    with other.database.read() as store:
        lines = ranking_report.report(store, store.edition(other.id)).ranking.lines
    other.advance()
    assert {(line.entry.key, str(line.mark), str(line.mean), line.ranks[method]) for line in lines} == set(printed(other))


@pytest.mark.parametrize("how", ["zscore_by_reviewer", "rank_in_group"])
@ON_SQLITE
def test_normalised_marks_stand_beside_the_raw_mean(season: Season, how: str) -> None:
    other = all_score(opened(season, aggregate={"method": "mean", "min_valid": 2}, normalise=how))
    with other.database.read() as store:
        lines = ranking_report.report(store, store.edition(other.id)).ranking.lines
    other.advance()
    assert {(line.entry.key, str(line.mark), str(line.mean), line.ranks["normalised"]) for line in lines} == set(printed(other))
    for line in lines:
        assert line.mark == scoring.half_up(sum(line.normalised) / len(line.normalised), 2)  # type: ignore[arg-type]
        assert len(line.normalised) == len(line.totals) == 3
        assert line.normalised != line.totals


def _edition(season: Season, edition: str) -> Edition:
    with season.database.read() as store:
        return store.edition(edition)


# -- the frozen rule ----------------------------------------------------------------------------------------------------


def frozen(season: Season) -> FrozenRule | None:
    with season.database.read() as store:
        return store.frozen_rule(season.id, 1)


@ON_SQLITE
def test_the_rule_is_frozen_once_with_the_invitations(season: Season) -> None:
    other = opened(season)
    kept = frozen(other)
    assert kept is not None
    assert (kept.digest, kept.rule) == (digest(frozen_rule.of(other.edition, 1)), frozen_rule.of(other.edition, 1))
    assert [payload["digest"] for _, payload in other.events("RuleFrozen")] == [kept.digest]
    kinds = [kind for kind, _ in other.events("PanelsDrawn", "RuleFrozen", "StageOpened")]
    assert kinds[-3:] == ["PanelsDrawn", "RuleFrozen", "StageOpened"]
    lease = other.lease()
    once = other.snapshot()
    scoring_stage.invite_reviewers.fn(lease, 1)
    assert (other.snapshot(), frozen(other)) == (once, kept)


@ON_SQLITE
def test_rule_and_invitations_are_kept_together_or_not_at_all(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(point: str) -> None:
        if point == "invite.uncommitted":
            raise ConnectionError(point)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.stages.failpoint", fail)
        with contextlib.suppress(ConnectionError):
            opened(season)
    other = Season(season.installed, season.clock, _edition(season, "calibrated-2026"))
    assert (frozen(other), other.events("RuleFrozen"), other.mails("review_invitation")) == (None, [], [])
    other.clock.advance(minutes=5)
    other.advance()
    assert frozen(other) is not None
    assert (len(other.events("RuleFrozen")), len(other.mails("review_invitation"))) == (1, len(held(other)))


def test_a_changed_rule_blocks_the_stage_and_nothing_is_computed(season: Season) -> None:
    other = all_score(opened(season))
    changed = builders.a_process(name="calibrated", **builders.a_stage_change("scoring", aggregate={"method": "mean"}))
    with other.database.write() as store:
        before = store.connection.execute(t.EDITIONS.select().where(t.EDITIONS.c.id == other.id)).one()
        store.connection.execute(
            t.EDITIONS.update()
            .where(t.EDITIONS.c.id == other.id)
            .values(declaration=changed.model_dump(mode="json", exclude_unset=True), declaration_hash="f" * 64)
        )
    other.advance()
    assert other.states() == {"scoring": "blocked"}
    kept = frozen(other)
    assert kept is not None
    assert other.run("scoring").blocked == (
        f"calibrated-2026: the rule of scoring is not the one that was frozen at {kept.at.isoformat()} (SHA-256 {kept.digest}): "
        "scoring.aggregate.method: was trimmed_mean, is mean. No mark is computed by another rule; restore what differs, "
        "or go back to the version that froze it, then retry"
    )
    assert (printed(other), other.events("MarksComputed")) == ([], [])
    assert other.addressees("stage_blocked") == ["admin"]
    with other.database.write() as store:
        store.connection.execute(
            t.EDITIONS.update()
            .where(t.EDITIONS.c.id == other.id)
            .values(declaration=before.declaration, declaration_hash=before.declaration_hash)
        )
    with other.database.write() as store:
        editions.retry(store, other.id, actor="admin:admin@example.org")
    other.clock.now += timedelta(minutes=5)
    other.advance()
    assert len(printed(other)) == 5


def declare(season: Season, changed: Process) -> None:
    """The declaration of an edition is another one all at once, as after a hand in the database."""
    with season.database.write() as store:
        values = {"declaration": changed.model_dump(mode="json", exclude_unset=True), "declaration_hash": uuid4().hex}
        store.connection.execute(t.EDITIONS.update().where(t.EDITIONS.c.id == season.id).values(**values))


def test_no_list_is_cut_by_another_rule_than_the_frozen_one(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later version computes otherwise changes no list: the marks stand."""
    other = all_score(opened(season))
    other.advance()
    assert other.states() == {"shortlisting": "open"}
    monkeypatch.setattr("rules.methods.VERSION", methods.VERSION + 1)
    edition = _edition(season, other.id)
    run, kept = edition.stages[2], frozen(other)
    with other.database.write() as store:
        shortlisting.make(store, edition, run, Grounds(reason="试"))
    assert kept is not None
    declare(other, builders.a_process(name="calibrated", **builders.a_stage_change("shortlisting", ties="exclude_all")))
    with other.database.write() as store, pytest.raises(RuleChanged, match=r"ties: was \w+, is exclude_all\. No list is cut or aw"):
        shortlisting.make(store, store.edition(other.id), run, Grounds(reason="试"))
    with other.database.read() as store, pytest.raises(RuleChanged):
        results.allot(store, store.edition(other.id))


@ON_SQLITE
def test_a_version_that_computes_otherwise_is_another_rule(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    other = all_score(opened(season))
    monkeypatch.setattr("rules.methods.VERSION", methods.VERSION + 1)
    lease = other.lease()
    stages.begin_closing.fn(lease, 1)
    with pytest.raises(RuleChanged, match=f"methods: was {methods.VERSION - 1}, is {methods.VERSION}"):
        scoring_stage.compute_marks.fn(lease, 1)


@ON_SQLITE
def test_where_no_rule_was_frozen_marks_are_computed_as_declared(season: Season) -> None:
    other = all_score(opened(season))
    with other.database.write() as store:
        store.connection.execute(t.DECIDING.FROZEN_RULES.delete())
    other.advance()
    assert len(printed(other)) == 5
