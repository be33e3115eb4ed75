"""Whatever is sent to whichever page by whomever: an answer, never a fault of the server (R-51, R-55).

One half comes from schemathesis, by a description that is made here of the route table; the other changes the forms that are really
shown. Both are the same at every run.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import cycle
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.web import fuzzing
from tests.web.fuzzing import Caller, Everybody, Shown
from tests.web.test_access import EXPECTED

pytestmark = pytest.mark.slow

FIXED = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
CASES = settings(FIXED, max_examples=2)
"""Of each route and each way of making them, sent by whoever may and by one or two who may not."""
CHANGES = settings(FIXED, max_examples=6)
"""Of each form, sent by whom it was shown to."""

TEXTS = (
    "", " ", "\x00", "甲\x00乙", "\ud800", "\udfff乙", "\u202e龙\u202c", "\u2066", "\u200b", "\ufeff", "\ufffd", "\x1b[31m",
    "\r\nSet-Cookie: a=b", "e\u0301", "𠮷", "🏛️", "²", "९", "９９", "0", "-1", "1e999", "NaN", "-Infinity", "9" * 400, "1_0", "0x10",
    "1" * 5000, "2026-02-30", "0000-00-00", "99999-01-01", "2026年13月", "2024-05", "../../etc/passwd", "..\\x", "%00", "%s%n",
    "{{7*7}}", "{0.__class__}", "=1+1", "<script>", "' OR 1=1 --", "null", "true", "[]", "{}", "/", "//x", "a" * 300, "字" * 1001,
    "x@example.org", "@", "x@" + "y" * 400, "440.20", "A01", "A02", "X99", "N02", "sample-2026/n/N02", "scored-2026/e/A01",
    "add:authors", "drop:authors:0", "up:authors:99999999999999", "submit", "keep", "columns", "eligible", "correction", "paper",
    "artwork", "b" * 1_000_000,
)  # fmt: skip
NAMES = (
    "v.\x00", "v.\ud800", "v.", "v.none", "p.", "p.authors", "p.authors.x.name", "p.authors.-1.name", "p.authors.².name",
    "p.authors.99999999999999999999.name", "t.none", "column.x", "column.-1", "column." + "9" * 5000, "tick.none", "note.none",
    "code.none", "tick.", "rank.none", "mark.none", "mark.\ud800", "then", "act", "turn", "revision", "class", "copy", "seen",
    "outcome", "\x00", "",
)  # fmt: skip
KINDS = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "no boundary": "multipart/form-data",
    "broken parts": "multipart/form-data; boundary=x",
    "unknown": "\x01/é",
}


@pytest.fixture
def shown(everybody: Everybody) -> list[Shown]:
    """All forms that anybody is shown."""
    found = [form for caller in everybody.callers for form in everybody.pages.shown_to(caller)]
    return sorted(found, key=lambda one: (fuzzing.last(one.path), one.path, one.address))


# -- by the route table -------------------------------------------------------------------------------------------------


TEXT_FIELD = {"type": "string"}


def described(everybody: Everybody, shown: list[Shown]) -> dict[str, Any]:
    """An OpenAPI document of the route table: addresses that lead somewhere, texts in the fields that are shown."""
    paths: dict[str, dict[str, Any]] = {}
    own = ("edition_id", "draft_id", "upload_id", "table_id")
    ids = {name: {one.own[name] for one in everybody.callers if name in one.own} for name in own}
    ids |= {"code": {"A01", "A02", "N01", "R01", "X99"}, "class_name": {"paper", "artwork"}, "act": {"next", "extend"}}
    for method, path in everybody.pages.routes:
        names = re.findall(r"{(\w+)}", path)
        known = {name: sorted(ids.get(name, {fuzzing.OWN.get(name, "x")})) for name in names}
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": known[name]}} for name in names]
        if path.startswith("/submit/uploads"):
            headers = ("Upload-Offset", "Upload-Length", "Upload-Metadata")
            parameters += [{"name": name, "in": "header", "schema": {"type": "string", "pattern": "^[ -~]{0,30}$"}} for name in headers]
        operation: dict[str, Any] = {"parameters": parameters, "responses": {"200": {"description": "a page"}}}
        if method == "POST":
            fields = sorted({name for form in shown if form.path == path for name, _ in form.fields})
            body = {"type": "object", "properties": dict.fromkeys(fields, TEXT_FIELD), "additionalProperties": TEXT_FIELD}
            operation["requestBody"] = {"content": {KINDS["form"]: {"schema": body}}}
        paths.setdefault(path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "Jinbang", "version": "1"}, "paths": paths}


def test_no_route_fails_whatever_is_asked_by_whomever(everybody: Everybody, shown: list[Shown]) -> None:
    document = schemathesis.openapi.from_dict(described(everybody, shown))
    operations = {(one.method.upper(), one.path): one for one in (found.ok() for found in document.get_all_operations())}
    assert set(operations) == set(everybody.pages.routes)
    failed: list[Any] = []
    answers: Counter[str] = Counter()
    strangers = cycle(one.role for one in everybody.callers)  # what strangers get is looked at in test_access; here, at some of them

    def ask(case: Case) -> None:
        who = EXPECTED[case.path].who
        for caller in everybody.callers:
            if caller.kind not in who and caller.role != next(strangers):
                continue
            answer = everybody.pages.send(caller, case.method, address(case), **sent(case, caller))
            answers[f"{caller.role} {answer.status_code // 100}xx"] += 1
            if answer.status_code >= 500:
                failed.append((caller.role, case.method, address(case), str(case.body)[:300], answer.status_code))

    for route in everybody.pages.routes:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.POSITIVE or "{" in route[1] or route[0] == "POST":
                CASES(given(operations[route].as_strategy(generation_mode=mode))(ask))()
    assert failed == []
    assert {one.role for one in everybody.callers} <= {one.split()[0] for one in answers if one.endswith("2xx")}


def address(case: Case) -> str:
    """Where a case goes; what it means to be no text at all is written as text."""
    parts = {name: unquote(str(value), errors="replace") for name, value in case.path_parameters.items()}
    return fuzzing.address_of(case.path, parts)


def sent(case: Case, caller: Caller) -> dict[str, Any]:
    """Headers and body of a case, with what a form or a script of this session bears."""
    headers = {name: str(value) for name, value in (case.headers or {}).items()}
    if case.method != "POST":
        own = {"Jinbang-As": caller.guard.get("as", ""), "Jinbang-Csrf": caller.guard.get("csrf", "")}
        return {"headers": {**headers, **own, "Content-Type": "application/offset+octet-stream"}}
    fields = case.body if isinstance(case.body, dict) else {"": case.body}
    texts = [(str(name), str(value)) for name, value in {**fields, **caller.guard}.items()]
    return {"headers": {**headers, "Content-Type": KINDS["form"]}, "content": fuzzing.encoded(texts)}


# -- by the forms -------------------------------------------------------------------------------------------------------

TEXT = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(codec=None), max_size=30))


@st.composite
def changed(draw: st.DrawFn, form: Shown) -> tuple[Shown, str, list[tuple[str, str]], str]:
    """The form, a kind of body, its fields, and what is accepted as an answer."""
    fields = [*form.fields]
    for place in draw(st.lists(st.integers(0, max(0, len(fields) - 1)), max_size=4)):
        if fields and fields[place][0] not in ("csrf", "as"):
            fields[place] = (fields[place][0], draw(TEXT))
    fields += draw(st.lists(st.tuples(st.sampled_from(NAMES), TEXT), max_size=2))
    if draw(st.integers(0, 9)) == 0:
        fields = [one for one in fields if one[0] not in ("csrf", "as")]
    if draw(st.integers(0, 9)) == 0:
        fields = [(name, draw(TEXT) if name == "csrf" else text) for name, text in fields]
    kind = draw(st.sampled_from(["form"] * 6 + ["files", *KINDS]))
    return form, kind, fields, draw(st.sampled_from(["text/html", "text/html", "application/json", "\x00"]))


def test_no_form_fails_whatever_it_holds(everybody: Everybody, shown: list[Shown]) -> None:
    failed: list[Any] = []
    answers: Counter[int] = Counter()

    def post(made: tuple[Shown, str, list[tuple[str, str]], str]) -> None:
        form, kind, fields, accept = made
        body: dict[str, Any] = {"content": fuzzing.encoded(fields)}
        if kind == "files":
            body = {"files": [(name.encode("utf-8", "replace").decode(), ("\u202e.png", b"\x00" * 9)) for name, _ in fields[:20]]}
        headers = {"Accept": accept} | ({} if kind == "files" else {"Content-Type": KINDS[kind]})
        answer = everybody.pages.send(form.caller, "POST", form.address, headers=headers, **body)
        answers[answer.status_code] += 1
        if answer.status_code >= 500:
            failed.append((form.caller.role, form.address, kind, [(name[:40], text[:60]) for name, text in fields], answer.status_code))

    for form in shown:
        CHANGES(given(changed(form))(post))()
    assert failed == []
    assert {form.path for form in shown} >= {
        "/submit/forms/{draft_id}", "/submit/table", "/submit/table/{table_id}", "/submit/uploads", "/submit/unit", "/confirm",
        "/submit/corrections/{code}", "/submit/entries/{code}/people", "/review/{code}", "/admin/editions/{edition_id}/checks/{code}",
        "/admin/editions/{edition_id}/quotas/{code}", "/admin/editions/{edition_id}/laureates",
    }  # fmt: skip
    assert {200, 303, 403, 422} <= set(answers)
