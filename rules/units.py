"""Units under their several names and with their branches: what counts as one unit where conflicts of interest are looked for (rule R3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from models.declared import Words
from models.errors import InputError
from models.intake import Row, Table
from models.process import FormField
from models.relations import UnitName
from rules.cells import LONGEST_NAME, read_list, tidy
from rules.columns import Reading
from rules.conflicts import unit_key
from rules.text import clean_unit

UNIT = FormField(
    name="unit", title=Words(zh="单位", en="Unit"), headers=("单位名称", "单位全称", "规范名称", "工作单位", "name"), required=True
)
ALIAS = FormField(name="alias", title=Words(zh="别名", en="Alias"), headers=("曾用名", "简称", "其他名称", "别称", "aliases"))
PARENT = FormField(
    name="parent", title=Words(zh="上级", en="Parent"), headers=("上级单位", "隶属单位", "主管单位", "所属单位", "法人单位", "parent unit")
)

_LONGEST_LIST = 1_000


class Units:
    """Which names stand for one unit. Without a table every name stands for itself."""

    def __init__(self, names: Iterable[UnitName] = ()) -> None:
        self._known = {unit_key(one.name): one for one in names}

    def head(self, unit: str) -> str:
        """The unit at the top of a name; the name as it is if the table does not know it."""
        found = self._known.get(unit_key(unit))
        return unit if found is None else found.head

    def key(self, unit: str) -> str:
        """The same, as it is compared; empty for an empty name."""
        return unit_key(self.head(unit))

    def same(self, one: str, other: str) -> bool:
        """Whether two names lead to one unit; an empty name leads nowhere."""
        return bool(key := self.key(one)) and key == self.key(other)

    def all_names(self, unit: str) -> tuple[str, ...]:
        """Every name under which the same unit, or a branch of it, is known; the given one if there is no other."""
        key = self.key(unit)
        return tuple(one.name for one in self._known.values() if unit_key(one.head) == key) or (unit,)


def read_units(table: Table) -> tuple[UnitName, ...]:
    """Read a table of units: each with its aliases and the unit above it.

    An alias belongs to one unit, and a unit stands below one other; both may go on over several rows and steps.

    Raises:
        InputError: every fault of the table at once: an alias of two units, two parents, a circle.
    """
    return _Tree(table).read()


class _Tree:
    """One reading. Names are compared by `unit_key`, and shown as they were first written."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.reading = Reading(table)
        self.columns = self.reading.columns((UNIT, ALIAS, PARENT))
        self.spelled: dict[str, str] = {}
        self.known: dict[str, tuple[str, Row]] = {}
        """Alias -> its unit, and the row that says so."""
        self.above: dict[str, tuple[str, Row]] = {}
        """Legal unit -> the one above it, and the row."""

    def read(self) -> tuple[UnitName, ...]:
        parents = [one for row in self.table.rows if (one := self._row(row)) is not None]
        self._refuse_circles(self.known, ALIAS, "alias of")
        if not self.reading.faults:  # else nobody can say which unit is meant
            for row, unit, parent in parents:
                self._parent(row, unit, parent)
            self._refuse_circles(self.above, PARENT, "below")
        if self.reading.faults:
            raise InputError(sorted(self.reading.faults, key=lambda fault: fault.row or 0))
        return tuple(self._named(key) for key in sorted(self.spelled))

    def _row(self, row: Row) -> tuple[Row, str, str] | None:
        unit = self._take(row, UNIT)
        none: tuple[str, ...] = ()
        for alias in self.reading.take(row, self.columns, ALIAS, _read_names, none):
            self._alias(row, self._key(alias), unit)
        parent = self._take(row, PARENT)
        return (row, unit, parent) if unit and parent else None

    def _take(self, row: Row, field: FormField) -> str:
        return self._key(self.reading.take(row, self.columns, field, _read_name, ""))

    def _key(self, name: str) -> str:
        """A name as it is compared; how it was first written is remembered."""
        if key := unit_key(name):
            self.spelled.setdefault(key, name)
        return key

    def _alias(self, row: Row, alias: str, unit: str) -> None:
        if not unit or not alias or alias == unit:
            return
        earlier = self.known.setdefault(alias, (unit, row))
        if earlier[0] != unit:
            what = f"{self.spelled[alias]} is an alias of {self.spelled[earlier[0]]} in row {earlier[1].number} already"
            remedy = f"leave it with one of them, or make {self.spelled[unit]} an alias of {self.spelled[earlier[0]]} too"
            self._refuse(row, ALIAS, what, remedy)

    def _parent(self, row: Row, unit: str, parent: str) -> None:
        legal, over = self._end(unit, self.known), self._end(parent, self.known)
        if legal == over:
            what = f"{self.spelled[unit]} and {self.spelled[parent]} are the same unit; none stands below itself"
            self._refuse(row, PARENT, what, "clear the parent, or correct the aliases")
            return
        earlier = self.above.setdefault(legal, (over, row))
        if earlier[0] != over:
            what = f"{self.spelled[legal]} stands below {self.spelled[earlier[0]]} in row {earlier[1].number} already"
            self._refuse(row, PARENT, what, f"decide for {self.spelled[earlier[0]]} or {self.spelled[over]}, in both rows")

    def _refuse_circles(self, steps: Mapping[str, tuple[str, Row]], field: FormField, by: str) -> None:
        """Note every circle at the one of its rows that stands last."""
        done: set[str] = set()
        for start in steps:
            path: dict[str, None] = {}
            at = start
            while at in steps and at not in done and at not in path:
                path[at] = None
                at = steps[at][0]
            if at in path:
                circle = list(path)[list(path).index(at) :]
                last = max(circle, key=lambda one: steps[one][1].number)
                turned = circle[circle.index(last) :] + circle[: circle.index(last)]
                told = f" {by} ".join(self.spelled[one] for one in (*turned, last))
                self._refuse(steps[last][1], field, f"a circle: {told}", "take one of these steps out")
            done |= path.keys()

    def _refuse(self, row: Row, field: FormField, what: str, remedy: str) -> None:
        self.reading.refuse(row, self.columns.get(field.name), field.name, what, remedy)

    def _end(self, key: str, steps: Mapping[str, tuple[str, Row]]) -> str:
        while (found := steps.get(key)) is not None:
            key = found[0]
        return key

    def _named(self, key: str) -> UnitName:
        legal = self._end(key, self.known)
        return UnitName(self.spelled[key], self.spelled[legal], self.spelled[self._end(legal, self.above)])


def _read_name(text: str) -> str:
    return clean_unit(tidy(text, max_length=LONGEST_NAME))


def _read_names(text: str) -> tuple[str, ...]:
    return tuple(_read_name(one) for one in read_list(tidy(text, max_length=_LONGEST_LIST)))
