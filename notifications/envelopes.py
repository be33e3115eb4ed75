"""To whom a mail goes, and what every mail says about its edition: the plain values that the functions of `messages` start from."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from models.declared import Words
from models.edition import Edition, Holder, Member, NewMail, Nominator, Reviewer, Role
from models.submitting import Confirmation
from notifications.kinds import MAIL_KINDS


def to_nominator(edition: Edition, nominator: Nominator, template: str, cause: str, locale: str, **params: Any) -> NewMail:
    """A mail to a nominator; without its personal link if the mail leads to a public page."""
    personal = MAIL_KINDS[template].page is None
    role: Role | None = "nominator" if personal else None
    person = nominator.id if personal else None
    return NewMail(template, cause, nominator.name, nominator.email, role, person, locale, about(edition) | params)


def to_person(edition: Edition, person: Holder, template: str, cause: str, locale: str, **params: Any) -> NewMail:
    """A mail to whoever holds a link, in any role."""
    if isinstance(person, Reviewer):
        return to_reviewer(edition, person, template, cause, locale, **params)
    if isinstance(person, Nominator):
        return to_nominator(edition, person, template, cause, locale, honorific="", **params)
    if isinstance(person, Confirmation):
        return to_witness(edition, person, template, cause, locale, honorific="", **params)
    return to_member(edition, person, template, cause, locale, honorific="", **params)


def to_witness(edition: Edition, witness: Confirmation, template: str, cause: str, locale: str, **params: Any) -> NewMail:
    """A mail to somebody outside the nominating unit who is asked to confirm something."""
    return NewMail(template, cause, witness.name, witness.email, "witness", witness.id, locale, about(edition) | params)


def to_reviewer(edition: Edition, reviewer: Reviewer, template: str, cause: str, locale: str, **params: Any) -> NewMail:
    """A mail to a reviewer, with the title that the salutation uses."""
    params = about(edition) | {"honorific": reviewer.title} | params
    return NewMail(template, cause, reviewer.name, reviewer.email, "reviewer", reviewer.id, locale, params)


def to_member(edition: Edition, member: Member, template: str, cause: str, locale: str, version: int = 1, **params: Any) -> NewMail:
    """A mail to a committee member or a signatory."""
    params = about(edition) | params
    return NewMail(template, cause, member.name, member.email, member.role, member.id, locale, params, version)


def about(edition: Edition) -> dict[str, Any]:
    """What every mail says about its edition; the label follows the title unless the title holds it already."""
    title, label = edition.process.title, edition.label
    process = {
        "zh": title.zh if label in title.zh else f"{title.zh}（{label}）",
        "en": title.en if label in title.en else f"{title.en} ({label})",
    }
    hosts = sorted(edition.process.hosts, key=lambda host: not host.lead)
    return {"process": process, "hosts": [words(host.name) for host in hosts], "rehearsal": edition.rehearsal}


def words(text: Words | None) -> dict[str, str] | None:
    """A declared text as a plain value."""
    return None if text is None else {"zh": text.zh, "en": text.en}


def iso(moment: datetime | None) -> str | None:
    """A time as a plain value."""
    return None if moment is None else moment.isoformat()


def digest(*texts: str) -> str:
    """A short name for what a mail tells: the same texts, the same name."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]
