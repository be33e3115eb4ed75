"""Before there is anything to show, a page of the office says what will be there, when, and what to do until then."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from models import tables
from models.edition import Edition
from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in
from tests.web.test_language import CJK

PAGES = ("draw", "draw/panels", "draw/instead", "ranking", "healing", "reviewers", "shortlist")
FILES = ("draw/panels.csv", "draw/panels.xlsx", "ranking.csv", "shortlist/packet.pdf", "shortlist/packet.xlsx")


@pytest.fixture
def early(installed: Installation, world: World) -> Edition:
    """Nominations are open, the review is not."""
    process = builders.a_process(name="early", **builders.a_stage_change("scoring", opens="2026-06-01"))
    return builders.keep(installed.database, builders.an_edition(process), at="submission")


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


async def test_a_page_that_waits_for_its_stage_says_so(admin: Browser, early: Edition) -> None:
    for name in PAGES:
        page = await admin.get(f"/admin/editions/{early.id}/{name}")
        stage = ("确定入围", "没有定日期，前一阶段结束后即开始") if name == "shortlist" else ("专家评审", "2026-06-01 00:00")
        wanted = (
            "现在还没有内容",
            f"“{stage[0]}”阶段开始",
            stage[1],
            "推荐申报 · 进行中",
            "这里将显示",
            f'href="/admin/editions/{early.id}"',
        )
        assert (name, page.status_code, [text for text in wanted if text not in page.text]) == (name, 200, [])
        english = await admin.get(f"/admin/editions/{early.id}/{name}?lang=en")
        text = english.text
        for written in (early.process.title.zh, "管理员", "中文"):
            text = text.replace(written, "")
        assert (name, english.status_code, "Nothing is here yet" in text, CJK.findall(text)) == (name, 200, True, [])


def moved(installed: Installation, edition: Edition, **columns: str) -> None:
    """Write into the stage of the shortlist."""
    with installed.database.write() as store:
        here = (tables.STAGE_RUNS.c.edition == edition.id, tables.STAGE_RUNS.c.position == edition.run_of("shortlisting").position)
        store.connection.execute(sa.update(tables.STAGE_RUNS).where(*here).values(**columns))


def links(page: str) -> list[str]:
    """Where the card leads."""
    card = page.partition('<section class="card narrow">')[2].partition("</section>")[0]
    return [one.rpartition("/")[2] for one in re.findall(r'href="([^"]*)"', card)]


CAUSE = "papers-2026: the seats do not fit the bounds of the groups; correct them"


async def test_a_list_whose_stage_is_blocked_says_why_and_where_to_settle_it(admin: Browser, installed: Installation, world: World) -> None:
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(name="cut")), at="scoring")
    builders.go_to(installed.database, edition.id, "shortlisting")
    moved(installed, edition, state="opening")
    there = f"/admin/editions/{edition.id}/shortlist"
    begins = (await admin.get(there)).text
    said = "“确定入围”阶段已经开始，正在处理"
    assert (said in begins, "要等到" in begins, "受阻" in begins, links(begins)) == (
        True,
        False,
        False,
        ["reviewers", "ranking", edition.id],
    )
    moved(installed, edition, blocked=CAUSE)
    page = (await admin.get(there)).text
    wanted = ("<strong>确定入围受阻</strong>", CAUSE, "在排除原因并重试之前，本届停在这里。")
    assert ([one for one in wanted if one not in page], "要等到" in page, said in page) == ([], False, False)
    assert links(page) == ["retry", "extend", "reviewers", "ranking", edition.id]
    english = (await admin.get(f"{there}?lang=en")).text
    assert "The edition stands still until the cause is settled" in english
    for where in ("retry", "extend"):
        assert (await admin.get(f"/admin/editions/{edition.id}/{where}")).status_code == 200


async def test_wherever_the_office_looks_it_reads_why_in_its_language(admin: Browser, installed: Installation, world: World) -> None:
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(name="cut")), at="scoring")
    builders.go_to(installed.database, edition.id, "shortlisting")
    moved(installed, edition, state="opening", blocked=CAUSE)
    with installed.database.write() as store:
        store.append(edition.id, "StageBlocked", actor="engine", stage="shortlisting", cause=CAUSE, zh="名额与各组的限额不符，请改正")
    for path in ("/admin", f"/admin/editions/{edition.id}", *(f"/admin/editions/{edition.id}/{one}" for one in ("retry", "shortlist"))):
        for language, said in (("zh_CN", (True, False)), ("en", (False, True))):
            page = (await admin.get(f"{path}?lang={language}")).text
            assert (path, language, ("名额与各组的限额不符，请改正" in page, CAUSE in page)) == (path, language, said)


async def test_a_list_whose_stage_is_over_without_one_waits_for_nothing(admin: Browser, installed: Installation, world: World) -> None:
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(name="cut")), at="voting")
    page = (await admin.get(f"/admin/editions/{edition.id}/shortlist")).text
    assert ("“确定入围”阶段已于 2026-06-10 10:00 结束" in page, "要等到" in page, "没有确定入围的阶段" in page) == (True, False, False)
    assert links(page) == ["reviewers", "ranking", edition.id]


async def test_a_page_that_waits_for_a_stage_before_which_the_edition_stands_still_says_so(
    admin: Browser, installed: Installation, early: Edition
) -> None:
    with installed.database.write() as store:
        store.connection.execute(
            sa.update(tables.STAGE_RUNS)
            .where(tables.STAGE_RUNS.c.edition == early.id, tables.STAGE_RUNS.c.position == 0)
            .values(blocked="no decision")
        )
    for name in PAGES:
        page = (await admin.get(f"/admin/editions/{early.id}/{name}")).text
        wanted = ("<strong>推荐申报受阻</strong>", "no decision", "要等到", f'href="/admin/editions/{early.id}/retry"')
        assert (name, [one for one in wanted if one not in page]) == (name, [])


async def test_files_and_forms_that_wait_for_their_stage_are_refused_in_the_readers_language(admin: Browser, early: Edition) -> None:
    there = f"/admin/editions/{early.id}"
    for name in FILES:
        page = await admin.get(f"{there}/{name}")
        assert (name, page.status_code, "现在还没有这些内容" in page.text, "no review has been opened" in page.text) == (
            name,
            404,
            True,
            False,
        )
    await admin.get("/admin")
    page = await admin.post(f"{there}/draw/change", {**admin.hidden("/leave"), "mode": "fill"}, hidden=False)
    assert (page.status_code, "现在还没有这些内容" in page.text) == (404, True)


async def test_a_process_without_a_review_says_that_nothing_will_come(admin: Browser, installed: Installation, world: World) -> None:
    stages = [one for one in builders.DECLARATION["stages"] if one["kind"] in ("submission", "publication")]
    short = builders.keep(installed.database, builders.an_edition(builders.a_process(name="short", stages=stages)), at="submission")
    for name, said in (("conflicts", "没有专家评审"), ("ranking", "没有专家评审"), ("shortlist", "没有确定入围的阶段")):
        page = await admin.get(f"/admin/editions/{short.id}/{name}")
        assert (name, page.status_code, f"本评选{said}，这一页不会有内容。" in page.text) == (name, 200, True)


async def test_an_unknown_edition_is_told_to_the_office_in_its_language(admin: Browser, world: World) -> None:
    for name in ("", *(f"/{one}" for one in (*PAGES, *FILES, "conflicts"))):
        page = await admin.get(f"/admin/editions/nowhere{name}")
        assert (name, page.status_code, "没有这个届次" in page.text, "known editions" in page.text) == (name, 404, True, False)
    english = await admin.get("/admin/editions/nowhere/draw?lang=en")
    assert (english.status_code, "There is no such edition" in english.text) == (404, True)


async def test_nobody_else_learns_which_editions_there_are(browser: Browser, world: World, early: Edition) -> None:
    for edition in (early.id, "nowhere"):
        assert (await browser.get(f"/admin/editions/{edition}/ranking")).status_code == 403
