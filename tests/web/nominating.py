"""An edition whose submission is open, for the pages around nominations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.web.conftest import World

OPEN = builders.NOW.replace(month=5, day=12)
"""In the middle of the submission: 10:00 in Beijing on a Tuesday."""


def open_submission(
    installed: Installation,
    clock: Clock,
    *,
    nominators: dict[str, Any] | None = None,
    paper_fields: Sequence[dict[str, Any]] = (),
    **stage: Any,
) -> World:
    """Two units, three handed-in papers (A01 and A02 of N01, B01 of N02) and an admin; `stage` changes the declared submission."""
    clock.now = OPEN
    changes: dict[str, Any] = builders.a_stage_change("submission", **stage)
    if nominators is not None:
        changes["nominators"] = nominators
    if paper_fields:
        paper, artwork = builders.DECLARATION["classes"]
        changes["classes"] = [{**paper, "fields": [*paper["fields"], *paper_fields]}, artwork]
    process = builders.a_process(**changes)
    edition = builders.keep(installed.database, builders.an_edition(process), at="submission")
    entries = [builders.an_entry("A01"), builders.an_entry("A02"), builders.an_entry("B01", nominator="N02")]
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=entries
    )  # fmt: skip
    with installed.database.write() as store:
        store.set_entry_states({f"{edition.id}/e/{one.key}": "submitted" for one in entries})
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


FILE = {"name": "full_text", "title": {"zh": "论文全文", "en": "Full text"}, "kind": "file", "media": {"types": ["pdf", "png"]},
        "section": {"zh": "附件", "en": "Files"}, "help": {"zh": "与发表的版本一致。", "en": "As it was published."}}  # fmt: skip
EVERY_KIND: tuple[dict[str, Any], ...] = (
    {"name": "level", "title": {"zh": "申报等级", "en": "Tier"}, "kind": "choice", "choices": ["一等", "二等", "三等"], "required": True,
     "section": {"zh": "申报情况", "en": "About this nomination"}},
    {"name": "technique", "title": {"zh": "技术路线", "en": "Approach"}, "kind": "choice",
     "choices": ["试验", "模拟", "观测", "理论", "综述", "综合"]},
    {"name": "benefit", "title": {"zh": "推广应用", "en": "Application"}, "max_length": 300, "when": {"level": ["一等"]},
     "help": {"zh": "申报一等的须填写。", "en": "Asked of those who apply for the first tier."}},
    {"name": "citations", "title": {"zh": "他引次数", "en": "Citations"}, "kind": "number", "min": "0", "max": "9999"},
    {"name": "accepted_in", "title": {"zh": "录用月份", "en": "Accepted in"}, "kind": "month"},
    {"name": "id_no", "title": {"zh": "身份证号", "en": "Identity number"}, "kind": "id_number", "private": True},
    {"name": "phone", "title": {"zh": "联系电话", "en": "Telephone"}, "kind": "phone", "private": True},
    {"name": "original", "title": {"zh": "原创承诺", "en": "Originality"}, "kind": "declaration", "required": True,
     "text": {"zh": "本文为原创，无权属争议。", "en": "This paper is original; nobody disputes whose it is."}},
    FILE,
)  # fmt: skip
"""Fields of every kind, beside those that every paper has."""
SHARES = {
    "society": {
        "title": {"zh": "省级学会", "en": "Societies"}, "max": {"paper": 40, "artwork": 3},
        "share": {"by": "level", "of": {"一等": "1/20", "二等": "1/5", "三等": "1/2"}},
    }
}  # fmt: skip


def everything_asked(installed: Installation, clock: Clock) -> World:
    """A submission that asks for everything there is, with an earlier edition to copy from, and a second form checker."""
    earlier = builders.an_edition(id="sample-2025", label="2025", created_at=builders.NOW.replace(year=2025))
    builders.keep(installed.database, earlier)
    builders.put(installed.database, earlier.id, nominators=[builders.a_nominator("N01")], entries=[builders.an_entry("P01")])
    made = open_submission(
        installed, clock, nominators=SHARES, paper_fields=EVERY_KIND, ranked=True, classified=True, publicity_proof={"days": 5},
        not_again={}, consent=True, unit_opinion=True, opinions=1, duplicates="ask", accept_by="checker", four_eyes=True, sealed=True,
    )  # fmt: skip
    with installed.database.write() as store:
        store.put_admin("second@example.org", "管理员", "admin")
    return made
