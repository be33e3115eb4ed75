"""The paper with a reviewer's marks: what stands on it, how many pages it has, and that it is the same each time."""

from __future__ import annotations

import email.policy
from collections.abc import Sequence
from datetime import date, timedelta

import pypdfium2
import pytest

from models.edition import Edition
from models.errors import NotFound
from tasks import links, mail, reopening, reviewing, score_sheets, signing, typesetting
from tasks.installation import Installation
from tests import builders
from tests.notifications import sinks
from tests.tasks.driving import ON_SQLITE

REVIEWER = "sample-2026/r/R01"
FULL = {"originality": "35", "rigour": "25.5", "value": "20"}
HOSTILE = ['#import "x"', "$x^2$ *_bold_*", "= Title `raw` @ref <label>", "\\ // /* #{1+1} ]", "喆堃昇玥珺頔翀赟 & <b>"]
BASE = "https://awards.example.org"


def hold(installed: Installation, codes: Sequence[str], titles: Sequence[str] = (), **stage: object) -> Edition:
    process = builders.a_process(**builders.a_stage_change("scoring", **stage))
    kept = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    named = dict(zip(codes, titles, strict=False))
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer("R01", name="欧阳一"), builders.a_reviewer("R02")],
        entries=[builders.an_entry(code, **({"title": named[code]} if code in named else {})) for code in codes],
        pairs=[(code, "R01") for code in codes],
    )
    return kept


def score(edition: Edition, codes: Sequence[str], **more: str) -> None:
    work = {f"{edition.id}/e/{code}": reviewing.Draft(FULL, "有新意", 0) for code in codes}
    reviewing.save_sheets(edition.id, 1, REVIEWER, work, **more)


def paper(installed: Installation, *, blank: bool = False, reviewer: str = REVIEWER) -> score_sheets.Paper:
    with installed.database.read() as store:
        make = score_sheets.blank if blank else score_sheets.signed
        return make(store, store.edition("sample-2026"), 1, reviewer)


def pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_bounded())
        text.close()
        page.close()
    document.close()
    return found


def codes_of(number: int) -> list[str]:
    return [f"L{one:03}" for one in range(1, number + 1)]


@ON_SQLITE
@pytest.mark.parametrize(("number", "expected"), [(20, 1), (21, 2), (41, 3)])
def test_a_page_holds_at_most_twenty_entries(installed: Installation, number: int, expected: int) -> None:
    edition = hold(installed, codes_of(number))
    score(edition, codes_of(number))
    signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    printed = pages(score_sheets.pdf(paper(installed), locale="zh_CN", base_url=BASE))
    assert len(printed) == expected
    assert sum(code in printed[0] for code in codes_of(number)) == 20
    assert all(f"第 {place} 页，共 {expected} 页" in page for place, page in enumerate(printed, start=1))
    assert all("签名：" in page and "欧阳一" in page for page in printed)


def test_the_paper_tells_award_reviewer_marks_and_digest(installed: Installation) -> None:
    edition = hold(installed, ["A01", "A02"])
    score(edition, ["A01", "A02"])
    signing.sign(edition.id, 1, REVIEWER, "欧阳一", drawn="M10,10L200,90L300,20")
    made = paper(installed)
    (zh,) = pages(score_sheets.pdf(made, locale="zh_CN", base_url=BASE))
    wanted = ("示例省青年科技成果评选（2026）", "专家评分表", "创新性", "0–30", "35", "25.5", "80.5", "评语", made.digest)
    assert [text for text in (*wanted, "已在线签署：欧阳一，2026-06-10 10:00") if text not in zh.replace("\r\n", "")] == []
    (en,) = pages(score_sheets.pdf(made, locale="en", base_url=BASE))
    assert [text for text in ("Score sheet", "Rigour", "Signed on line", "Page 1 of 1") if text not in en] == []


@ON_SQLITE
def test_the_same_paper_gives_the_same_bytes(installed: Installation) -> None:
    edition = hold(installed, ["A01"])
    score(edition, ["A01"])
    signing.sign(edition.id, 1, REVIEWER, "欧阳一", drawn="M10,10L200,90")
    first, second = (score_sheets.pdf(paper(installed), locale="zh_CN", base_url=BASE) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-")


@ON_SQLITE
def test_what_people_typed_stays_text(installed: Installation) -> None:
    codes = codes_of(len(HOSTILE))
    edition = hold(installed, codes, HOSTILE)
    score(edition, codes)
    signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    (page,) = pages(score_sheets.pdf(paper(installed), locale="zh_CN", base_url=BASE))
    flat = "".join(page.split())
    assert [title for title in HOSTILE if "".join(title.split()) not in flat] == []


@ON_SQLITE
def test_a_changed_mark_is_another_digest(installed: Installation) -> None:
    edition = hold(installed, ["A01"])
    score(edition, ["A01"])
    signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    before = paper(installed).digest
    reopening.reopen(edition.id, 1, REVIEWER, [f"{edition.id}/e/A01"], "漏项", admin="a@example.org")
    with pytest.raises(NotFound):
        paper(installed)
    reviewing.save_sheets(edition.id, 1, REVIEWER, {f"{edition.id}/e/A01": reviewing.Draft(FULL | {"value": "19"}, "", 2)})
    signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    after = paper(installed).digest
    assert len({before, after}) == 2
    assert len(after) == 64


@ON_SQLITE
def test_a_blank_paper_has_empty_cells_and_no_digest(installed: Installation) -> None:
    edition = hold(installed, ["A01", "A02"])
    score(edition, ["A01"])
    made = paper(installed, blank=True)
    assert (made.digest, made.sheets) == ("", ())
    (page,) = pages(score_sheets.pdf(made, locale="zh_CN", base_url=BASE))
    assert "A02" in page
    assert "25.5" not in page
    assert "SHA-256" not in page
    with pytest.raises(NotFound):
        paper(installed, blank=True, reviewer="sample-2026/r/R02")


@ON_SQLITE
def test_what_was_keyed_in_says_by_whom(installed: Installation) -> None:
    edition = hold(installed, ["A01"])
    score(edition, ["A01"], keyed_by="office@example.org")
    signing.sign_on_paper(edition.id, 1, REVIEWER, date(2026, 6, 9), admin="office@example.org")
    (page,) = pages(score_sheets.pdf(paper(installed), locale="zh_CN", base_url=BASE))
    assert "纸质签署于 2026-06-09，由 office@example.org 代录" in page.replace("\r\n", "")
    assert "代录" in page


@ON_SQLITE
def test_a_name_is_not_printed_in_a_double_blind_review(installed: Installation) -> None:
    process = builders.a_process(
        classes=[
            {"name": "person", "title": {"zh": "青年科技奖", "en": "Young people"}, "subject": "person", "counter": "人", "awards": 2}
        ],
        nominators={"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"person": 5}}},
        **builders.a_stage_change("shortlisting", counts={"person": 3}),
    )
    kept = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    entry = builders.an_entry("A01", class_name="person", title="甲一丙", fields={})
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer("R01")],
                 entries=[entry], pairs=[("A01", "R01")])  # fmt: skip
    (page,) = pages(score_sheets.pdf(paper(installed, blank=True), locale="zh_CN", base_url=BASE))
    assert "甲一丙" not in page
    assert "青年科技奖" in page


@ON_SQLITE
def test_without_a_chinese_font_nothing_is_printed(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(installed, ["A01"])
    monkeypatch.setattr(typesetting, "FAMILIES", ("Nowhere Sans",))
    with pytest.raises(typesetting.NoFont, match="install fonts-noto-cjk"):
        score_sheets.pdf(paper(installed, blank=True), locale="en", base_url=BASE)


@ON_SQLITE
@pytest.mark.parametrize("font", [True, False])
async def test_the_mail_of_thanks_carries_the_paper_if_it_can_be_printed(
    installed: Installation, monkeypatch: pytest.MonkeyPatch, font: bool
) -> None:
    if not font:
        monkeypatch.setattr(typesetting, "FAMILIES", ())
    edition = hold(installed, ["A01"])
    score(edition, ["A01"])
    signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    with installed.database.write() as store:
        until = builders.NOW + timedelta(days=9)
        links.issue(
            store, installed.settings, edition.id, "reviewer", [REVIEWER], not_before=builders.NOW, expires_at=until
        )  # fmt: skip
    expected = score_sheets.pdf(paper(installed), locale="zh_CN", base_url=installed.settings.base_url) if font else None
    sink = sinks.Sink()
    with sinks.listening(sink) as port:
        served = Installation(installed.settings.model_copy(update={"catcher_port": port}), installed.database)
        monkeypatch.setattr("tasks.installation.installation", lambda: served)
        assert await mail.send_batch.fn(edition.id) == {"sent": 1}
    ((_, recipients, content),) = sink.kept
    message = email.message_from_bytes(content, policy=email.policy.default)
    attached = [(one.get_filename(), one.get_content()) for one in message.iter_attachments()]
    assert recipients == ["r01@example.org"]
    assert attached == ([("sample-2026-score-sheet.pdf", expected)] if font else [])
