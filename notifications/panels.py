"""Mails to reviewers whose lists change while the review is running."""

from __future__ import annotations

from collections.abc import Sequence

from models.edition import Edition, NewMail, Reviewer, StageRun
from notifications.envelopes import digest, iso, to_reviewer

ZH = "zh_CN"


def review_more(
    edition: Edition,
    run: StageRun,
    reviewer: Reviewer,
    count: int,
    round: int,  # noqa: A002
    *,
    entries: Sequence[str] = (),
    locale: str = ZH,
) -> NewMail:
    """Asks for `count` further reviews: drawn in a later round because marks were missing, or `entries` that lost a reviewer."""
    cause = f"{run.name}:more:{round}" + (f":{digest(*sorted(entries))}" if entries else "")
    return to_reviewer(
        edition, reviewer, "review_more", cause, locale, count=count, round=round, closes=iso(run.closes_at), instead=bool(entries)
    )  # fmt: skip


def review_less(edition: Edition, run: StageRun, reviewer: Reviewer, codes: Sequence[str], occasion: str, *, locale: str = ZH) -> NewMail:
    """Tells a reviewer that entries were given to somebody else and need no further work; `occasion` names the change."""
    cause = f"{run.name}:less:{digest(occasion, *sorted(codes))}"
    return to_reviewer(edition, reviewer, "review_less", cause, locale, codes=list(codes), count=len(codes))
