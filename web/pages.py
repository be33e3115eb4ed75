"""How a page is made: templates, their filters, and what every page needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, MutableMapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models.edition import Visit
from models.process import decimal_text
from notifications import local_time
from web import language, reading, words


class _Templates(Environment):
    """Templates of one language: what a page says to every visitor is put in when they are compiled, not each time they are shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._ready: dict[str, Template] = {}

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002 - its name there
        """A template, compiled once. Each page asks for half a dozen: its frame, and what it includes."""
        if not isinstance(name, str):
            return name
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = super().get_template(name, parent, globals)
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Ours do not change once there are templates; looking through one mapping after the other takes longer than a page's head."""
        return {**self.globals, **(d or {})}

    def _generate(self, source: nodes.Template, *args: Any, **more: Any) -> str:
        return super()._generate(_Constants(self).visit(source), *args, **more)


class _Constants(NodeTransformer):
    """Puts the value in place of a call that has the same one for everybody, such as `_("评分表")`."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - the name that Jinja looks for
        given = [one.value for one in call.args if isinstance(one, nodes.Const)]
        if not isinstance(call.node, nodes.Name) or call.node.name not in _SAME_FOR_ALL or call.kwargs or len(given) < len(call.args):
            return self.generic_visit(call)
        ask: Any = self._templates.globals[call.node.name]
        return nodes.Const(ask(*given), lineno=call.lineno)


_MOST_PARTS = 4096
"""Of pages, kept at the same time; an edition has some dozens."""
_SAME_FOR_ALL = ("_", "static")
"""Functions of the templates that depend on nothing but their arguments and the language."""


@cache
def environment(locale: str) -> Environment:
    """The templates of a language, compiled once."""
    made = _Templates(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    made.filters |= {
        "both": words.both,
        "sentence": lambda text: text[:1].upper() + text[1:],
        "ending": ending,
        "moment": moment,
        "cutoff": cutoff,
        "total": total,
        "day": day,
        "mark": lambda mark: decimal_text(mark) if isinstance(mark, Decimal) else str(mark),
        "iso": lambda at: at.isoformat() if at else "",
        "value": readable,
        "json": lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
    }
    made.globals |= {"_": partial(_text, locale), "words": words, "static": static_address, "say": language.gettext}
    made.globals["once"] = _Once()
    return made


class _Once:
    """Parts of pages that say the same to everybody; each is made once and then shown again (in templates: `once(key, macro, ...)`).

    The key must name all that the part depends on, such as the hash of a declaration; the language is that of the templates.
    """

    def __init__(self) -> None:
        self._made: dict[Hashable, str] = {}

    def __call__(self, key: Hashable, macro: Callable[..., str], *given: Any) -> str:
        """The part, made by `macro(*given)` if it is not there yet."""
        if key not in self._made:
            if len(self._made) >= _MOST_PARTS:
                self._made.clear()
            self._made[key] = macro(*given)
        return self._made[key]


def _text(locale: str, message: str, **values: object) -> str:
    """A text in a language, plain: it is escaped once, where it is shown."""
    text = language.translations(locale).gettext(message) if message else ""
    return text % values if values else text


def _source(name: str) -> str | None:
    file = files("web").joinpath("templates", *name.split("/"))
    return file.read_text("utf-8") if file.is_file() else None


@cache
def static_address(name: str) -> str:
    """Address of a static file, with its checksum, so that browsers may keep it for good."""
    content = files("web").joinpath("static", *name.split("/")).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the language of the request."""
    visit: Visit | None = getattr(request.state, "visit", None)
    locale = language.CURRENT.get()
    query = f"?{request.url.query}" if request.url.query and "lang=" not in request.url.query else ""
    context = {
        "locale": locale,
        "reading": reading.of(request.cookies.get(reading.COOKIE)),
        "html_lang": "zh-CN" if locale == "zh_CN" else "en",
        "here": request.url.path + query,
        "path": request.url.path,
        "visit": visit,
        "holder": getattr(request.state, "holder", ""),
        **values,
    }
    return HTMLResponse(environment(locale).get_template(template).render(context), status)


def go(path: str) -> Response:
    """Answer a form: the browser fetches another page, and going back repeats nothing."""
    return RedirectResponse(path, 303)


def ours(back: str) -> str:
    r"""A path to return to, or the front page: `//host` and `/\host` lead elsewhere."""
    local = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if local else "/"


def zone_name(zone: str) -> str:
    """The zone as people call it."""
    return "" if zone == "Asia/Shanghai" else f" {zone}"


def ending(at: datetime | None, zone: str) -> str:
    """A deadline; midnight is 24:00 of the day before (rule N8)."""
    return "" if at is None else local_time.deadline(at.isoformat(), zone, language.CURRENT.get())


def moment(at: datetime | str | None, zone: str) -> str:
    """A time in the edition's zone, short: 2026-06-10 10:00."""
    if not at:
        return ""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}{zone_name(zone)}"


def cutoff(at: datetime | None, zone: str) -> str:
    """A deadline, short: 2026-06-10 24:00."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) != (0, 0):
        return moment(at, zone)
    return f"{local - timedelta(days=1):%Y-%m-%d} 24:00{zone_name(zone)}"


def total(mark: Decimal | None) -> str:
    """A reviewer's own total, without zeros that nobody typed; the marks of a list are shown as they are printed."""
    return "—" if mark is None else f"{mark.normalize():f}"


def day(at: datetime | str | None, zone: str) -> str:
    """A day, spelled out."""
    if not at:
        return ""
    return local_time.day(at if isinstance(at, str) else at.isoformat(), zone, language.CURRENT.get())


def readable(value: Any) -> str:
    """The value of an entry's field as a person reads it: people as names with units, lists with separators."""
    chinese = language.CURRENT.get() == "zh_CN"
    if isinstance(value, dict):
        name, unit = str(value.get("name", "")), str(value.get("unit") or "")
        if not unit:
            return name
        return f"{name}（{unit}）" if chinese else f"{name} ({unit})"
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ("、" if chinese else ", ").join(readable(one) for one in value)
    return str(value)
