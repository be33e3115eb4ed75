"""Everything that can be refused, as one tree.

JinbangError                  message names the thing, the reason and the remedy
├── DeclarationError          a process file is wrong; carries every fault, each with its place
├── InputError                a spreadsheet, form or option is wrong; carries every fault, each with its place
├── NotFound                  no such edition, entry, person
│   ├── NoEdition
│   └── NotYet                the stage that brings it has not been opened
├── NotAllowed                the person may not do this (role, stage, conflict, closed)
├── LinkRefused               unknown, expired or revoked link; never says which
├── TooLate                   a deadline has passed; what was typed is handed back
├── Stale                     somebody else changed it since it was read
├── StageNotReady             a stage cannot be closed yet, and why
│   ├── NotEnoughReviewers
│   ├── RuleChanged
│   └── NoQuorum
├── CalendarNotCovered        nobody has published the working days of that year
├── LeaseLost                 another engine holds the edition now; whoever raised this writes nothing
└── UnsafeSetting             a setting would break a promise; the start is refused
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as field_of


class JinbangError(Exception):
    """A refusal that a person can read: what, where, why, and what to do."""

    def __init__(self, said: str = "", *, zh: str = "") -> None:
        super().__init__(said)
        self.zh = zh
        """The same in Chinese, without the names of our own record; empty where only the log and the command tell it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file or form, and how to put it right."""

    what: str
    """What is wrong, in a sentence."""
    remedy: str = ""
    """What the person should do about it."""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    """Row as the spreadsheet program shows it, from 1; or the line of a text file."""
    column: str = ""
    """Column letter of a spreadsheet, or the column number of a text file."""
    field: str = ""
    """Field name, or the path inside a declaration (`stages[1].panel`)."""
    zh: str = field_of(default="", compare=False)
    """`what` and `remedy` in one Chinese sentence, for pages and workbooks; empty where only the office reads it."""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.sheet, self.row, self.column) if part not in ("", None))
        head = " ".join(part for part in (where, self.field) if part)
        tail = f" -> {self.remedy}" if self.remedy else ""
        return f"{head}: {self.what}{tail}" if head else f"{self.what}{tail}"


class _Faults(JinbangError):
    def __init__(self, faults: Iterable[Fault] | str) -> None:
        self.faults: tuple[Fault, ...] = (Fault(faults),) if isinstance(faults, str) else tuple(faults)
        zh = "；".join(fault.zh for fault in self.faults) if all(fault.zh for fault in self.faults) else ""
        super().__init__("\n".join(str(fault) for fault in self.faults), zh=zh)


class DeclarationError(_Faults):
    """A process file says something that cannot be run."""


class InputError(_Faults):
    """A spreadsheet, a form or an option cannot be taken as it is; nothing of it was kept."""


class NotFound(JinbangError):
    """There is no such thing, or the person has no business knowing that there is."""


class NoEdition(NotFound):
    """There is no edition of that id."""


class NotYet(NotFound):
    """What was asked for comes with a stage that has not been opened."""


class NotAllowed(JinbangError):
    """The person may not do this now."""


class LinkRefused(JinbangError):
    """The link opens nothing. Unknown, expired and revoked links are told apart by nobody."""


class TooLate(JinbangError):
    """The deadline and its grace have passed."""


class Stale(JinbangError):
    """The page was older than what is stored."""


class StageNotReady(JinbangError):
    """The stage cannot be closed yet. An admin can act on the message and retry."""


class NotEnoughReviewers(StageNotReady):
    """Entries would be left with fewer valid scores, or reviewers, than the declaration asks."""


class RuleChanged(StageNotReady):
    """The rule of the marks is not the one that was frozen before the review; no mark is computed by another."""


class NoQuorum(StageNotReady):
    """Fewer committee members took part than the declaration asks."""


class CalendarNotCovered(JinbangError):
    """A working day was asked of a year whose holidays nobody has published."""


class LeaseLost(JinbangError):
    """This engine's turn with the edition has ended; it must not write."""


class UnsafeSetting(JinbangError):
    """The database or the environment would break a promise made to people."""
