"""Invitations, declared conflicts, and earlier versions of sheets."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from models import tables as t
from models.errors import Stale
from models.reviewing import DeclaredConflict, Invitation, Written
from models.store import Database
from tests.builders import NOW
from tests.models.test_store_scoring import A01, A02, ID, R01, R02, pair, seeded  # noqa: F401 - the fixture


def test_an_answer_replaces_an_earlier_one(seeded: Database) -> None:  # noqa: F811
    with seeded.write() as store:
        assert store.invitation(ID, 1, R01) == Invitation(ID, 1, R01)
        store.put_invitation(Invitation(ID, 1, R01, "declined", reason="出差", answered_at=NOW))
        accepted = Invitation(ID, 1, R01, "accepted", 5, "", "示例大学 白教授", "p" * 64, NOW)
        store.put_invitation(accepted)
        assert store.invitation(ID, 1, R01) == accepted
        assert store.invitations(ID, 1) == (accepted,)
        assert store.invitations(ID, 0) == ()


def test_a_conflict_is_kept_as_it_was_first_declared(seeded: Database) -> None:  # noqa: F811
    first = DeclaredConflict(ID, A01, R01, "relative", "侄女", NOW)
    with seeded.write() as store:
        assert store.add_conflicts([first]) == 1
        assert store.add_conflicts([DeclaredConflict(ID, A01, R01, "other", "", NOW)]) == 0
        assert store.conflicts(ID) == (first,)
        assert store.conflicts("other-2026") == ()


def test_a_pair_is_cleared_once_and_panels_show_who_left(seeded: Database) -> None:  # noqa: F811
    with seeded.write() as store:
        assert store.clear_assignments([pair().id], NOW) == 1
        assert store.clear_assignments([pair().id, pair("A02").id], NOW.replace(year=2027)) == 1
        store.recuse(pair("A02").id)
        found = {(one.entry, one.reviewer): (one.recused, one.cleared_at) for one in store.panels_of(1, [A01, A02])}
        assert found == {
            (A01, R01): (False, NOW),
            (A01, R02): (False, None),
            (A02, R01): (True, NOW.replace(year=2027)),
        }
        assert store.panels_of(1, []) == store.panels_of(0, [A01]) == ()
        assert store.entry_units(ID) == {A01: "A01大学", A02: "A02大学"}


def test_conflicts_of_one_reviewer(seeded: Database) -> None:  # noqa: F811
    mine, other = DeclaredConflict(ID, A01, R01, "self", "", NOW), DeclaredConflict(ID, A01, R02, "self", "", NOW)
    with seeded.write() as store:
        store.add_conflicts([mine, other])
        assert store.conflicts(ID, reviewer=R01) == (mine,)


def test_a_reopened_sheet_keeps_its_old_version_and_makes_open_pages_stale(seeded: Database) -> None:  # noqa: F811
    written = Written({"originality": Decimal("38.5")}, "好", "请补充数据", ("rigour",), "authorship")
    with seeded.write() as store:
        store.save_sheet(pair(), written, revision=0, keyed_by="office@example.org")
        store.sign_sheets([pair().id], name="秦明", at=NOW, signature="M0 0L1 1")
        signed = store.sheet(pair())
        assert signed is not None
        assert (signed.advice, signed.skipped, signed.fatal) == ("请补充数据", ("rigour",), "authorship")
        assert (signed.keyed_by, signed.signed_as, signed.signature) == ("office@example.org", "秦明", "M0 0L1 1")
        store.keep_version(signed, actor="admin:office@example.org", reason="漏项", at=NOW)
        store.reopen_sheet(pair().id)
        (kept,) = store.sheet_versions(pair().id)
        assert (kept.revision, kept.reason, kept.content["marks"]) == (1, "漏项", {"originality": "38.5"})
        opened = store.sheet(pair())
        assert opened is not None
        assert (opened.signed_at, opened.signed_as, opened.signature, opened.revision) == (None, "", "", 2)
        with pytest.raises(Stale):
            store.save_sheet(pair(), written, revision=1)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_earlier_versions_can_be_neither_changed_nor_deleted(seeded: Database, change: str) -> None:  # noqa: F811
    with seeded.write() as store:
        store.save_sheet(pair(), Written({}), revision=0)
        sheet = store.sheet(pair())
        assert sheet is not None
        store.keep_version(sheet, actor="engine", reason="", at=NOW)
    order = t.SHEET_VERSIONS.delete() if change == "delete" else t.SHEET_VERSIONS.update().values(reason="anders")
    with pytest.raises(DBAPIError, match="sheet_versions is append-only"), seeded.write() as store:
        store.connection.execute(order)
    with seeded.read() as store:
        assert store.connection.scalar(sa.select(sa.func.count()).select_from(t.SHEET_VERSIONS)) == 1
