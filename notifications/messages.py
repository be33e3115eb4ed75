"""One function per mail: from the values of the engine to the plain parameters of a template.

A cause is `<stage name>:<what>[:<detail>]`. It is the same whenever the same thing is told again,
so that a second try of a stage inserts nothing new. No mail holds a link, a mark or a vote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.declared import Words
from models.edition import Edition, Entry, Holder, Member, NewMail, Nominator, Reviewer, StageRun
from notifications.committee import shortlist_changed as shortlist_changed
from notifications.committee import shortlist_packet as shortlist_packet
from notifications.envelopes import about as _about
from notifications.envelopes import digest as _digest
from notifications.envelopes import iso as _iso
from notifications.envelopes import to_member as _to_member
from notifications.envelopes import to_nominator as _to_nominator
from notifications.envelopes import to_person as _to_person
from notifications.envelopes import to_reviewer as _to_reviewer
from notifications.envelopes import words as _words
from notifications.form_checks import correction_asked as correction_asked
from notifications.form_checks import correction_lapsed as correction_lapsed
from notifications.healing import begin_reminder as begin_reminder
from notifications.healing import reply_reminder as reply_reminder
from notifications.healing import review_closed as review_closed
from notifications.healing import review_lapsed as review_lapsed
from notifications.nominations import asked_of as _asked_of
from notifications.nominations import avoidances_decided as avoidances_decided
from notifications.nominations import call_extended as call_extended
from notifications.nominations import confirmation_refused as confirmation_refused
from notifications.nominations import confirmation_request as confirmation_request
from notifications.nominations import confirmations_missing as confirmations_missing
from notifications.nominations import duplicate_warning as duplicate_warning
from notifications.nominations import quota_granted as quota_granted
from notifications.office import file_quarantined as file_quarantined
from notifications.office import seats_empty as seats_empty
from notifications.panels import review_invitation as review_invitation
from notifications.panels import review_less as review_less
from notifications.panels import review_more as review_more

ZH = "zh_CN"

_STAGES = {
    "submission": {"zh": "推荐申报", "en": "submission"},
    "scoring": {"zh": "专家评审", "en": "scoring"},
    "shortlisting": {"zh": "确定入围", "en": "shortlisting"},
    "voting": {"zh": "评委会表决", "en": "committee vote"},
    "signoff": {"zh": "会签", "en": "sign-off"},
    "notice": {"zh": "公示", "en": "public notice"},
    "publication": {"zh": "公布结果", "en": "publication"},
}
_ADMIN = {"zh_CN": "管理员", "en": "Administrator"}
_OWN_NAME = ("person", "team", "organisation")
"""Kinds of subject whose title is a name by which they can be addressed."""


def call_opened(edition: Edition, run: StageRun, nominator: Nominator, quota: Mapping[str, int], *, locale: str = ZH) -> NewMail:
    """The call, to a nominator; `quota` says how many entries per class the unit may put forward (rule N1)."""
    lines = []
    for name, most in quota.items():
        declared = edition.process.class_named(name)
        lines.append({"title": _words(declared.title), "counter": declared.counter, "max": most})
    return _to_nominator(
        edition, nominator, "call_opened", f"{run.name}:opened", locale, quota=lines, opens=_iso(run.opened_at or run.opens_at),
        closes=_iso(run.closes_at), asks=[_words(one) for one in _asked_of(edition, run, nominator)],
    )  # fmt: skip


def call_reminder(edition: Edition, run: StageRun, nominator: Nominator, days_left: int, drafts: int = 0, *, locale: str = ZH) -> NewMail:
    """To a nominator that has put nothing forward yet, or has `drafts` forms that were not handed in."""
    cause = _reminder(run, days_left)
    return _to_nominator(
        edition, nominator, "call_reminder", cause, locale, days_left=days_left, drafts=drafts, closes=_iso(run.closes_at)
    )  # fmt: skip


def entries_received(edition: Edition, nominator: Nominator, titles: Sequence[str], *, locale: str = ZH) -> NewMail:
    """The receipt for what a nominator has handed in; the same titles give the same receipt."""
    cause = f"{_first_stage(edition)}:received:{_digest(*titles)}"
    return _to_nominator(edition, nominator, "entries_received", cause, locale, titles=list(titles))


def form_result(
    edition: Edition,
    nominator: Nominator,
    accepted: Sequence[tuple[str, str]],
    refused: Sequence[tuple[str, Sequence[str]]],
    *,
    locale: str = ZH,
) -> NewMail:
    """The result of the form check: (code, title) of what goes on, (title, reasons) of what does not (rule F3)."""
    return _to_nominator(
        edition,
        nominator,
        "form_result",
        f"{_first_stage(edition)}:form_result",
        locale,
        accepted=[{"code": code, "title": title} for code, title in accepted],
        refused=[{"title": title, "reasons": list(reasons)} for title, reasons in refused],
    )


def review_reminder(
    edition: Edition, run: StageRun, reviewer: Reviewer, missing: int, days_left: int, *, complete: Sequence[str] = (), locale: str = ZH
) -> NewMail:  # fmt: skip
    """To a reviewer with `missing` unsigned sheets; `complete` are the codes of those that lack only the signature."""
    cause = _reminder(run, days_left)
    return _to_reviewer(
        edition, reviewer, "review_reminder", cause, locale, missing=missing, days_left=days_left, closes=_iso(run.closes_at),
        complete=list(complete),
    )  # fmt: skip


def review_thanks(edition: Edition, run: StageRun, reviewer: Reviewer, count: int, *, again: int = 0, locale: str = ZH) -> NewMail:
    """Thanks for `count` signed sheets; once per round, and anew after sheets were opened and signed `again`."""
    cause = f"{run.name}:thanks:{run.round}" + (f":{again}" if again else "")
    return _to_reviewer(edition, reviewer, "review_thanks", cause, locale, count=count)


def sheet_reopened(
    edition: Edition, run: StageRun, reviewer: Reviewer, codes: Sequence[str], reason: str, revision: int, *, locale: str = ZH
) -> NewMail:
    """Tells a reviewer that signed sheets are open again, and why (rule S9); `revision` is the highest of what was signed."""
    cause = f"{run.name}:reopened:{revision}:{_digest(*codes)}"
    return _to_reviewer(
        edition, reviewer, "sheet_reopened", cause, locale, codes=list(codes), reason=reason, closes=_iso(run.closes_at)
    )  # fmt: skip


def reason_asked(edition: Edition, run: StageRun, reviewer: Reviewer, code: str, until: datetime, *, locale: str = ZH) -> NewMail:
    """Asks a reviewer whose marks are far from those of the others for a written reason (rule S5); says nothing of the others."""
    return _to_reviewer(edition, reviewer, "reason_asked", f"{run.name}:reason:{code}", locale, code=code, until=_iso(until))


def ballot_reminder(edition: Edition, run: StageRun, member: Member, days_left: int, *, locale: str = ZH) -> NewMail:
    """To a committee member who has not answered."""
    cause = _reminder(run, days_left)
    return _to_member(edition, member, "ballot_reminder", cause, locale, days_left=days_left, closes=_iso(run.closes_at))


def signoff_request(
    edition: Edition,
    run: StageRun,
    member: Member,
    party_title: Words,
    round: int,  # noqa: A002
    *,
    locale: str = ZH,
) -> NewMail:
    """Asks a body to agree to the list (rule J1); `round` above 0 = the list has been changed and goes out again."""
    party, cause = _words(party_title), f"{run.name}:request:{round}"
    return _to_member(edition, member, "signoff_request", cause, locale, party=party, round=round, closes=_iso(run.closes_at))


def signoff_reminder(edition: Edition, run: StageRun, member: Member, party_title: Words, days_left: int, *, locale: str = ZH) -> NewMail:
    """To the signatory of a body that has not answered; says what silence will mean (rule J2)."""
    return _to_member(
        edition,
        member,
        "signoff_reminder",
        _reminder(run, days_left),
        locale,
        party=_words(party_title),
        days_left=days_left,
        closes=_iso(run.closes_at),
        silence_agrees=getattr(run.declared, "overdue", "wait") == "agree",
    )


def notice_opened(
    edition: Edition, run: StageRun, nominator: Nominator, first_day: str, last_day: str, count: int, *, locale: str = ZH
) -> NewMail:
    """Tells a nominator that the list of `count` entries is public; ISO dates, both counted (rule G4)."""
    return _to_nominator(
        edition,
        nominator,
        "notice_opened",
        f"{run.name}:opened:{first_day}",
        locale,
        first_day=first_day,
        last_day=last_day,
        count=count,
        objections_to=_words(getattr(run.declared, "objections_to", None)),
    )


def result_winner(edition: Edition, entry: Entry, tier_title: Words | None, class_title: Words, *, locale: str = ZH) -> NewMail:
    """The good news, to the entry's own address."""
    own_name = edition.process.class_named(entry.class_name).subject in _OWN_NAME
    return NewMail(
        template="result_winner",
        cause=f"{_last_stage(edition)}:result:{entry.code}",
        to_name=entry.title if own_name else entry.unit,
        to_address=entry.email,
        role=None,
        person=None,
        locale=locale,
        params=_about(edition)
        | {"title": entry.title, "own_name": own_name, "tier": _words(tier_title), "class_title": _words(class_title)},
    )


def result_nominator(
    edition: Edition, nominator: Nominator, awards: Sequence[tuple[str, Words | None, Words]], *, locale: str = ZH
) -> NewMail:
    """The result, to a nominator: (title, tier or None, class) of each of its awarded entries; may be empty."""
    lines = [{"title": title, "tier": _words(tier), "class_title": _words(class_title)} for title, tier, class_title in awards]
    return _to_nominator(edition, nominator, "result_nominator", f"{_last_stage(edition)}:result", locale, awards=lines)


def stage_blocked(edition: Edition, run: StageRun, address: str, cause: str, zh: str = "", *, locale: str = ZH) -> NewMail:
    """Tells an admin why the engine waits for a person; once per reason and round. `zh` is the reason in Chinese, if it has one."""
    title = _words(run.declared.title) or _STAGES[run.declared.kind]
    return NewMail(
        template="stage_blocked",
        cause=f"{run.name}:blocked:{run.round}:{_digest(cause)}",
        to_name=_ADMIN[locale],
        to_address=address,
        role=None,
        person=None,
        locale=locale,
        params=_about(edition) | {"stage": title, "reason": zh if zh and locale == ZH else cause},
    )


def admin_sign_in(address: str, *, request: str = "", minutes: int | None = None, locale: str = ZH) -> NewMail:
    """The sign-in link of an admin, valid for some minutes; `request` tells one request from the next."""
    system = {"zh": "金榜评选系统", "en": "Jinbang award reviews"}
    return NewMail(
        template="admin_sign_in",
        cause=f"admin:sign_in:{request}" if request else "admin:sign_in",
        to_name=_ADMIN[locale],
        to_address=address,
        role=None,
        person=None,
        locale=locale,
        params={"process": system, "hosts": [system], "rehearsal": False, "minutes": minutes},
    )


def link_again(edition: Edition, person: Holder, at: datetime, *, locale: str = ZH) -> NewMail:
    """A personal link, because its holder asked for it at a time."""
    return _to_person(edition, person, "link_again", f"link:again:{at:%Y%m%dT%H%M%S.%f}", locale)


def link_code(edition: Edition, reviewer: Reviewer, code: str, minutes: int, *, locale: str = ZH) -> NewMail:
    """The code that a browser asks for after entering; it goes past the outbox, which must not hold it."""
    params = _about(edition) | {"honorific": reviewer.title, "code": code, "minutes": minutes}
    return NewMail("link_code", "link:code", reviewer.name, reviewer.email, None, None, locale, params)


def new_device(edition: Edition, person: Holder, device: str, at: datetime, *, locale: str = ZH) -> NewMail:
    """Tells a person that the link was opened on a device that it had not been opened on; once per device."""
    return _to_person(edition, person, "new_device", f"link:device:{_digest(person.id, device)}", locale, at=_iso(at))


def _reminder(run: StageRun, days_left: int) -> str:
    """`<stage>:reminder:<days>`, and the deadline: one that is moved is reminded of again."""
    head = f"{run.name}:reminder:{days_left}"
    return head if run.closes_at is None else f"{head}:{run.closes_at:%Y%m%dT%H%MZ}"


def _first_stage(edition: Edition) -> str:
    return edition.process.stages[0].name


def _last_stage(edition: Edition) -> str:
    return edition.process.stages[-1].name
