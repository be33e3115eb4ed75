"""One version of a shortlist with everything that is said about it: what changed, which groups were merged, how ties were broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.declared import Words
from models.edition import Edition, Entry, Shortlist
from models.errors import NotYet
from models.shortlists import Grounds
from models.store import Store
from rules import shortlist, tie_words
from rules.shortlist import Changes
from rules.tie_words import Told
from tasks import grouping


@dataclass(frozen=True)
class Packet:
    """One version of a shortlist with everything that is said about it."""

    edition: Edition
    listed: Shortlist
    seats: Mapping[str, int]
    grounds: Grounds
    before: Shortlist | None
    """The version before, if there is one."""
    changes: Changes
    """Against the version before; empty for the first."""
    entries: Mapping[str, Entry]
    """By id, those of the version before included."""
    ties: tuple[Told, ...]
    mergers: tuple[Words, ...]

    @property
    def notes(self) -> tuple[tuple[Words, tuple[Words, ...]], ...]:
        """What stands below the list: (heading, lines)."""
        found: list[tuple[Words, tuple[Words, ...]]] = []
        if self.before is not None:
            found.append((changes_head(self), changes_told(self)))
        if self.mergers:
            found.append((Words(zh="并组", en="Merged groups"), self.mergers))
        if self.ties:
            lines = [line for tie in self.ties for line in (tie.head, *map(_indented, tie.parts))]
            found.append((Words(zh="并列的处理", en="How ties were broken"), tuple(lines)))
        return tuple(found)


def of(store: Store, edition_id: str, version: int | None = None) -> Packet:
    """A version of the shortlist; the latest if none is named.

    Raises:
        NotYet: there is no shortlist.
        NotFound: there is no such version.
    """
    edition = store.edition(edition_id)
    versions = {one.version: one for one in store.shortlist_versions(edition_id)}
    if not versions:
        raise NotYet(f"{edition_id}: there is no shortlist yet")
    listed, seats = store.shortlist_version(edition_id, max(versions) if version is None else version)
    before = versions.get(listed.version - 1)
    grounds = store.grounds(edition_id).get(listed.version, Grounds())
    items = [*listed.items, *(before.items if before else ())]
    return Packet(
        edition=edition,
        listed=listed,
        seats=seats,
        grounds=grounds,
        before=before,
        changes=shortlist.changes(before.items, listed.items) if before else Changes((), (), ()),
        entries=store.entries_by_id(item.entry for item in items),
        ties=tuple(tie_words.told(one, edition.process) for one in grounds.ties),
        mergers=tie_words.merged(grouping.mergers(store, edition), edition.process),
    )


def changes_head(packet: Packet) -> Words:
    """Why this version was made."""
    number, reason = packet.listed.version, packet.grounds.reason
    zh, en = f"第{number}版与第{number - 1}版相比", f"Version {number} compared with version {number - 1}"
    return Words(zh=f"{zh}（{reason}）" if reason else zh, en=f"{en} ({reason})" if reason else en)


def changes_told(packet: Packet) -> tuple[Words, ...]:
    """What is on this version and was not on the one before, and the other way round."""
    found = []
    for item in packet.changes.removed:
        entry = packet.entries[item.entry]
        found.append(Words(zh=f"移出：{entry.code} {entry.title}", en=f"taken off: {entry.code} {entry.title}"))
    for item in packet.changes.added:
        entry = packet.entries[item.entry]
        found.append(Words(zh=f"新增：{entry.code} {entry.title}", en=f"added: {entry.code} {entry.title}"))
    for old, new in packet.changes.altered:
        code = packet.entries[new.entry].code
        zh = f"变更：{code} 第{old.place}名 {old.mark} 分 → 第{new.place}名 {new.mark} 分"
        found.append(Words(zh=zh, en=f"altered: {code} place {old.place}, {old.mark} → place {new.place}, {new.mark}"))
    return tuple(found) or (Words(zh="没有变化", en="no entry is different"),)


def _indented(line: Words) -> Words:
    return Words(zh=f"　　{line.zh}", en=f"    {line.en}")
