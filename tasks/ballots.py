"""Which version of the list a member's answer was given to: an answer says nothing of an entry that came on the list later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.edition import Answer, Edition
from models.store import Store


def versions_seen(store: Store, edition: Edition, position: int) -> dict[str, int]:
    """Member id -> the latest version of the list that the member has answered to in a stage."""
    given = [one for one in store.events(edition.id, "AnswerGiven") if one.payload["position"] == position]
    return {one.actor.partition(":")[2]: int(one.payload["shortlist"]) for one in given}


def unseen(store: Store, edition: Edition, position: int) -> dict[str, frozenset[str]]:
    """Member id -> ids of entries that are on the list now and were not on the one that the member answered to."""
    versions = {one.version: frozenset(item.entry for item in one.items) for one in store.shortlist_versions(edition.id)}
    if len(versions) < 2:
        return {}
    now = versions[max(versions)]
    seen = versions_seen(store, edition, position)
    found = {member: now - versions.get(version, frozenset()) for member, version in seen.items()}
    return {member: entries for member, entries in found.items() if entries}


def as_counted(store: Store, edition: Edition, position: int, answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Answers as they count: to what a member has not seen the member has not agreed, and is present all the same."""
    later = unseen(store, edition, position)
    return tuple(
        replace(one, struck=tuple(sorted({*one.struck, *later[one.member]}))) if one.verdict == "agree" and one.member in later else one
        for one in answers
    )
