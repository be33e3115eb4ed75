"""The templates of all mails: found, compiled once, and filled with plain values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from itertools import product
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.errors import DeclarationError, Fault
from notifications import local_time
from notifications.kinds import LOCALES, MAIL_KINDS, PARTS


def fill(template: str, locale: str, part: str, values: dict[str, Any]) -> str:
    """One part of a mail, in one language."""
    return _environment().get_template(_path(template, locale, part)).render(values)


def missing_templates() -> list[str]:
    """What is missing or does not compile, each as `<path>: <why>`; empty when every mail can be written in every language."""
    return [f"{path}: {why}" for path, why in _missing()]


def check_templates() -> None:
    """Refuse to start with a mail that could not be written later.

    Raises:
        DeclarationError: with one fault per file.
    """
    if missing := _missing():
        remedy = "install the program again, or restore the file"
        raise DeclarationError([Fault(why, remedy, file=f"notifications/templates/{path}") for path, why in missing])


def _missing() -> list[tuple[str, str]]:
    missing = []
    for template, locale, part in product(MAIL_KINDS, LOCALES, PARTS):
        path = _path(template, locale, part)
        try:
            _environment().get_template(path)
        except TemplateNotFound:
            missing.append((path, "the file is missing"))
        except TemplateError as error:
            missing.append((path, error.message or "it does not compile"))
    return missing


def _path(template: str, locale: str, part: str) -> str:
    return f"{template}/{locale}/{part}"


def read_template(name: str) -> str | None:
    """The source of a template by its path below `templates/`; None if there is no such file."""
    file = resources.files("notifications").joinpath("templates", *name.split("/"))
    return file.read_text("utf-8") if file.is_file() else None


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(read_template),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    for name, show in (("deadline", local_time.deadline), ("beginning", local_time.beginning), ("day", local_time.day)):
        environment.filters[name] = _in_context(show)
    return environment


def _in_context(show: Callable[[str, str, str], str]) -> Callable[..., str]:
    @pass_context
    def shown(context: Context, moment: str) -> str:
        return show(moment, context["zone"], context["locale"])

    return shown
