"""The part of the reference of process files that says what stands between reviewers and entries, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from models.relations import RELATIONS, TOLD, Relation

MEANINGS: dict[Relation, str] = {
    "self": "The entry names somebody of the reviewer's name: its title, if that is a person, or any short text of its form; or it gives "
    "the reviewer's e-mail address, anywhere in its form. A namesake too many is left out.",
    "coauthor": "The narrower form: the entry's fields of kind `people`, or a text marked `identifying`, name the reviewer with the "
    "reviewer's own unit or with none; or the entry gives the reviewer's e-mail address, anywhere in its form.",
    "same_unit": "Both are of one unit, by the table of units; or a list says that the reviewer belongs to the entry's unit too.",
    "nominator": "The reviewer is of the nominating unit, or has its e-mail address.",
    "supervisor": "Supervisor and student.",
    "relative": "Relatives.",
    "dispute": "A dispute.",
    "recent_coauthor": "A joint paper, not more than `coauthor_within_years` before the year in which nominations close. Without a year "
    "it always counts.",
    "project": "A joint project.",
    "office": "Both hold office in the same society.",
    "declared": "The reviewer gave the entry back, or named its unit, when answering the invitation. Holds whether it is declared or not.",
}
_TEXT = """\
## Conflicts of interest

Which relations matter is said by each scoring stage, in `conflicts` and `soft_conflicts`. Those in `conflicts` forbid a pair of reviewer
and entry. About those in `soft_conflicts` the office decides, pair by pair and with a reason, on the page *Conflicts of interest*
(利益关系); a pair about which nothing was decided is not drawn. A decision covers what was known then: another soft relation between the
same two is asked about anew. A later decision takes the place of an earlier one, which stays in the events.
"""
_AFTER = """\
Three things forbid whatever a stage declares: a signed opinion (`opinions` of the submission) bars its expert, known by name or e-mail
address, from the whole edition, what a reviewer declared, and a granted request of a nominator.

`avoid_requests: 3` lets each nominating unit name up to three people, with their units and a reason, who shall not judge its entries. It
may do so until nominations close, on a page of its own; no other unit and no reviewer sees it, and nobody is told whether a person is in
the pool. With `avoid_grants: office` the office grants or refuses with a reason; with `automatic` the rule grants at once.
Either way the unit is told by mail.

What becomes known after the draw - a list, a branch, a reviewer's new unit - shows on the page as "under review". One act takes the entry
back, keeps its draft for the record, and draws a substitute in the same transaction. A signed sheet is opened again first.

### The table of units

`jinbang import EDITION units FILE` takes the names of units, in place of an earlier table of that edition. Whatever leads to the same
unit at the top counts as one unit: in the check, for the nominator, and for the rule that nobody sits on a panel beside a colleague.

| 单位 | 别名 | 上级 |
|---|---|---|
| 示例大学 | 示大、示例学院 | |
| 示例大学第一附属医院 | 示大一附院 | 示例大学 |

An alias belongs to one unit, a unit stands below one other, and both may go on over several rows. A circle, an alias of two units, and two
different parents are refused with their rows, and nothing of the file is kept.

### Lists of relations

`jinbang import EDITION relations FILE` takes what the office knows, beside what earlier lists said. The reviewer goes by code, e-mail
address or name (with 专家单位 where two bear it); the other side is a person, with a unit if it is known, a whole unit, or the code of an
entry. A person is found in the entries by name and unit; where one of the two gives no unit, by the name alone.

| 专家 | 专家单位 | 对方姓名 | 对方单位 | 申报项编号 | 关系 | 年份 | 备注 |
|---|---|---|---|---|---|---|---|
| Z0012 | | 王谷雨 | 示例大学 | | 师生 | | 博士导师 |
| Z0031 | | 李泾川 | | | 合著 | 2024 | |
| 张渭 | 渭北大学 | | 示例研究院 | | 兼职单位 | | |
| Z0044 | | | | P0017 | 亲属 | | |

Of several rows about the same two and the same relation the latest year counts. The relation 无 takes back what earlier lists said about
the two.
"""


def conflict_part() -> Iterator[str]:
    """The section, line by line."""
    yield _TEXT
    yield "| relation | meaning | known from |\n|---|---|---|"
    for relation in RELATIONS:
        yield f"| `{relation}` | {MEANINGS[relation]} | {_source(relation)} |"
    yield ""
    yield _AFTER


def _source(relation: Relation) -> str:
    if relation == "declared":
        return "the reviewer"
    if relation in TOLD:
        return "forms, lists" if relation == "same_unit" else "lists"
    return "forms"
