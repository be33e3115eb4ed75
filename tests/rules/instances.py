"""Small random instances, and an independent solver (HiGHS) that states the draw as inequalities instead of a network."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import highspy
import numpy as np

from models.instances import Instance
from rules import lots
from rules.panel_instance import LOT_BITS

Pair = tuple[str, str]


def random_instance(seed: int, *, entries: int = 8, reviewers: int = 8, levels: int = 1000) -> dict[str, Any]:
    """An instance with units, sometimes groups and lifted units; with few levels of affinity most draws are ties."""
    chance = random.Random(seed)
    count, pool = chance.randint(1, entries), chance.randint(0, reviewers)
    groups = {"g": chance.randint(0, 3)} if chance.random() < 0.4 else {}
    group_of = {unit: chance.choice(["g", None]) if groups else None for unit in "abc"}
    people: list[dict[str, Any]] = []
    for number in range(pool):
        unit, most = chance.choice(["a", "b", "c", None]), chance.randint(0, 4)
        group = group_of[unit] if unit else chance.choice(["g", None]) if groups else None
        people.append({"id": f"r{number}", "unit": unit, "min": chance.randint(0, most), "max": most, "group": group})
    names = [f"e{number}" for number in range(count)]
    units = sorted({one["unit"] for one in people if one["unit"]})
    return {
        "per_entry": {one: chance.randint(0, 4) for one in names} if chance.random() < 0.5 else chance.randint(1, 4),
        "entries": names,
        "reviewers": people,
        "pairs": [
            (entry, one["id"], chance.randrange(levels + 1) * (1000 // levels))
            for entry in names
            for one in people
            if chance.random() < 0.7
        ],
        "per_unit": random.Random(-seed).choice([1, 1, 2]),
        "groups": groups,
        "together": [(names[0], units[0])] if units and chance.random() < 0.2 else [],
    }


def shuffled(given: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same instance with all lists in another order."""
    chance = random.Random(seed)
    return given | {key: chance.sample(given[key], len(given[key])) for key in ("entries", "reviewers", "pairs", "together")}


def built(given: dict[str, Any]) -> Instance:
    """As a value."""
    return Instance.model_validate(given)


class Inequalities:
    """The formulation of decision 0004: choices x, empty seats e and lacking loads d, minimised one aim after the other."""

    def __init__(self, instance: Instance) -> None:
        self.pairs = sorted((entry, reviewer, affinity) for entry, reviewer, affinity in instance.pairs)
        self.entries, self.pool = sorted(instance.entries), sorted(instance.reviewers, key=lambda one: one.id)
        self.model = highspy.Highs()
        self.model.setOptionValue("output_flag", False)
        self.model.setOptionValue("mip_rel_gap", 0.0)
        self.model.setOptionValue("mip_abs_gap", 0.0)
        sizes = instance.sizes()
        self.columns = [1.0] * len(self.pairs) + [float(sizes[one]) for one in self.entries] + [float(one.min) for one in self.pool]
        for most in self.columns:
            self.model.addVar(0.0, most)
        for column in range(len(self.columns)):
            self.model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        self._limits(instance, sizes)

    def _limits(self, instance: Instance, sizes: dict[str, int]) -> None:
        of: dict[Any, list[int]] = defaultdict(list)
        member = {one.id: one for one in self.pool}
        for column, (entry, reviewer, _) in enumerate(self.pairs):
            one = member[reviewer]
            of["entry", entry].append(column)
            of["reviewer", reviewer].append(column)
            if one.unit and (entry, one.unit) not in instance.together:
                of["unit", entry, one.unit].append(column)
            if one.group:
                of["group", entry, one.group].append(column)
        first_empty, first_lacking = len(self.pairs), len(self.pairs) + len(self.entries)
        for at, entry in enumerate(self.entries):
            self._row(sizes[entry], sizes[entry], [*of["entry", entry], first_empty + at])
        for at, one in enumerate(self.pool):
            self._row(0, one.max, of["reviewer", one.id])
            self._row(one.min, np.inf, [*of["reviewer", one.id], first_lacking + at])
        for key, columns in list(of.items()):
            if key[0] in ("unit", "group"):
                self._row(0, instance.per_unit if key[0] == "unit" else instance.groups[key[2]], columns)

    def _row(self, least: float, most: float, columns: list[int]) -> None:
        self.model.addRow(float(least), float(most), len(columns), np.array(columns, dtype=np.int32), np.ones(len(columns)))

    def _least(self, costs: list[float]) -> list[int]:
        """Minimise, and hold to what was reached."""
        for column, cost in enumerate(costs):
            self.model.changeColCost(column, cost)
        self.model.run()
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise AssertionError(self.model.getModelStatus())
        values = [round(one) for one in self.model.getSolution().col_value]
        reached = sum(cost * value for cost, value in zip(costs, values, strict=True))
        columns = [column for column, cost in enumerate(costs) if cost]
        if all(cost == int(cost) for cost in costs) and columns:
            self.model.addRow(-np.inf, reached, len(columns), np.array(columns, dtype=np.int32), np.array([costs[one] for one in columns]))
        return values

    def solved(self, seed: int) -> tuple[Pair, ...]:
        """The pairs, seat for seat."""
        chosen, empty, lacking = len(self.pairs), len(self.entries), len(self.pool)
        self._least([0.0] * chosen + [1.0] * empty + [0.0] * lacking)
        self._least([0.0] * (chosen + empty) + [1.0] * lacking)
        self._least([-float(affinity) for _, _, affinity in self.pairs] + [0.0] * (empty + lacking))
        values = self._least([one / 2**LOT_BITS for one in self._lots(seed)] + [0.0] * (empty + lacking))
        return tuple((entry, reviewer) for (entry, reviewer, _), value in zip(self.pairs, values, strict=False) if value)

    def _lots(self, seed: int) -> list[int]:
        entry = dict(zip(self.entries, lots.hashes(seed, "entry", self.entries), strict=True))
        ids = [one.id for one in self.pool]
        reviewer = dict(zip(ids, lots.hashes(seed, "reviewer", ids), strict=True))
        both = np.array([entry[one] ^ reviewer[other] for one, other, _ in self.pairs], dtype=np.uint64)
        return [int(one) for one in lots.mixed(both, bits=LOT_BITS)]
