"""What a process file may say: what is awarded, to what, put forward by whom, in which stages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from models import coherence
from models.asking import Media, ShareOfRound
from models.declared import Declared, Exact, LocalTime, Misfit, Slug, Words, later, refuse
from models.stages import SignoffStage, Stage, VotingStage
from models.tie_breaks import Limits

SubjectKind = Literal["paper", "person", "team", "organisation", "artwork", "project", "venue"]
FieldKind = Literal[
    "text", "number", "date", "month", "choice", "people", "discipline", "email", "phone", "id_number", "file", "declaration"
]


class FormField(Declared):
    """One thing that is asked of an entry, and one column of the nominators' spreadsheet."""

    name: Slug
    """Unique within the class; the name of a common field replaces that field."""
    title: Words
    """Label in forms and heading in spreadsheets."""
    kind: FieldKind = "text"
    """What is typed; `people` are names with commas between them, `discipline` is a discipline code, `declaration` is a tick."""
    required: bool = False
    """Without it an entry is refused."""
    max_length: int | None = Field(default=None, ge=1)
    """Characters, for `text`; people, for `people`."""
    min: Exact | None = None
    """The least number that is taken, inclusive."""
    max: Exact | None = None
    """The greatest number that is taken, inclusive."""
    earliest: LocalTime | None = None
    """The first day that is taken, for `date` and `month`."""
    latest: LocalTime | None = None
    """The last day that is taken, inclusive."""
    choices: tuple[str, ...] = ()
    """What can be chosen, for `choice`; anything else is refused."""
    headers: tuple[str, ...] = ()
    """Further column headings under which this field is recognised, beside its name and titles."""
    published: bool = False
    """May appear on the public lists (whitelist)."""
    private: bool = False
    """Never published, masked on screen, never shown to reviewers."""
    identifying: bool = False
    """Hidden from reviewers in a double-blind stage."""
    eligible_min: Exact | None = None
    """An entry below this number is not eligible."""
    section: Words | None = None
    """Heading above this field in forms; the fields after it stand under the same heading."""
    help: Words | None = None
    """A sentence below the label in forms, and the note on the column in spreadsheets."""
    when: dict[Slug, tuple[str, ...]] | None = None
    """Asked only if these choice fields, declared before, have one of these values: {group: [青少年组]}."""
    media: Media | None = None
    """Limits of a `file` field."""
    text: Words | None = None
    """What is declared by ticking, for `declaration`; the digest of the text is kept with the tick."""

    @model_validator(mode="after")
    def _makes_sense(self) -> FormField:
        refuse("FormField", self._misfits())
        return self

    def _misfits(self) -> Iterator[Misfit]:
        if (self.kind == "choice") != bool(self.choices):
            yield Misfit(f"{self.name}: `choices` go with `kind: choice`, and with it only", "kind")
        if self.private and self.published:
            yield Misfit(f"{self.name}: a private field cannot be published; drop one of the two", "published")
        if self.published and self.kind in ("email", "phone", "id_number", "file", "declaration"):
            yield Misfit(f"{self.name}: a field of kind {self.kind} is never published; drop `published`", "published")
        if (self.kind == "declaration") != (self.text is not None):
            yield Misfit(f"{self.name}: `text` goes with `kind: declaration`, and with it only", "kind")
        if self.media is not None and self.kind != "file":
            yield Misfit(f"{self.name}: `media` is for `kind: file`; drop it or change the kind", "media")
        if self.kind != "number":
            for key in ("min", "max", "eligible_min"):
                if getattr(self, key) is not None:
                    yield Misfit(f"{self.name}: `{key}` is for `kind: number`; drop it or change the kind", key)
        if self.kind not in ("date", "month"):
            for key in ("earliest", "latest"):
                if getattr(self, key) is not None:
                    yield Misfit(f"{self.name}: `{key}` is for `kind: date` and `kind: month`; drop it or change the kind", key)
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Misfit(f"{self.name}: min {self.min} is above max {self.max}; swap them", "min")
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            yield Misfit(f"{self.name}: earliest {self.earliest:%Y-%m-%d} is after latest {self.latest:%Y-%m-%d}; swap them", "earliest")


class AwardClass(Declared):
    """A class of subjects that compete with their own kind: persons, teams, papers."""

    name: Slug
    """Unique within the process; quotas, score sheets and counts go by it."""
    title: Words
    """As the class is called in lists and documents."""
    subject: SubjectKind
    """What is put forward; the common fields come from it."""
    counter: str = Field(min_length=1, max_length=2)
    """Chinese measure word: 篇, 名, 支, 个, 件."""
    awards: int | None = Field(default=None, ge=1)
    """Seats of this class; left out where the process shares its seats among classes."""
    source: str | None = None
    """Where the number of awards comes from."""
    fields: tuple[FormField, ...] = ()
    """What is asked beyond the common fields of the subject kind."""


class Tier(Declared):
    """A grade of the award: first, second, third prize."""

    name: Slug
    """Unique within the process; tiers stand from the highest down."""
    title: Words
    """As printed: 一等奖."""
    quota: int = Field(ge=1)
    """Seats of this tier; all quotas add up to the awards."""
    requires: tuple[str, ...] = later((), "attachments that a tier requires")


class Group(Declared):
    """A field in which entries compete, with its share of the seats."""

    name: Slug
    """Unique within the process."""
    title: Words
    """As printed: 理学组."""
    values: tuple[str, ...] = Field(min_length=1)
    """Values of the grouping field; discipline codes match by first level, ranges as `110-190`."""


class Groups(Declared):
    """How entries of one class are divided, and how seats are shared out (rule R7)."""

    by: Slug
    """The form field that decides."""
    sets: tuple[Group, ...] = Field(min_length=2)
    """The groups; no value stands in two of them."""
    allocate: Literal["largest_remainder"] = "largest_remainder"
    """Seats by the numbers of eligible entries, the rest by largest remainder."""
    min_group: int = Field(default=0, ge=0)
    """A group with fewer eligible entries goes into its neighbour when the review begins (rule R7); goes with `merge`."""
    merge: dict[Slug, Slug] = Field(default_factory=dict)
    """The neighbour of each group, `{crossing: science}`; a group without one stays as small as it is."""
    bounds: dict[Slug, Limits] = Field(default_factory=dict)
    """Seats of a group at least and at most, `{crossing: [5, 20]}`; the others share what is left."""


class NominatorType(Declared):
    """A type of nominating unit, and how many entries each unit may put forward per class (rule N1)."""

    title: Words
    """As the type is called: 市级科协."""
    max: dict[Slug, int]
    """Entries per class; a class left out may not be nominated."""
    max_if: dict[Slug, dict[Slug, int]] = Field(default_factory=dict)
    """Entries per class where a fact about the unit holds, in place of `max`: {has_association: {person: 2}}."""
    share: ShareOfRound | None = None
    """A further limit: so many of each value as a share of the unit's own first round."""


class Basis(Declared):
    """Why this award may be given at all (rule N10)."""

    document: str = Field(min_length=1)
    """The document that provides for the award."""
    approved_by: str = Field(min_length=1)
    """Who approved it."""


class Host(Declared):
    """A body in whose name the process runs."""

    name: Words
    """As printed, in the order of the list."""
    lead: bool = False
    """The leading host; one at most."""


class Process(Declared):
    """One award, as declared in one YAML file."""

    name: Slug
    """The name of the file without `.yaml`; addresses and commands go by it."""
    title: Words
    """As the award is called."""
    edition: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{0,19}$")
    """Label of the edition that these dates belong to, e.g. 2026."""
    time_zone: str = "Asia/Shanghai"
    """Zone of all times in the file."""
    basis: Basis
    """Why the award may be given."""
    hosts: tuple[Host, ...] = Field(min_length=1)
    """In whose name it is given."""
    awards: int | None = Field(default=None, ge=1)
    """Seats shared among all classes and groups; or give `awards` per class."""
    source: str | None = None
    """Where the number of awards comes from."""
    classes: tuple[AwardClass, ...] = Field(min_length=1)
    """What competes with its own kind."""
    tiers: tuple[Tier, ...] = ()
    """Grades, from the highest down; none if left out."""
    groups: Groups | None = None
    """Fields in which entries compete separately; none if left out."""
    nominators: dict[Slug, NominatorType] = Field(min_length=1)
    """Who puts entries forward, by type."""
    stages: tuple[Stage, ...] = Field(min_length=2)
    """What happens, in this order."""
    derived_awards: tuple[dict[str, Any], ...] = later((), "awards derived from others, such as 优秀组织奖")
    four_eyes: bool = later(False, "a second authorised person for publishing and amending")

    @model_validator(mode="before")
    @classmethod
    def _name_the_stages(cls, value: Any) -> Any:
        """A stage without a name is called by its kind."""
        if isinstance(value, dict) and isinstance(value.get("stages"), (list, tuple)):
            named = [{"name": s["kind"], **s} if isinstance(s, dict) and "kind" in s else s for s in value["stages"]]
            return {**value, "stages": named}
        return value

    @property
    def total_awards(self) -> int:
        """All seats of the process."""
        return self.awards if self.awards is not None else sum(one.awards or 0 for one in self.classes)

    def class_named(self, name: str) -> AwardClass:
        """The class of that name; KeyError if there is none."""
        for one in self.classes:
            if one.name == name:
                return one
        raise KeyError(name)

    def stage_named(self, name: str) -> tuple[int, Stage]:
        """Position and declaration of the stage of that name; KeyError if there is none."""
        for position, stage in enumerate(self.stages):
            if stage.name == name:
                return position, stage
        raise KeyError(name)

    @model_validator(mode="after")
    def _fits_together(self) -> Process:
        refuse("Process", coherence.misfits(self))
        return self

    def committee_size(self) -> int:
        """Members of the committee of the first voting stage; 0 if nobody votes."""
        return next((stage.committee for stage in self.stages if isinstance(stage, VotingStage)), 0)

    def parties(self) -> tuple[str, ...]:
        """Names of all bodies that sign, in order of appearance."""
        names = [party.name for stage in self.stages if isinstance(stage, SignoffStage) for party in stage.parties]
        return tuple(dict.fromkeys(names))


def decimal_text(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros beyond what was given."""
    return f"{value:f}"
