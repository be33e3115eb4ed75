"""Synthetic values for what is asked of an entry. A field is filled by its name where that says enough, else by its kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from models.process import FormField
from rules import eligibility
from rules.digests import words_digest
from tasks import samples_words as words

DOCUMENTS = 12
"""So many of the first papers of a rehearsal name an anonymous document."""


@dataclass
class Subject:
    """What is known of an entry while its form is being filled."""

    dice: random.Random
    number: int
    """From 1 within the process."""
    title: str
    unit: str
    topic: str
    person: Callable[[], str]
    """Gives a further name."""
    discipline: str = ""
    """Code, where the class asks for one."""
    fails: str = ""
    """Name of the field by which the entry is not eligible."""
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Choice field -> how often each of its values occurs, where not all are alike."""
    values: dict[str, Any] = field(default_factory=dict)


def fill(fields: tuple[FormField, ...], subject: Subject) -> Mapping[str, Any]:
    """Fill a form; empty answers are left out, as in a file that was read."""
    for one in fields:
        value = _answer(one, subject) if eligibility.is_asked(one, subject.values) else ""
        if value:
            subject.values[one.name] = value
    return dict(subject.values)


def can_fail(fields: tuple[FormField, ...]) -> tuple[str, ...]:
    """Name the fields by which a declared rule can find an entry not eligible."""
    return tuple(one.name for one in fields if (one.eligible_min is not None and one.eligible_min > 0) or one.earliest or one.latest)


def prose(dice: random.Random, topic: str, longest: int) -> str:
    """Write two or three sentences of at most so many characters."""
    text = "".join(dice.sample(words.SENTENCES, 3)).format(topic=topic)
    return text if len(text) <= longest else text[: longest - 1] + "。"


def _answer(one: FormField, subject: Subject) -> Any:
    if one.name in _BY_NAME:
        text = _BY_NAME[one.name](subject)
        if one.kind in ("text", "email", "phone", "id_number"):
            return text[: one.max_length] if one.max_length else text
        return text
    match one.kind:
        case "number":
            return _number(one, subject)
        case "date" | "month":
            day = _day(one, subject).isoformat()
            return day if one.kind == "date" else day[:7]
        case "choice":
            return _choice(one, subject)
        case "people":
            return _people(subject, subject.dice.randint(1, min(4, one.max_length or 4)))
        case "discipline":
            return subject.discipline
        case "email":
            return f"form{subject.number:04d}.{one.name.replace('_', '-')}@example.org"
        case "phone":
            return "000-0000"
        case "id_number":
            return _wrong_id(subject)
        case "declaration":
            return words_digest(one.text) if one.text else ""
        case "file":
            return ""
    return prose(subject.dice, subject.topic, min(one.max_length or 120, 120))


def _number(one: FormField, subject: Subject) -> str:
    lowest = int(max(one.min or Decimal(0), one.eligible_min or Decimal(0)))
    if subject.fails == one.name:
        return str(max(int(one.min or 0), lowest - 1 - subject.dice.randrange(max(1, lowest // 4))))
    highest = int(one.max) if one.max is not None else max(3 * lowest, lowest + 60)
    return str(subject.dice.randint(lowest, highest))


def _day(one: FormField, subject: Subject) -> date:
    first = one.earliest.date() if one.earliest else date(2015, 1, 1)
    last = one.latest.date() if one.latest else date(2025, 12, 31)
    if subject.fails == one.name:
        return first - timedelta(days=subject.dice.randint(1, 700)) if one.earliest else last + timedelta(days=subject.dice.randint(1, 90))
    return first + timedelta(days=subject.dice.randint(0, (last - first).days))


def _choice(one: FormField, subject: Subject) -> str:
    if weights := subject.weights.get(one.name):
        return subject.dice.choices(one.choices, [weights.get(choice, 0) for choice in one.choices])[0]
    return subject.dice.choice(one.choices)


def _people(subject: Subject, count: int) -> list[dict[str, str]]:
    return [{"name": subject.person(), "unit": subject.unit if n == 0 or subject.dice.random() < 0.7 else ""} for n in range(count)]


def _birth_month(subject: Subject) -> str:
    return f"{subject.dice.randint(1958, 1996)}-{subject.dice.randint(1, 12):02d}"


def _wrong_id(subject: Subject) -> str:
    """Make an identity number of no region, with a check digit that is never right."""
    digits = "000000" + subject.values.get("birth_month", "1980-01").replace("-", "") + f"01{subject.number % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    right = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return str(digits) + "10X98765432"[(right + 1) % 11]


def _corresponding(subject: Subject) -> str:
    return str(subject.values["authors"][-1]["name"]) if subject.values.get("authors") else subject.person()


def _issue(subject: Subject) -> str:
    first = subject.dice.randint(1, 900)
    return f"{subject.dice.randint(10, 60)}({subject.dice.randint(1, 12)}): {first}-{first + subject.dice.randint(5, 14)}"


_BY_NAME: dict[str, Callable[[Subject], Any]] = {
    "ethnic": lambda one: one.dice.choice(words.ETHNIC),
    "birth_month": _birth_month,
    "party": lambda one: one.dice.choice(("中共党员", "群众", "民主党派")),
    "post": lambda one: one.dice.choice(words.POSTS),
    "professional_title": lambda one: one.dice.choice(words.TITLES),
    "degree": lambda one: one.dice.choice(words.DEGREES),
    "mobile": lambda one: f"000-{one.number:04d}",
    "photo": lambda one: "",
    "title_en": lambda one: f"A study of example subject {one.number}",
    "issn": lambda one: f"0000-{one.number % 10_000:04d}",
    "indexed_in": lambda one: one.dice.choice(("", "示例引文库", "示例文摘库")),
    "genre": lambda one: "研究论文",
    "cadre": lambda one: "无",
    "journal": lambda one: one.dice.choice(words.JOURNALS),
    "issue": _issue,
    "doi": lambda one: f"10.00000/example.{one.number:05d}" if one.dice.random() < 0.8 else "",
    "corresponding_author": _corresponding,
    "leader": lambda one: one.person(),
    "legal_rep": lambda one: one.person(),
    "advisor": lambda one: one.person() if one.dice.random() < 0.4 else "",
    "contact": lambda one: f"{one.person()} 000-{one.number:04d}",
    "uscc": lambda one: f"00EXAMPLE{one.number:09d}",
    "licence": lambda one: "同意" if one.dice.random() < 0.9 else "不同意",
    "blind_text": lambda one: f"P{one.number:04d}.pdf" if one.number <= DOCUMENTS else "",
    "media": lambda one: f"W{one.number:04d}.jpg",
    "dimensions": lambda one: one.dice.choice(("3分20秒", "5分钟", "60×80厘米", "A3", "1200字")),
    "period": lambda one: "2026-01至2027-12",
    "volunteer_no": lambda one: f"SL000{one.number:05d}",
    "founded": lambda one: f"{one.dice.randint(2005, 2021)}-{one.dice.randint(1, 12):02d}",
    "brand": lambda one: f"{one.topic}进万家",
}
