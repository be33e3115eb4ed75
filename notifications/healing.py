"""Mails to reviewers who have not answered, not begun, or lost entries to somebody else (rules R8 and S4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.edition import Edition, NewMail, Reviewer, StageRun
from models.healing import Cause
from notifications.envelopes import digest, iso, to_reviewer

ZH = "zh_CN"


def reply_reminder(edition: Edition, run: StageRun, reviewer: Reviewer, count: int, until: datetime, *, locale: str = ZH) -> NewMail:
    """Asks once more whether a reviewer takes `count` entries; says until when, and what happens then."""
    cause = f"{run.name}:reply:{until:%Y%m%dT%H%MZ}"
    return to_reviewer(edition, reviewer, "reply_reminder", cause, locale, count=count, until=iso(until), closes=iso(run.closes_at))


def begin_reminder(edition: Edition, run: StageRun, reviewer: Reviewer, count: int, until: datetime, *, locale: str = ZH) -> NewMail:
    """Tells a reviewer who has accepted that `count` entries are not begun; says until when something must be saved."""
    cause = f"{run.name}:begin:{until:%Y%m%dT%H%MZ}"
    return to_reviewer(edition, reviewer, "begin_reminder", cause, locale, count=count, until=iso(until), closes=iso(run.closes_at))


def review_lapsed(
    edition: Edition, run: StageRun, reviewer: Reviewer, why: Cause, count: int, at: datetime, *, locale: str = ZH
) -> NewMail:  # fmt: skip
    """Tells a reviewer that all `count` entries were given to somebody else, and how to come back."""
    cause = f"{run.name}:lapsed:{digest(why, at.isoformat())}"
    return to_reviewer(edition, reviewer, "review_lapsed", cause, locale, why=why, count=count, closes=iso(run.closes_at))


def review_closed(
    edition: Edition, run: StageRun, reviewer: Reviewer, codes: Sequence[str], complete: Sequence[str], *, left: int = 0,
    until: datetime | None = None, locale: str = ZH,
) -> NewMail:  # fmt: skip
    """Tells a reviewer that sheets were closed without a signature and do not count; `complete` are those that lacked nothing else.

    Where the review goes on until a later date for entries that lack scores, `left` of the reviewer's sheets are of those.
    """
    cause = f"{run.name}:expired:{run.round}"
    return to_reviewer(
        edition, reviewer, "review_closed", cause, locale, codes=list(codes), complete=list(complete), count=len(codes), left=left,
        until=iso(until),
    )  # fmt: skip
