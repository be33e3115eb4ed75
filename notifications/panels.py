"""Mails to reviewers about their lists: what they are asked to review, and what changes while the review is running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.edition import Edition, NewMail, Reviewer, StageRun
from notifications.envelopes import digest, iso, to_reviewer

ZH = "zh_CN"


def review_invitation(
    edition: Edition, run: StageRun, reviewer: Reviewer, count: int, *, reply_by: datetime | None = None, locale: str = ZH
) -> NewMail:  # fmt: skip
    """The invitation to review `count` entries, and until when an answer is awaited."""
    opens, closes = iso(run.opened_at or run.opens_at), iso(run.closes_at)
    return to_reviewer(
        edition, reviewer, "review_invitation", f"{run.name}:invitation", locale, count=count, opens=opens, closes=closes,
        reply_by=iso(reply_by),
    )  # fmt: skip


def review_more(
    edition: Edition,
    run: StageRun,
    reviewer: Reviewer,
    count: int,
    round: int,  # noqa: A002
    *,
    entries: Sequence[str] = (),
    reply_by: datetime | None = None,
    locale: str = ZH,
) -> NewMail:
    """Asks for `count` further reviews: drawn in a later round because marks were missing, or `entries` that lost a reviewer."""
    cause = f"{run.name}:more:{round}" + (f":{digest(*sorted(entries))}" if entries else "")
    return to_reviewer(
        edition, reviewer, "review_more", cause, locale, count=count, round=round, closes=iso(run.closes_at), instead=bool(entries),
        reply_by=iso(reply_by),
    )  # fmt: skip


def review_less(edition: Edition, run: StageRun, reviewer: Reviewer, codes: Sequence[str], occasion: str, *, locale: str = ZH) -> NewMail:
    """Tells a reviewer that entries were given to somebody else and need no further work; `occasion` names the change."""
    cause = f"{run.name}:less:{digest(occasion, *sorted(codes))}"
    return to_reviewer(edition, reviewer, "review_less", cause, locale, codes=list(codes), count=len(codes))
