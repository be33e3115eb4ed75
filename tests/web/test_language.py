"""Chinese in the templates, English complete in the catalogue, chosen by reader or browser."""

from __future__ import annotations

import hashlib
import io
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.web.conftest import Browser, World
from web import language

WEB = Path(str(files("web")))
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff01-\uff60]")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "mark": None}


def msgids() -> set[str]:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"extensions": "jinja2.ext.do", "trimmed": "true", "silent": "false"}}
    found = set()
    for _file, _line, message, _comments, _context in extract_from_dir(WEB, methods, options, keywords=KEYWORDS):
        found |= {message} if isinstance(message, str) else set(message)
    return {one for one in found if CJK.search(one)}


def catalogue() -> dict[str, str]:
    content = (WEB / "locale" / "en" / "LC_MESSAGES" / "jinbang.po").read_bytes()
    return {str(message.id): str(message.string) for message in read_po(io.BytesIO(content), locale="en") if message.id}


def test_every_chinese_text_has_its_english_one_and_no_english_is_left_over() -> None:
    texts = catalogue()
    assert len(msgids()) > 300
    assert {one for one in msgids() if not texts.get(one)} == set()
    assert set(texts) - msgids() == set()


def test_both_languages_name_the_same_values() -> None:
    wrong = {
        source: text
        for source, text in catalogue().items()
        if sorted(re.findall(r"%\(\w+\)s", source)) != sorted(re.findall(r"%\(\w+\)s", text))
    }
    assert wrong == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_chinese_stands_in_a_template_outside_a_translatable_text(template: Path) -> None:
    text = template.read_text("utf-8")
    for translatable in (r"{#.*?#}", r"{% trans.*?%}.*?{% endtrans %}", r'_\("[^"]*"\)', r"_\('[^']*'\)"):
        text = re.sub(translatable, "", text, flags=re.S)
    # The ideographic space after a label and the brackets around a state are punctuation of both languages.
    assert CJK.findall(text.replace("　", "")) == []


@pytest.mark.parametrize(
    "path", ["/", "/review", "/review/A01", "/review/sign", "/review/A01/recuse", "/l/x", "/admin/sign-in", "/nowhere"]
)
async def test_an_english_page_is_english_but_for_what_people_wrote(browser: Browser, world: World, path: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    page = await browser.get(f"{path}?lang=en")
    assert '<html lang="en">' in page.text
    own = (
        "深部煤层微震前兆识别",
        "专家R01",
        "教授",
        "示例学报",
        "针对深部开采中微震信号弱、噪声强的问题，提出一种自适应识别方法，并在三个矿区得到验证。",
        "海洋之光",
        "中文",
    )
    text = page.text
    for written in own:
        text = text.replace(written, "")
    assert CJK.findall(text) == []


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "chosen"),
    [
        (None, None, "", "zh_CN"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "fr", "zh_CN"),
        (None, "zh_CN", "en", "zh_CN"),
        ("en", "zh_CN", "zh", "en"),
        ("xx", None, "zh", "zh_CN"),
        (None, None, "en;q=x, ,;q=", "zh_CN"),
    ],
)
def test_the_reader_chooses_first_then_the_browser(query: str | None, cookie: str | None, accepted: str, chosen: str) -> None:
    assert language.choose(query, cookie, accepted, "zh_CN") == chosen


async def test_the_choice_is_kept_by_a_form_and_leads_back(browser: Browser, world: World) -> None:
    await browser.get("/notices/none")
    answer = await browser.post("/language", {"to": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/notices/none")
    assert '<html lang="en">' in (await browser.get("/")).text


@pytest.mark.parametrize("back", ["//evil.example.org", "/\\evil.example.org", "https://evil.example.org", "evil", "", "/a\r\nX: y"])
async def test_the_language_form_leads_nowhere_else(browser: Browser, world: World, back: str) -> None:
    assert (await browser.post("/language", {"to": "en", "back": back}, hidden=False)).headers["location"] == "/"


async def test_looking_at_a_page_in_another_language_keeps_nothing(browser: Browser, world: World) -> None:
    assert "set-cookie" not in (await browser.get("/?lang=en")).headers


def test_vendored_files_are_those_that_were_published() -> None:
    folder = WEB / "static" / "vendor"
    listed = tomllib.loads((folder / "vendor.toml").read_text("utf-8"))["file"]
    assert {one["name"]: one["sha256"] for one in listed} == {
        one["name"]: hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() for one in listed
    }
    present = {path.name for path in folder.iterdir()} - {"vendor.toml"}
    assert present == {one["file"] for one in listed} | {one["licence_file"] for one in listed}
