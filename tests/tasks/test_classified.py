"""A classified entry from its announcement to the committee: never drawn, never ranked, listed apart."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tasks import classified, packet
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.conftest import people
from tests.tasks.driving import ON_SQLITE, Season

CRITERIA = builders.CRITERIA


@pytest.fixture
def secret(installed: Installation, clock: Clock, artifacts: list[dict[str, Any]]) -> Season:
    """An edition that takes classified entries, its submission open."""
    process = builders.a_process(**builders.a_stage_change("submission", classified=True))
    made = Season(installed, clock, builders.keep(installed.database, builders.an_edition(process))).local("2026-04-01 08:00")
    people(made)
    made.advance()
    return made


@ON_SQLITE
def test_the_whole_way(secret: Season) -> None:
    secret.hand_in([builders.an_entry(key, title=f"论文 {key}") for key in ("A01", "A02", "A03")])
    apart = classified.announce(secret.id, f"{secret.id}/n/N02", "paper", "秘-7", "甲研究所")
    secret.local("2026-06-01 00:00").advance()
    assert secret.states() == {"scoring": "open"}
    states = {one.code: one.state for one in secret.entries()}
    assert states.pop(apart.code) == "eligible"
    assert set(states.values()) == {"assigned"}
    with secret.database.read() as store:
        assert apart.id not in {one.entry for one in store.assignments(secret.id, 1)}
        pairs = [(one.reviewer.rpartition("/")[2], one.entry) for one in store.assignments(secret.id, 1)]
    keys = {one.id: one.key for one in secret.entries()}
    for reviewer in sorted({one for one, _ in pairs}):
        secret.give(reviewer, {keys[entry]: 80 + index for index, (who, entry) in enumerate(pairs) if who == reviewer})
    secret.advance()
    with secret.database.write() as store:
        store.request_close(secret.id, 2)
    secret.advance()
    assert secret.states() == {"voting": "open"}
    with secret.database.read() as store:
        made = store.shortlist(secret.id)
        book = CalamineWorkbook.from_filelike(BytesIO(packet.workbook(store, secret.id)))
    assert made is not None
    assert apart.id not in {item.entry for item in made[0].items}
    assert book.sheet_names == ["入围名单", "涉密项目"]
    rows = book.get_sheet_by_index(1).to_python()
    assert rows[0][0] == "示例省青年科技成果评选（2026）涉密项目（未经网上评审，无评分）"
    assert rows[4][:5] == [1.0, "学术论文", apart.code, "涉密项目 No. 秘-7", "甲研究所"]


@ON_SQLITE
def test_a_packet_without_classified_entries_has_one_sheet(secret: Season) -> None:
    with secret.database.read() as store:
        assert classified.listed(store, secret.edition) == ()
