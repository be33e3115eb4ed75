"""What a submission may ask beyond plain fields: media limits, quotas with conditions, proofs, limits on a list (rules N1-N9, F1-F5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from models.declared import Declared, Exact, Misfit, Share, Slug, Words, refuse

FileType = Literal["pdf", "jpg", "png", "mp4", "mp3", "m4a"]


class Media(Declared):
    """What a `file` field takes; the limits of the installation apply besides."""

    types: tuple[FileType, ...] = ("pdf", "jpg", "png", "mp4", "mp3", "m4a")
    """Types by content, whatever the file is called."""
    min_mb: Exact | None = None
    """Least size in megabytes (10^6 bytes)."""
    max_mb: Exact | None = None
    """Greatest size in megabytes (10^6 bytes)."""
    max_pages: int | None = Field(default=None, ge=1)
    """Pages of a document."""
    min_width: int | None = Field(default=None, ge=1)
    """Pixels of a picture or film, the longer side."""
    min_height: int | None = Field(default=None, ge=1)
    """Pixels of a picture or film, the shorter side."""
    max_minutes: Exact | None = None
    """Duration of sound or film."""
    captions: bool = False
    """A film must come with captions (WebVTT)."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Media:
        refuse("Media", self._misfits())
        return self

    def _misfits(self) -> Iterator[Misfit]:
        if not self.types:
            yield Misfit("name at least one type of file", "types")
        if self.min_mb is not None and self.max_mb is not None and self.min_mb > self.max_mb:
            yield Misfit(f"min_mb {self.min_mb} is above max_mb {self.max_mb}; swap them", "min_mb")
        if self.captions and "mp4" not in self.types:
            yield Misfit("captions belong to films; add mp4 to the types or drop captions", "captions")


class ShareOfRound(Declared):
    """A quota as a share of the unit's own first round, rounded down (rule N1)."""

    by: Slug
    """The choice field that tells the shares apart, such as the prize applied for."""
    of: dict[str, Share] = Field(min_length=1)
    """Value of that field -> share of the entries of the unit's first round."""


class PublicityProof(Declared):
    """The nominating unit's own publicity before it hands in (rule N6)."""

    days: int = Field(ge=1)
    """How long its notice must have hung."""
    unit: Literal["workday", "day"] = "workday"
    """Working days of the Chinese calendar, or natural days."""


class NotAgain(Declared):
    """Who has won before is not eligible (rule N5)."""

    editions: int | None = Field(default=None, ge=1)
    """So many editions back; for ever if left out."""
    classes: tuple[Slug, ...] = ()
    """Classes that this concerns; all if left out."""


class Composition(Declared):
    """A limit on what a unit's list consists of (rule N9)."""

    field: Slug
    """The choice field that is counted."""
    values: tuple[str, ...] = Field(min_length=1)
    """The choices that are counted."""
    title: Words
    """What people call those who are counted: 处级干部."""
    classes: tuple[Slug, ...] = ()
    """Classes whose entries are counted together; all if left out."""
    from_entries: int = Field(default=1, ge=1)
    """Lists with fewer entries are not judged: a fifth of two people is nobody."""
    max_share: Share | None = None
    """At most this share of the list."""
    min_share: Share | None = None
    """At least this share of the list."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Composition:
        refuse("Composition", self._misfits())
        return self

    def _misfits(self) -> Iterator[Misfit]:
        if self.max_share is None and self.min_share is None:
            yield Misfit("give `max_share`, `min_share`, or both", "max_share")
        elif self.max_share is not None and self.min_share is not None and self.min_share > self.max_share:
            yield Misfit(f"min_share {self.min_share} is above max_share {self.max_share}; swap them", "min_share")


class ReasonCode(Declared):
    """Why a form checker sends an entry back or refuses it (rule F3)."""

    name: Slug
    title: Words


def _code(name: str, zh: str, en: str) -> ReasonCode:
    return ReasonCode(name=name, title=Words(zh=zh, en=en))


REASON_CODES = (
    _code("wrong_subject", "申报主体不符", "Subject not admissible"),
    _code("conditions", "条件未达", "Conditions not met"),
    _code("incomplete", "填报不全", "Form incomplete"),
    _code("not_proven", "附件不能证明", "Attachments do not prove it"),
    _code("not_sealed", "未盖章", "Seal missing"),
    _code("awarded_before", "已获同类奖", "Already holds such an award"),
    _code("ownership", "权属争议", "Ownership disputed"),
    _code("out_of_window", "超期发表", "Published outside the window"),
    _code("wrong_genre", "体裁不符", "Genre not admissible"),
    _code("duplicate", "重复申报", "Put forward twice"),
    _code("blind_leak", "匿名稿泄露身份", "Anonymous copy reveals the author"),
)
"""The usual codes; a stage may declare its own."""
