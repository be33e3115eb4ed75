"""What everybody may see: only after it is public, only what is declared public."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from models.edition import Award, Notice, Publication
from tasks.exporting import csv_cell
from tests import builders
from tests.web.conftest import Browser, World

DOCUMENT: dict[str, Any] = {
    "title": {"zh": "示例省青年科技成果评选", "en": "Example Province Young Science Prize"},
    "edition": "2026",
    "groups": [
        {
            "group": "paper",
            "title": {"zh": "学术论文", "en": "Papers"},
            "awards": [
                {"place": 1, "tier": None, "code": "A01", "title": "=1+1 的证明", "unit": "A01大学", "nominator": "示例省N01学会",
                 "fields": [{"title": {"zh": "作者", "en": "Authors"}, "value": [{"name": "甲一", "unit": "甲大学"}]}], "pictures": []},
            ],
        },
        {
            "group": "artwork",
            "title": {"zh": "科普美术", "en": "Science art"},
            "awards": [
                {"place": 1, "tier": {"zh": "一等奖", "en": "First prize"}, "code": "W01", "title": "海洋之光", "unit": "W01大学",
                 "nominator": "示例省N02学会", "fields": [], "pictures": ["作品.png"]},
            ],
        },
    ],
    "vacant": 1,
    "published_at": "2026-08-01T02:00:00+00:00",
}  # fmt: skip


def publish(world: World) -> None:
    edition = world.edition.id
    builders.go_to(world.installation.database, edition, None)
    with world.installation.database.write() as store:
        store.set_entry_states({f"{edition}/e/A01": "awarded", f"{edition}/e/W01": "awarded"})
        store.add_publication(Publication(edition, 1, builders.NOW, "f" * 64, DOCUMENT))


async def test_the_front_page_tells_stages_and_nothing_of_people(browser: Browser, world: World) -> None:
    page = await browser.get("/")
    assert [text for text in ("示例省青年科技成果评选", "专家评审", "进行中", "示例省科学技术协会") if text not in page.text] == []
    assert [text for text in ("专家R01", "深部煤层", "A01") if text in page.text] == []


@pytest.mark.parametrize("path", ["/notices/", "/results/", "/gallery/"])
@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
async def test_nothing_is_public_before_it_is(browser: Browser, world: World, path: str, suffix: str) -> None:
    assert (await browser.get(f"{path}{world.edition.id}{suffix}")).status_code == 404


async def test_a_notice_shows_declared_fields_period_and_where_to_object(browser: Browser, world: World) -> None:
    edition = world.edition.id
    until = builders.NOW + timedelta(days=5)
    with world.installation.database.write() as store:
        store.add_notice(Notice(edition, 5, "2026-06-10", until, (Award(f"{edition}/e/A01", "paper", "", 1),)), 2)
    page = await browser.get(f"/notices/{edition}")
    wanted = (
        "深部煤层微震前兆识别 A01",
        "甲一（甲大学）、乙二（乙大学）",
        "示例省N01学会",
        "5 个工作日",
        "2026年6月10日",
        "评审办公室，电话",
        "空缺 2 个名额",
        "公示中",
    )
    assert [text for text in wanted if text not in page.text] == []
    assert [text for text in ("SECRET-77", "10.0000/example.1", "a01@example.org", "针对深部开采") if text in page.text] == []
    clock: Any = world.installation.database.clock
    clock.now = until
    assert "公示已结束" in (await browser.get(f"/notices/{edition}")).text


async def test_results_as_page_json_and_csv_say_the_same(browser: Browser, world: World) -> None:
    publish(world)
    page = await browser.get("/results/sample-2026")
    assert [text for text in ("甲一（甲大学）", "海洋之光", "一等奖", "空缺 1 个名额") if text not in page.text] == []
    answer = await browser.get("/results/sample-2026.json")
    assert answer.json() == {**DOCUMENT, "version": 1, "digest": "f" * 64}
    table = await browser.get("/results/sample-2026.csv?lang=zh_CN")
    assert table.content[:3] == b"\xef\xbb\xbf"
    assert list(csv.reader(io.StringIO(table.content.decode("utf-8-sig")))) == [
        ["组别", "名次", "等级", "编号", "名称", "单位", "推荐单位"],
        ["学术论文", "1", "", "A01", "'=1+1 的证明", "A01大学", "示例省N01学会"],
        ["科普美术", "1", "一等奖", "W01", "海洋之光", "W01大学", "示例省N02学会"],
    ]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1"])
def test_what_could_run_as_a_formula_is_text(cell: str) -> None:
    assert csv_cell(cell) == f"'{cell}"


def test_numbers_stay_numbers() -> None:
    assert [csv_cell(cell) for cell in (-1, "甲=乙", "")] == [-1, "甲=乙", ""]


async def test_the_gallery_shows_awarded_works_with_their_size_and_description(browser: Browser, world: World) -> None:
    publish(world)
    page = await browser.get("/gallery/sample-2026")
    assert 'width="480" height="320" loading="eager" alt="《海洋之光》，W01大学"' in page.text
    small = await browser.get("/gallery/sample-2026/W01/small/作品.png")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    for path in (
        "/gallery/sample-2026/A02/small/作品.png",
        "/gallery/sample-2026/W01/small/other.png",
        "/gallery/sample-2026/W01/huge/作品.png",
    ):
        assert (path, (await browser.get(path)).status_code) == (path, 404)


async def test_static_files_are_kept_by_browsers(browser: Browser, world: World) -> None:
    page = await browser.get("/")
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(addresses) >= 2
    for address in addresses:
        answer = await browser.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_a_nominator_sees_its_own_entries_and_no_secret_state(browser: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.set_entry_states({f"{world.edition.id}/e/A01": "not_shortlisted", f"{world.edition.id}/e/A02": "shortlisted"})
    await browser.enter(world.link("nominator", "N01"))
    page = await browser.get("/submit")
    assert [text for text in ("A01", "A02", "A03", "N01学会", "review-office@example.org") if text not in page.text] == []
    assert [text for text in ("W01", "入围", "海洋之光") if text in page.text] == []
    assert "3<small> / 5" in page.text
