"""Synthetic people and entries for rehearsals, demos and tests: `python -m tasks.samples FOLDER` writes them as files.

Everything derives from the seed. Nobody exists: units are invented, addresses end in example.org, telephones start with 000.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.declared import Words
from models.errors import InputError
from models.intake import NewEntry, NewMember, NewNominator, NewReviewer
from models.process import AwardClass, FormField, Process
from models.stages import ScoringStage, SignoffStage
from models.subjects import fields_of
from rules import intake
from tasks import samples_values as values
from tasks import samples_words as words

NOT_ELIGIBLE_ONE_IN = 15
"""So many entries of a class that can fail a declared rule contain one that does."""
_FIRST_LEVEL = 3
_KINDS = {"高": "university", "学会": "society", "市": "municipal", "县": "county", "企": "enterprise", "部门": "department",
          "研": "institute", "开发区": "devzone"}  # fmt: skip
"""Sorts of units by what their type is called."""


@dataclass(frozen=True, slots=True)
class SamplePeople:
    """Everybody and everything that one synthetic edition needs."""

    nominators: tuple[NewNominator, ...]
    reviewers: tuple[NewReviewer, ...]
    members: tuple[NewMember, ...]
    entries: tuple[NewEntry, ...]


def make_people(
    process: Process, *, entries: int, nominators: int | None = None, reviewers: int, seed: int, shares: Mapping[str, int] | None = None
) -> SamplePeople:
    """Invent an edition's people and entries; the same arguments give the same ones.

    Args:
        process: The declaration; every entry answers its form, quotas of nominators are kept.
        entries: How many entries, over all classes.
        nominators: How many units; as many as the quotas need if left out.
        reviewers: How many reviewers. Some share a unit with entries, so that conflicts of interest occur.
        seed: What all of it derives from.
        shares: Entries by class, in proportion; like the quotas of the nominators if left out.

    Raises:
        InputError: so few nominators may not put forward so many entries.

    """
    return _Invention(process, seed).make(entries, nominators, reviewers, shares)


def apportion(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Divide a number by largest remainders."""
    whole = sum(shares.values()) or 1
    exact = {name: total * share / whole for name, share in shares.items()}
    found = {name: int(part) for name, part in exact.items()}
    for name in sorted(exact, key=lambda name: found[name] - exact[name])[: total - sum(found.values())]:
        found[name] += 1
    return found


class _Invention:
    def __init__(self, process: Process, seed: int) -> None:
        self._process = process
        self._dice = random.Random(f"{seed}:{process.name}")  # noqa: S311  (invents people, guards nothing)
        self._host = process.name.replace("_", "-")
        self._taken: set[str] = set()
        self._named = 0
        self._places = [first + second for first in words.PLACE_FIRST for second in words.PLACE_SECOND]
        self._dice.shuffle(self._places)

    def make(self, entries: int, nominators: int | None, reviewers: int, shares: Mapping[str, int] | None) -> SamplePeople:
        per_class = self._per_class(entries, shares)
        by_kind = [(kind, self._unit(kind)) for kind in self._kinds(max(40, reviewers // 3))]
        nominating = self._nominators(nominators or self._enough(per_class), by_kind)
        units = [unit for _, unit in by_kind]
        found = self._entries(per_class, nominating, units)
        return SamplePeople(nominating, self._reviewers(reviewers, units, found), self._members(units), found)

    def _per_class(self, entries: int, shares: Mapping[str, int] | None) -> dict[str, int]:
        quotas = {one.name: sum(kind.max.get(one.name, 0) for kind in self._process.nominators.values()) for one in self._process.classes}
        return apportion(entries, shares or quotas)

    def _enough(self, per_class: Mapping[str, int]) -> int:
        """Count the nominators whose quotas hold the entries, with a third to spare."""
        kinds = self._process.nominators.values()
        rounds = max(-(-4 * count // (3 * (sum(kind.max.get(name, 0) for kind in kinds) or 1))) for name, count in per_class.items())
        return max(1, rounds) * len(kinds)

    def _kinds(self, count: int) -> Iterator[str]:
        sorts = ("university", "university", "institute", "enterprise", "hospital", "venue")
        return (sorts[n % len(sorts)] for n in range(count))

    def _unit(self, kind: str) -> str:
        if kind == "society":
            return self._once(lambda: f"示例省{self._dice.choice(words.SOCIETY_FIELDS)}学会")
        if kind == "department":
            return self._once(lambda: f"示例省{self._dice.choice(words.DEPARTMENTS)}厅")
        return self._once(lambda: self._dice.choice(self._places) + self._dice.choice(words.UNIT_FORMS[kind]))

    def _once(self, make: Callable[[], str]) -> str:
        """Make a text that was not made before; a number tells it apart when chance offers nothing new."""
        for _ in range(12):
            text = make()
            if text not in self._taken:
                break
        number = 2
        base = text
        while text in self._taken:
            text, number = f"{base}第{number}组", number + 1
        self._taken.add(text)
        return text

    def _person(self) -> str:
        """Invent a name; the rarer forms come round regularly, so that every list has some."""
        self._named += 1
        turn, dice = self._named % 50, self._dice
        if turn == 7:
            return dice.choice(words.DOTTED)
        if turn == 19:
            return dice.choice(words.LATIN)
        surname = dice.choice(words.COMPOUND_SURNAMES) if turn in (3, 28) else dice.choice(words.SURNAMES)
        return surname + dice.choice(words.RARE_GIVEN if turn in (11, 33) else words.GIVEN)

    def _nominators(self, count: int, units: Sequence[tuple[str, str]]) -> tuple[NewNominator, ...]:
        kinds = list(self._process.nominators)
        free = list(units)
        found = []
        for number in range(1, count + 1):
            kind = kinds[(number - 1) % len(kinds)]
            sort = next((sort for word, sort in _KINDS.items() if word in self._process.nominators[kind].title.zh), "other")
            # Universities, institutes and companies put forward their own people: take them from the common pool.
            own = next((one for one in free if one[0] == sort), None)
            if own:
                free.remove(own)
            name = own[1] if own else self._unit(sort)
            found.append(NewNominator(f"N{number:03d}", name, kind, f"n{number:03d}.{self._host}@example.org", self._person()))
        return tuple(found)

    def _entries(self, per_class: Mapping[str, int], nominating: Sequence[NewNominator], units: Sequence[str]) -> tuple[NewEntry, ...]:
        found: list[NewEntry] = []
        for declared in self._process.classes:
            lines = self._seats(declared, per_class.get(declared.name, 0), nominating)
            fields = fields_of(self._process, declared.name)
            weak = values.can_fail(fields)
            failing = set(self._dice.sample(range(len(lines)), len(lines) // NOT_ELIGIBLE_ONE_IN if weak else 0))
            for position, (nominator, rank) in enumerate(lines):
                fails = self._dice.choice(weak) if position in failing else ""
                like = found[-2] if position == 3 and declared.subject == "person" else None
                number = len(found) + 1
                found.append(self._entry(declared, fields, nominator, rank, number, fails=fails, units=units, like=like))
        return tuple(found)

    def _seats(self, declared: AwardClass, count: int, nominating: Sequence[NewNominator]) -> list[tuple[NewNominator, int]]:
        """Choose who puts the entries of a class forward, within the quotas; each list is ranked from 1 (rule N3)."""
        slots = [one for one in nominating for _ in range(self._process.nominators[one.type].max.get(declared.name, 0))]
        if len(slots) < count:
            what = f"{len(nominating)} nominators may put forward {len(slots)} of {declared.title.en}, but {count} entries are asked"
            raise InputError(f"{what}; ask for more nominators or fewer entries")
        chosen = sorted(self._dice.sample(slots, count), key=lambda one: one.code)
        ranks: Counter[str] = Counter()
        lines = []
        for one in chosen:
            ranks[one.code] += 1
            lines.append((one, ranks[one.code]))
        return lines

    def _entry(
        self, declared: AwardClass, fields: tuple[FormField, ...], nominator: NewNominator, rank: int, number: int, *,
        fails: str, units: Sequence[str], like: NewEntry | None,
    ) -> NewEntry:  # fmt: skip
        area = self._dice.choices(list(words.DISCIPLINE_SHARES), list(words.DISCIPLINE_SHARES.values()))[0]
        code = self._dice.choice(words.DISCIPLINES[area]) + self._dice.choice(("", "", "10", "20", "30"))
        own = nominator.name if nominator.name in units and self._dice.random() < 0.8 else ""
        unit = like.unit if like else own or self._dice.choice(units)
        topics = {"paper": words.PAPER_OBJECTS[area], "project": words.PAPER_OBJECTS[area], "artwork": words.WORK_SUBJECTS}
        topic = self._dice.choice(topics.get(declared.subject, words.TEAM_FIELDS))
        title = like.title if like else self._title(declared, topic)
        share = self._process.nominators[nominator.type].share
        weights = {share.by: {value: float(part) for value, part in share.of.items()}} if share else {}
        subject = values.Subject(self._dice, number, title, unit, topic, self._person, code, fails, weights)
        answers = dict(values.fill(fields, subject))
        if like and answers.get("birth_month") == like.fields.get("birth_month"):
            answers["birth_month"] = "1957-02"
        key = intake.entry_keys(declared.subject, title, unit, answers)[0]
        return NewEntry(key, declared.name, title, unit, f"e{number:05d}.{self._host}@example.org", nominator.code, rank, answers)

    def _title(self, declared: AwardClass, topic: str) -> str:
        dice = self._dice
        match declared.subject:
            case "person":
                return self._person()
            case "team":
                ending = "科技志愿服务队" if "服务队" in declared.title.zh else "创新团队"
                return self._once(lambda: f"{dice.choice(self._places)}{topic}{ending}")
            case "organisation":
                return self._unit(dice.choice(("institute", "enterprise", "hospital", "venue")))
            case "venue":
                return self._unit("venue")
            case "artwork":
                return self._once(lambda: self._maybe_place() + topic + dice.choice(words.WORK_FORMS))
        return self._once(lambda: self._maybe_place() + topic + dice.choice(words.PAPER_METHODS) + dice.choice(words.PAPER_ENDS))

    def _maybe_place(self) -> str:
        return self._dice.choice(self._places) + "地区" if self._dice.random() < 0.3 else ""

    def _reviewers(self, count: int, units: Sequence[str], entries: Sequence[NewEntry]) -> tuple[NewReviewer, ...]:
        skills = self._skills(count, entries)
        elsewhere = [f"外省{unit}" for unit in units]
        found: list[NewReviewer] = []
        for number in range(1, count + 1):
            like = found[1] if number == 5 else None  # two namesakes in one unit
            unit = like.unit if like else self._dice.choice(units if self._dice.random() < 0.6 else elsewhere)
            name = like.name if like else self._person()
            title = self._dice.choice(words.TITLES[:4])
            found.append(NewReviewer(f"R{number:04d}", name, unit, f"r{number:04d}.{self._host}@example.org", title, skills[number - 1]))
        return tuple(found)

    def _skills(self, count: int, entries: Sequence[NewEntry]) -> list[tuple[str, ...]]:
        """Give every reviewer fields of work, in proportion to the entries; each field gets more people than a panel."""
        matched = intake.matched_field(self._process)
        if matched is None:
            titles = [one.title.zh for one in self._process.classes]
            return [tuple(sorted(self._dice.sample(titles, min(2, len(titles))))) for _ in range(count)]
        short = _FIRST_LEVEL if matched.kind == "discipline" else None
        needs = Counter(str(entry.fields[matched.name])[:short] for entry in entries if matched.name in entry.fields)
        order = sorted(needs)
        first = [value for value, people in apportion(count, {value: needs[value] for value in order}).items() for _ in range(people)]
        skills = [{value, order[(order.index(value) + 1) % len(order)]} for value in first]
        panel = max(stage.largest_panel for stage in self._process.stages if isinstance(stage, ScoringStage))
        holders: dict[str, int] = defaultdict(int, Counter(value for one in skills for value in one))
        for value in order:
            # Neighbours in the code list help out where few entries leave too few people.
            lacking = sorted((one for one in skills if value not in one), key=lambda one: (len(one), self._dice.random()))
            for one in lacking[: max(0, 2 * panel - holders[value])]:
                one.add(value)
        self._dice.shuffle(skills)
        return [tuple(sorted(one)) for one in skills]

    def _members(self, units: Sequence[str]) -> tuple[NewMember, ...]:
        found = []
        for number in range(1, self._process.committee_size() + 1):
            address = f"c{number:02d}.{self._host}@example.org"
            found.append(NewMember(f"C{number:02d}", self._person(), self._dice.choice(units), address, chair=number == 1))
        for number, (name, title) in enumerate(parties(self._process).items(), start=1):
            address = f"s{number:02d}.{self._host}@example.org"
            found.append(NewMember(f"S{number:02d}", self._person(), title.zh, address, "party", name))
        return tuple(found)


def parties(process: Process) -> dict[str, Words]:
    """Give the titles of all bodies that sign, by name."""
    return {party.name: party.title for stage in process.stages if isinstance(stage, SignoffStage) for party in stage.parties}


if __name__ == "__main__":
    from config import catalogue
    from tasks import samples_files

    samples_files.write_samples(Path(sys.argv[1]), tuple(catalogue.load_processes().values()), seed=2026)
