"""Whatever is refused is told in the language of the page: every route, by everybody, with own, foreign and unknown ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from models.errors import Fault, InputError, NotAllowed
from tests.web.fuzzing import Caller, Everybody
from tests.web.test_access import EXPECTED, LAST, Access, addresses
from tests.web.test_language import CJK
from web import errors, language

ENGLISH = re.compile(r"[A-Za-z][a-z']+(?:[ ,;:'-]+[a-z'][\w'-]*){3,}")
"""Four English words one after the other, which no name, code or address in these editions is."""
_LEFT_OUT = re.compile(r"<(code|script|style|svg|title)\b.*?</\1>|<option value=\"[a-z_A-Z]+\">[^<]*", re.S)


def said(page: str) -> list[str]:
    """The texts in the middle of a page."""
    middle = page.partition("<main")[2].partition("</main>")[0]
    return [unescape(one) for one in re.split(r"<[^>]*>", _LEFT_OUT.sub(" ", middle)) if one.strip()]


def asked(everybody: Everybody, caller: Caller, edition: str, tongue: str) -> Iterator[tuple[str, str, Any]]:
    """Method, route and answer of everything that a caller can ask of an edition."""
    for method, path in everybody.pages.routes:
        if method == "HEAD" or path in LAST:
            continue
        access = EXPECTED.get(path, Access(()))
        mine = replace(access, own={**caller.own, "edition_id": edition, **access.own})
        fields = {name: value.format(edition=edition) for name, value in access.fields.items()}
        for address, _own in addresses(path, mine, edition):
            more = {"data": {**caller.guard, **fields}} if method == "POST" else {}
            yield method, path, everybody.pages.send(caller, method, address, headers={"Accept-Language": tongue}, **more)


OFFICE = "review-office@example.org"
"""Beside its name, which each installation writes as it likes."""
SLOW = pytest.mark.slow


@pytest.mark.parametrize(("role", "edition"), [
    ("checker", "checked-2026"), pytest.param("admin", "scored-2026", marks=SLOW),
    *(pytest.param(role, "", marks=SLOW) for role in ("nobody", "witness", "corrector", "reviewer", "nominator")),
    *(pytest.param(role, "", marks=SLOW) for role in ("committee", "party", "admin")),
])  # fmt: skip
def test_a_chinese_page_tells_no_refusal_in_english(everybody: Everybody, role: str, edition: str) -> None:
    caller = next(one for one in everybody.callers if one.role == role)
    wrong = set()
    for method, path, answer in asked(everybody, caller, edition or caller.edition, "zh-CN"):
        texts = said(answer.text) if "html" in answer.headers.get("content-type", "") else []
        wrong |= {(answer.status_code, method, path, text.strip()) for text in texts if ENGLISH.search(text) or errors.IN_THE_LOG in text}
    assert wrong == set()


@SLOW
def test_an_english_page_tells_the_office_no_refusal_in_chinese(everybody: Everybody) -> None:
    caller = next(one for one in everybody.callers if one.role == "checker")
    wrong = set()
    for method, path, answer in asked(everybody, caller, caller.edition, "en"):
        if answer.status_code in (403, 404) and "html" in answer.headers.get("content-type", ""):
            wrong |= {
                (answer.status_code, method, path, text.strip()) for text in said(answer.text) if CJK.search(text) and OFFICE not in text
            }
    assert wrong == set()


def test_a_refusal_says_itself_in_the_language_of_the_page() -> None:
    both = NotAllowed("a sheet is signed", zh="评分表已签署")
    faults = InputError([Fault("a name is missing", "fill it in", zh="缺少姓名，请填写"), Fault("a unit is missing", zh="缺少单位")])
    half = InputError([Fault("a name is missing", zh="缺少姓名"), Fault("broken")])
    told = {}
    for tongue in language.LOCALES:
        token = language.CURRENT.set(tongue)
        told[tongue] = [errors.told(one) for one in (both, faults, half)]
        language.CURRENT.reset(token)
    assert told == {
        "zh_CN": ["评分表已签署", "缺少姓名，请填写；缺少单位", "详细原因见服务器日志。"],
        "en": ["a sheet is signed", "a name is missing -> fill it in\na unit is missing", "a name is missing\nbroken"],
    }
