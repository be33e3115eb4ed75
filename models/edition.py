"""What a year contains: the edition and everything in it, as frozen values.

Times are aware UTC. Marks are `Decimal`. Ids are stable texts; `code` is what people read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from models.process import Process
from models.stages import Stage
from models.submitting import Confirmation, Scan

Role = Literal["nominator", "reviewer", "committee", "party", "witness"]
EditionState = Literal["running", "published", "cancelled"]
RunState = Literal["planned", "opening", "open", "closing", "closed"]
EntryState = Literal[
    "submitted", "withdrawn", "duplicate", "correction", "not_accepted", "eligible", "ineligible", "assigned", "scored", "shortlisted",
    "not_shortlisted", "voted_out", "publicised", "awarded", "not_awarded",
]  # fmt: skip

SET_ASIDE: frozenset[EntryState] = frozenset(("withdrawn", "duplicate", "not_accepted"))
"""States of entries that nobody checks, counts against a quota, or draws; they are kept, and most can be brought back."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """One stage of one edition, as it stands."""

    edition: str
    position: int
    declared: Stage
    state: RunState
    opens_at: datetime | None
    """Not before; None = as soon as the stage before has closed."""
    closes_at: datetime | None
    """The deadline now in force, extensions included; None = no deadline."""
    opened_at: datetime | None
    closed_at: datetime | None
    requested: bool
    """An admin pressed "next step": close as soon as the rules allow."""
    round: int
    """How often the stage has been sent out again: further reviewers drawn, answers asked anew."""
    attempts: int
    """Failed tries in a row."""
    blocked: str | None
    """Why the engine leaves the stage alone until somebody retries; None while it goes on."""

    @property
    def name(self) -> str:
        """The stage's name, unique within its process."""
        return self.declared.name

    @property
    def waits_for_admin(self) -> bool:
        """Whether only an admin ends the stage: its `closes` is then a plan, not a deadline."""
        return getattr(self.declared, "confirm", None) == "admin"

    @property
    def cutoff(self) -> datetime | None:
        """The deadline with its grace: what arrives at this moment or later is refused."""
        if self.closes_at is None:
            return None
        return self.closes_at + timedelta(minutes=self.declared.grace_minutes)


@dataclass(frozen=True, slots=True)
class Edition:
    """One run of a process, with the declaration it was opened with."""

    id: str
    """`<process>-<label>`, e.g. papers-2026."""
    label: str
    process: Process
    declaration_hash: str
    """SHA-256 of the canonical declaration (RFC 8785)."""
    state: EditionState
    version: int
    """Rises with every stage transition; transitions compare and set it."""
    rehearsal: bool
    """Synthetic people, a moved clock, and mail to the catcher only."""
    seed: int
    """Draws derive from it; stored so that they can be replayed."""
    clock_offset: timedelta
    """The edition's own clock runs this far ahead of real time (behind, if negative); zero for live editions."""
    created_at: datetime
    stages: tuple[StageRun, ...]

    def now(self, real: datetime) -> datetime:
        """What the edition's own clock shows at a real time."""
        return real + self.clock_offset

    @property
    def current(self) -> StageRun | None:
        """The open stage, else the next planned one; None when all are closed."""
        return next((run for run in self.stages if run.state != "closed"), None)

    def run_of(self, name: str) -> StageRun:
        """The stage run of that name; KeyError if there is none."""
        for run in self.stages:
            if run.name == name:
                return run
        raise KeyError(name)

    def last_of(self, kind: str) -> StageRun | None:
        """The latest stage of a kind that has been opened, if any."""
        opened = [run for run in self.stages if run.declared.kind == kind and run.state != "planned"]
        return opened[-1] if opened else None


@dataclass(frozen=True, slots=True)
class Nominator:
    """A unit that puts entries forward."""

    id: str
    edition: str
    code: str
    """Short key within the edition, as in the spreadsheet's 推荐单位编号."""
    name: str
    type: str
    """A key of the process's `nominators`."""
    email: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who scores."""

    id: str
    edition: str
    code: str
    name: str
    unit: str
    email: str
    title: str = ""
    disciplines: tuple[str, ...] = ()
    """Discipline codes, classes or fields in which the person can judge."""
    max_load: int | None = None
    """Own limit of entries; None = the stage's. Likewise `min_load`: how many the person should get at least."""
    active: bool = True
    keywords: tuple[str, ...] = ()
    min_load: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A committee member (`committee`), or the signatory of a body (`party`)."""

    id: str
    edition: str
    code: str
    name: str
    unit: str
    email: str
    role: Literal["committee", "party"] = "committee"
    party: str = ""
    """Name of the declared party, for signatories."""
    chair: bool = False


Holder = Nominator | Reviewer | Member | Confirmation
"""Whoever a personal link may belong to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is put forward: a paper, a person, a team, an art work."""

    id: str
    edition: str
    code: str
    """Public-safe number, e.g. L0042; reveals nothing about who is behind it."""
    key: str
    """What makes the row the same row when it is imported again."""
    class_name: str
    group: str
    """Where it competes: class, or class/group, or group; decided at the form check, empty before."""
    title: str
    """Paper or work title, person, team or organisation name."""
    unit: str
    """The unit behind it; conflicts of interest go by it."""
    email: str
    """Where the result is sent."""
    nominator: str
    """Id of the nominator."""
    rank: int | None
    """Place on the nominator's list."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    state: EntryState = "submitted"
    reasons: tuple[str, ...] = ()
    """Why it is not eligible, in the process's first language."""
    classified: bool = False
    """Known by its number only: no file, no review online; the committee deals with it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One reviewer for one entry."""

    id: str
    edition: str
    position: int
    entry: str
    reviewer: str
    round: int = 0
    """0 = the first draw; 1… = drawn later because scores were missing."""
    recused: bool = False
    cleared_at: datetime | None = None
    """When the reviewer said that nothing forbids to judge this entry; before that nothing of it is shown or taken."""


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """The marks of one assignment."""

    assignment: str
    entry: str
    reviewer: str
    marks: Mapping[str, Decimal]
    """Criterion name -> mark; may be incomplete until it is signed."""
    comment: str
    revision: int
    """Rises with each save; a save states the revision it read."""
    saved_at: datetime
    signed_at: datetime | None = None
    advice: str = ""
    """A comment for the applicant; `comment` is for the review office."""
    skipped: tuple[str, ...] = ()
    """Criteria answered "not applicable"."""
    fatal: str = ""
    """Name of the fatal flaw, if the reviewer sees one."""
    keyed_by: str = ""
    """Address of the admin who keyed in a sheet that came on paper; empty if the reviewer typed."""
    signed_as: str = ""
    """The name as typed at the signature."""
    signature: str = ""
    """SVG path of a drawn signature; empty if the name was typed only."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The computed mark of one entry in one scoring stage."""

    entry: str
    group: str
    mark: Decimal
    """Rounded as printed; equal prints are ties."""
    valid: int
    """Signed sheets behind the mark."""
    mean: Decimal
    spread: Decimal
    flagged: bool
    """Divergent (rule S5)."""
    place: int
    """Within the group, 1, 2, 2, 4 (rule S8)."""


@dataclass(frozen=True, slots=True)
class ShortlistItem:
    """One line of a shortlist."""

    entry: str
    group: str
    place: int
    mark: Decimal


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The ranked list sent to the committee; immutable, versioned."""

    edition: str
    version: int
    created_at: datetime
    digest: str
    """SHA-256 over the canonical items."""
    items: tuple[ShortlistItem, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a committee member or a body said to the list of one stage."""

    edition: str
    position: int
    member: str
    round: int
    verdict: Literal["agree", "return"]
    struck: tuple[str, ...]
    """Entries to which the member does not agree."""
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Award:
    """The result for one entry."""

    entry: str
    group: str
    tier: str
    """Name of the tier; empty where there are none."""
    place: int


@dataclass(frozen=True, slots=True)
class Notice:
    """The public list, frozen for its period."""

    edition: str
    position: int
    first_day: str
    """ISO date of the first day, counted."""
    until: datetime
    """End of the last day, 24:00 local."""
    awards: tuple[Award, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One published version of the result; append-only."""

    edition: str
    version: int
    at: datetime
    digest: str
    document: Mapping[str, Any]
    """What the page, the JSON and the CSV show; whitelisted fields only."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A personal link: who, for what, from when to when. The token itself is stored nowhere."""

    id: str
    edition: str
    role: Role
    person: str
    not_before: datetime
    """In the edition's own clock, as `expires_at`."""
    expires_at: datetime
    version: int
    nonce: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in browser: somebody who entered by a link, or an admin."""

    id: str
    """Hash of the cookie's value."""
    grant: Grant | None
    admin: str | None
    """E-mail address of the admin."""
    csrf: str
    expires_at: datetime
    device: str = ""
    """Digest of what the browser calls itself, without its version; empty if it says nothing."""
    confirmed: bool = False
    """The mailed code was typed."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one recipient, from the moment its cause was committed."""

    id: str
    edition: str
    template: str
    """Name of the folder in notifications/templates."""
    cause: str
    """What it is about, e.g. `scoring:opened`; unique with recipient and version."""
    to_name: str
    to_address: str
    role: Role | None
    """Role of the recipient's link, if the mail carries one."""
    person: str | None
    locale: str
    params: Mapping[str, Any]
    """Plain values for the template; never a link or a token."""
    created_at: datetime
    state: Literal["pending", "sending", "sent", "deferred", "uncertain", "failed", "superseded"]
    attempt: int
    reply: str
    """The server's last answer."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be: inserted in the transaction of its cause, unique on (edition, cause, recipient, version)."""

    template: str
    cause: str
    to_name: str
    to_address: str
    role: Role | None
    person: str | None
    locale: str
    params: Mapping[str, Any]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to one edition, until somebody with a higher epoch has it."""

    edition: str
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment at which the engine must look at a stage."""

    id: int
    edition: str
    position: int
    kind: str
    """`opens`, `closes`, or `remind:<days>`."""
    at: datetime
    """By the edition's own clock."""


@dataclass(frozen=True, slots=True)
class Wake:
    """One outbox row: an edition to advance, or mails to send."""

    id: int
    edition: str
    topic: Literal["advance", "mail"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of an entry, kept by its hash."""

    entry: str
    name: str
    sha256: str
    media_type: str
    size: int
    scan: Scan = "not_scanned"
    """What the virus scanner said."""
