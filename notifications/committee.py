"""The list to those who vote on it or sign it, and its later versions. Made like the mails of `messages`, through which they are called."""

from __future__ import annotations

from collections.abc import Sequence

from models.edition import Edition, Member, NewMail, StageRun
from notifications.envelopes import iso as _iso
from notifications.envelopes import to_member as _to_member

ZH = "zh_CN"


def shortlist_packet(edition: Edition, run: StageRun, member: Member, count: int, version: int, *, locale: str = ZH) -> NewMail:
    """The shortlist of `count` entries, to a committee member; the list itself is attached when it is sent."""
    cause = f"{run.name}:packet"
    return _to_member(edition, member, "shortlist_packet", cause, locale, version=version, count=count, closes=_iso(run.closes_at))


def shortlist_changed(
    edition: Edition, run: StageRun, member: Member, version: int, count: int, reason: str, added: Sequence[str], removed: Sequence[str],
    *, means: str, locale: str = ZH,
) -> NewMail:  # fmt: skip
    """A new version of the list to whoever has the one before (rule L3); the list itself is attached when it is sent.

    Args:
        edition: The edition.
        run: The stage that asks, or will ask, this member.
        member: The recipient.
        version: Of the list.
        count: Entries on it.
        reason: Why there is a new version.
        added: Code and title of what came on the list.
        removed: Code and title of what was taken off.
        means: For an answer that was given: `none` was, `kept` as it is, `struck` an entry that is gone, `added` are entries that the
            answer does not cover.
        locale: Language of the mail.
    """
    # The same cause as the packet's: where a stage opens later, nobody gets the same version twice.
    cause = f"{run.name}:packet" if member.role == "committee" else f"{run.name}:changed:{version}"
    return _to_member(
        edition, member, "shortlist_changed", cause, locale, version=version + run.round, number=version, count=count, reason=reason,
        added=list(added), removed=list(removed), means=means, signs=member.role == "party", closes=_iso(run.closes_at),
    )  # fmt: skip
