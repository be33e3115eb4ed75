"""Whether an entry may be handed in by its unit: quota, subjects put forward twice, earlier winners, genres, publicity, composition.

Forms and spreadsheets ask the same `Admission`, in the transaction that then keeps the entry.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from config.calendar import load_calendar
from models.declared import Words
from models.edition import SET_ASIDE, Edition, Entry, Nominator
from models.errors import Fault
from models.intake import NewEntry
from models.stages import SubmissionStage
from models.store import Store
from models.submitting import Laureate
from rules import composition, intake, laureates, proofs, quotas
from rules.eligibility import plain
from tasks.installation import settings

GENRE = "genre"
"""The field that says of what kind a text is; `excluded_genres` are values of it."""


class Admission:
    """What one unit's entries are measured against, as it stands in this transaction.

    `refusals` says what is wrong with one entry; `count` lets it stand, so that the next one is measured with it.
    """

    def __init__(self, store: Store, edition: Edition, unit: Nominator) -> None:
        declared = edition.process.stages[0]
        assert isinstance(declared, SubmissionStage)  # noqa: S101 - a process begins with a submission
        self._store, self._edition, self._unit, self._stage = store, edition, unit, declared
        self._process, self._now = edition.process, edition.now(store.real_now)
        self._standing = {one.id: one for one in store.entries(edition.id) if one.state not in SET_ASIDE}
        self._keys: dict[str, str] = {key: one.id for one in self._standing.values() for key in self._keys_of(one)}
        self._facts = store.facts(unit.id)
        self._grants = store.quota_grants(edition.id, nominator=unit.id)

    @property
    def own(self) -> tuple[Entry, ...]:
        """The unit's entries that stand."""
        return tuple(one for one in self._standing.values() if one.nominator == self._unit.id)

    def refusals(self, new: NewEntry, replaced: Entry | None = None) -> list[Fault]:
        """Why an entry cannot be handed in, each with the field that it concerns, if any; empty if it can.

        Args:
            new: What is handed in.
            replaced: The entry that it changes; None if it is a further one.
        """
        without = "" if replaced is None else replaced.id
        return [*self.of_entry(new, replaced), *self.list_refusals(), *self._out_of_balance(new, without)]

    def of_entry(self, new: NewEntry, replaced: Entry | None = None) -> list[Fault]:
        """What keeps an entry out by itself or beside those that stand: quota, the same subject, its genre, an earlier award."""
        without = "" if replaced is None else replaced.id
        return [*self._over_quota(new, without), *self._twice(new, without), *self._genre(new), *self._won_before(new)]

    def list_refusals(self) -> list[Fault]:
        """Why the unit can hand in nothing at all yet: its own publicity is not proven (rule N6)."""
        if self._stage.publicity_proof is None:
            return []
        known = load_calendar(settings().data_dir / "calendar" / "cn")
        stated = self._facts.get(proofs.FACT)
        said = proofs.refusal(
            self._stage.publicity_proof, stated, now=self._now, zone=self._process.time_zone, calendar=known
        )  # fmt: skip
        return [] if said is None else [_fault(said)]

    def unstated(self) -> list[Fault]:
        """What the unit must state before its shares can be counted: the size of its own first round (rule N1)."""
        if self._process.nominators[self._unit.type].share is None:
            return []
        classes = [one.name for one in self._process.classes if quotas.first_round(one.name, self._facts) is None]
        said = (
            quotas.refusal(self._process, self._unit, name, facts=self._facts, grants=self._grants, entries=(), new={})
            for name in classes
            if name in self._process.nominators[self._unit.type].max
        )
        return [_fault(one) for one in said if one is not None]

    def imbalances(self) -> tuple[composition.Imbalance, ...]:
        """Limits that the unit's list, as it stands, does not keep (rule N9)."""
        return composition.imbalances(self._stage.composition, self.own)

    def count(self, entry: Entry) -> None:
        """Let an entry stand: what comes next is measured with it."""
        self.forget(entry.id)
        self._standing[entry.id] = entry
        for key in self._keys_of(entry):
            self._keys.setdefault(key, entry.id)

    def forget(self, entry_id: str) -> None:
        """Let an entry stand no longer."""
        if self._standing.pop(entry_id, None) is not None:
            self._keys = {key: one for key, one in self._keys.items() if one != entry_id}

    # -- one rule each ----------------------------------------------------------------------------------------------

    def _over_quota(self, new: NewEntry, without: str) -> list[Fault]:
        own = [one for one in self.own if one.class_name == new.class_name and one.id != without]
        said = quotas.refusal(
            self._process, self._unit, new.class_name, facts=self._facts, grants=self._grants, entries=[one.fields for one in own],
            new=new.fields,
        )  # fmt: skip
        return [] if said is None else [_fault(said)]

    def _twice(self, new: NewEntry, without: str) -> list[Fault]:
        """The subject stands already: within a unit never twice, by two units only where the office is to decide (rule N4)."""
        keys = self._keys_of_new(new)
        other = next((self._standing[one] for key in keys if (one := self._keys.get(key)) and one != without), None)
        if other is None:
            return []
        if other.nominator == self._unit.id:
            zh = f"贵单位已提交过同一申报项（{other.code}《{other.title[:60]}》），请修改那一项，或删去本表"
            what = f"your unit has handed in the same subject already ({other.code}, {other.title[:60]})"
            return [Fault(what, "change that entry, or remove this form", field="title", zh=zh)]
        if self._stage.duplicates == "ask":
            return []
        channel = next((one.name for one in self._store.nominators(self._edition.id) if one.id == other.nominator), "")
        zh = f"该申报项已由{channel}推荐；同一申报项只能由一个渠道推荐，请与该单位协商"
        return [Fault(f"this is put forward by {channel} already", "settle between the two units who does", field="title", zh=zh)]

    def _genre(self, new: NewEntry) -> list[Fault]:
        genre = plain(new.fields.get(GENRE))
        if not genre or genre not in {plain(one) for one in self._stage.excluded_genres}:
            return []
        return [
            Fault(f"{genre} is a genre that is not admitted", "withdraw it", field=GENRE, zh=f"“{genre}”不属于本次评选的体裁范围，不能提交")
        ]

    def _won_before(self, new: NewEntry) -> list[Fault]:
        rule = self._stage.not_again
        if rule is None:
            return []
        label = self._edition.label
        won = laureates.barring(rule, self._process, as_entry(self._edition, self._unit, new), self._winners, current=label)
        if won is None:
            return []
        zh = f"曾在{won.label}届获奖（{won.title[:60]}），按规定不再参评"
        return [Fault(f"won in {won.label} already ({won.title[:60]})", "earlier winners cannot stand again", field="title", zh=zh)]

    def _out_of_balance(self, new: NewEntry, without: str) -> list[Fault]:
        """Limits that this very entry breaks; one that it does not touch keeps it from nothing (rule N9)."""
        if not self._stage.composition:
            return []
        own = [one for one in self.own if one.id != without]
        coming = as_entry(self._edition, self._unit, new)
        found = []
        for one in composition.imbalances(self._stage.composition, [*own, coming]):
            counted = coming.id in {entry.id for entry in one.counted}
            if counted == (one.kind == "too_many") and (not one.rule.classes or new.class_name in one.rule.classes):
                found.append(_fault(one.words(), one.rule.field))
        return found

    @cached_property
    def _winners(self) -> tuple[Laureate, ...]:
        return winners(self._store, self._edition)

    def _keys_of(self, entry: Entry) -> Collection[str]:
        subject = self._process.class_named(entry.class_name).subject
        return intake.entry_keys(subject, entry.title, entry.unit, entry.fields)

    def _keys_of_new(self, new: NewEntry) -> Collection[str]:
        return intake.entry_keys(self._process.class_named(new.class_name).subject, new.title, new.unit, new.fields)


def winners(store: Store, edition: Edition) -> tuple[Laureate, ...]:
    """Earlier winners of a process: those of its editions that ran here, and those on lists that were brought in (rule N5)."""
    found = list(store.laureates(edition.process.name))
    for other in store.editions("published"):
        if other.process.name == edition.process.name and other.id != edition.id and other.rehearsal == edition.rehearsal:
            for one in store.entries(other.id, "awarded"):
                found += laureates.from_entry_by_each_key(other.process, one, other.label)
    return tuple(found)


def as_entry(edition: Edition, unit: Nominator, new: NewEntry) -> Entry:
    """What is to come as it will stand, before it has an id and a code."""
    return Entry("", edition.id, "", new.key, new.class_name, "", new.title, new.unit, new.email, unit.id, new.rank, dict(new.fields))


def _fault(said: Words, field: str = "") -> Fault:
    return Fault(said.en, field=field, zh=said.zh)
