"""A draw as a document: all that it was asked, in a form that can be kept for years and solved again (rule R1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from rules import assignment
from rules.panel_terms import Group, Need, Panelist, Plan, Terms

VERSION = "panels-2"
"""Names how draws are solved here; it changes when the same document would be drawn otherwise."""


def document(
    needs: Sequence[Need], panelists: Sequence[Panelist], *, seed: int, unit_matters: bool, taken: Mapping[str, int], terms: Terms
) -> dict[str, Any]:
    """What `assignment.plan` is asked, as plain values in sorted order.

    Keywords, and least loads of single reviewers, are named only where they count, so that other draws have the same document as before
    there were any.
    """
    least = {one.id: one.least for one in panelists if one.least is not None}
    words = {} if not terms.keywords else {"keywords": {
        "at_most": terms.keywords,
        "needs": {one.entry: list(one.keywords) for one in needs if one.keywords},
        "panelists": {one.id: list(one.keywords) for one in panelists if one.keywords},
    }}  # fmt: skip
    return {
        **words,
        **({"least": least} if least else {}),
        "version": VERSION,
        "seed": str(seed),  # JSON readers keep 53 bits of a number
        "unit_matters": unit_matters,
        "needs": [
            [one.entry, one.seats, one.unit, one.topic, sorted(one.barred), sorted(one.panel_units), sorted(one.kept), one.there]
            for one in sorted(needs, key=lambda one: one.entry)
        ],
        "panelists": [
            [one.id, one.unit, list(one.disciplines), one.capacity, taken.get(one.id, 0)]
            for one in sorted(panelists, key=lambda one: one.id)
        ],
        "terms": {
            "per_unit": terms.per_unit,
            "groups": [[list(one.units), one.at_most] for one in terms.groups],
            "min_load": terms.min_load,
            "neighbours": {code: list(near) for code, near in terms.neighbours.items()},
            "mode": terms.mode,
        },
    }


def canonical(given: Any) -> bytes:
    """Canonical JSON (RFC 8785): equal values are equal bytes."""
    return rfc8785.dumps(given)


@dataclass(frozen=True)
class Asked:
    """What a document asks, as values."""

    needs: tuple[Need, ...]
    people: tuple[Panelist, ...]
    taken: Mapping[str, int]
    terms: Terms
    seed: int
    unit_matters: bool


def read(given: Mapping[str, Any]) -> Asked:
    """What a document asks."""
    said, words = given["terms"], given.get("keywords", {"at_most": 0, "needs": {}, "panelists": {}})
    terms = Terms(
        per_unit=said["per_unit"],
        groups=tuple(Group(tuple(units), at_most) for units, at_most in said["groups"]),
        min_load=said["min_load"],
        neighbours={code: tuple(near) for code, near in said["neighbours"].items()},
        mode=said["mode"],
        keywords=words["at_most"],
    )
    needs = tuple(
        Need(entry, seats, unit, topic, frozenset(barred), tuple(there), frozenset(kept), fits, tuple(words["needs"].get(entry, ())))
        for entry, seats, unit, topic, barred, there, kept, fits in given["needs"]
    )
    people = tuple(
        Panelist(code, unit, tuple(disciplines), capacity, tuple(words["panelists"].get(code, ())), given.get("least", {}).get(code))
        for code, unit, disciplines, capacity, _ in given["panelists"]
    )
    taken = {code: load for code, _, _, _, load in given["panelists"]}
    return Asked(needs, people, taken, terms, int(given["seed"]), given["unit_matters"])


def solved(given: Mapping[str, Any]) -> Plan:
    """Draw what a document asks."""
    asked = read(given)
    unit_matters, taken = asked.unit_matters, asked.taken
    return assignment.plan(asked.needs, asked.people, seed=asked.seed, unit_matters=unit_matters, taken=taken, terms=asked.terms)


def result(plan: Plan) -> dict[str, Any]:
    """What was drawn, as plain values."""
    return {"pairs": [list(pair) for pair in plan.pairs], "short": dict(sorted(plan.short.items()))}
