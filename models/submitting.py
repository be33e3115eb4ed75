"""What comes in through the nominators' pages, and what the office does with it before the review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as filled
from datetime import datetime
from typing import Any, Literal

DraftState = Literal["draft", "submitted", "removed"]
UploadState = Literal["arriving", "kept", "refused", "quarantined"]
Scan = Literal["clean", "infected", "not_scanned"]
Outcome = Literal["eligible", "correction", "ineligible", "not_accepted"]
ConfirmationKind = Literal["consent", "unit", "expert"]
ConfirmationState = Literal["asked", "given", "refused"]
DuplicateState = Literal["open", "kept_both", "archived"]


@dataclass(frozen=True, slots=True)
class FormDraft:
    """One form that a nominator fills in; what was typed, as it was typed."""

    id: str
    edition: str
    nominator: str
    class_name: str
    entry: str | None
    """The entry that it became, or changes; None before it is handed in for the first time."""
    values: Mapping[str, Any]
    """Field -> typed text; core columns by their names, people as lists of {"name", "unit", "title"}, ticks as digests of texts."""
    revision: int
    """Rises with every save; a save names the one it was based on."""
    state: DraftState
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way in, or arrived."""

    id: str
    edition: str
    nominator: str
    draft: str | None
    """The form it belongs to; None for the unit's own papers, such as the proof of publicity."""
    field: str
    name: str
    """As the sender called it; only ever shown, never a path."""
    size: int
    """Bytes that are to come."""
    received: int
    """Bytes that have come; the sender goes on from here."""
    state: UploadState
    sha256: str
    """Of the cleaned file; empty before it is kept."""
    media_type: str
    scan: Scan
    said: str
    """Why it was refused, for people; empty otherwise."""
    at: datetime
    """When it last moved on."""
    notes: Mapping[str, Any] = filled(default_factory=dict)
    """What was found in it: `properties` that may name its makers; `en`, the refusal in English; or `zip`, what an archive held."""


@dataclass(frozen=True, slots=True)
class QuotaGrant:
    """Further entries that an admin allows a unit (rule N2)."""

    id: str
    edition: str
    nominator: str
    class_name: str
    extra: int
    reason: str
    by: str
    at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a form checker found."""

    code: str
    """Name of a reason code."""
    field: str = ""
    """The field that must be corrected; empty if none can mend it."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What one form checker said of one entry. Never changed; a later one of the same checker replaces it in effect."""

    id: str
    edition: str
    entry: str
    turn: int
    """How often the entry had been sent back before: 0, 1, …"""
    checker: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry that was sent back: what may be changed, and until when (rules F1, F2)."""

    edition: str
    entry: str
    turn: int
    """From 1."""
    fields: tuple[str, ...]
    findings: tuple[Finding, ...]
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    lapsed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody outside the nominating unit is asked to confirm by a link of their own."""

    id: str
    """`<entry id>/w/<number>`: also the id of the holder of the link."""
    edition: str
    entry: str
    kind: ConfirmationKind
    name: str
    unit: str
    email: str
    state: ConfirmationState
    text: str
    """The opinion, or why it is refused."""
    signed_as: str
    asked_at: datetime
    answered_at: datetime | None = None

    @property
    def code(self) -> str:
        """Short name within the edition, for addresses and files."""
        return "-".join(self.id.rsplit("/", 3)[1::2])


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two entries that may be the same subject (rule N4); `first` has the smaller id."""

    edition: str
    first: str
    second: str
    why: str
    """`doi`, `title`, `person`, `work`, or `similar`."""
    likeness: str
    """Decimal text, 0 to 1."""
    state: DuplicateState = "open"
    archived: str = ""
    """The entry that was set aside, if one was."""
    by: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Laureate:
    """Somebody or something that won before this installation kept record (rule N5)."""

    id: str
    process: str
    label: str
    """Of the edition, such as 2024."""
    class_name: str
    key: str
    """As `rules.intake.entry_keys` makes it, without what such a list lacks."""
    title: str
    unit: str
    source: str
    """The file it was read from."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a nominating unit: has_association, first_round, publicity, column mapping."""

    nominator: str
    name: str
    value: Any = None
    at: datetime | None = None
    by: str = filled(default="")
