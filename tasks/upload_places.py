"""What a file on its way in answers, a question of a form or a unit's own paper; what it may be, and until when it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from models import subjects
from models.asking import Media
from models.edition import Edition
from models.errors import NotFound, TooLate
from models.process import FormField
from models.store import Store
from models.submitting import FormDraft
from tasks import material
from tasks.installation import settings

ZIP = "@zip"
"""Field of a zip whose files go to the forms and entries that name them."""
_LONGEST_FIELD = 40
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """What a file answers."""

    edition: Edition
    draft: FormDraft | None
    field: FormField | None
    """None for a unit's own papers and for zips."""

    @property
    def media(self) -> Media:
        """What the field takes; of a unit's own papers, documents and pictures."""
        if self.field is None:
            return Media(types=("pdf", "jpg", "png"))
        return self.field.media or Media()


def place_of(store: Store, edition: Edition, nominator: str, draft: str | None, field: str) -> Place:
    """Find what a file answers.

    Raises:
        NotFound: the form is another unit's, or has no such question.
    """
    if draft is not None:
        form = store.draft(draft)
        asked = _question(edition, form.class_name, field)
        if form.nominator != nominator or form.edition != edition.id or form.state == "removed" or asked is None:
            raise NotFound("there is no such form, or it asks for no such file", zh="没有这张申报表，或其中没有这项材料")
        return Place(edition, form, asked)
    if field != ZIP and not (field.isidentifier() and field.isascii() and len(field) <= _LONGEST_FIELD):
        raise NotFound("there is no such paper", zh="没有这项材料")
    return Place(edition, None, None)


def _question(edition: Edition, class_name: str, name: str) -> FormField | None:
    return next((one for one in subjects.fields_of(edition.process, class_name) if one.name == name and one.kind == "file"), None)


def refuse_late(store: Store, place: Place) -> None:
    """Files come in while the submission is open, or for a field that was sent back for correction.

    Raises:
        TooLate: neither is so.
    """
    run, now = place.edition.stages[0], store.edition_now(place.edition.id)
    if run.state == "open" and (run.cutoff is None or now < run.cutoff):
        return
    entry = place.draft.entry if place.draft else None
    if entry is not None and place.field is not None:
        for one in store.corrections(place.edition.id, entry=entry):
            if one.answered_at is None and one.lapsed_at is None and place.field.name in one.fields and now < one.due_at:
                return
    raise TooLate(f"{place.edition.id}: files are no longer taken here", zh="这里已不再接收文件")


def most_bytes(place: Place, field: str) -> int:
    """Size in bytes up to which a file of a field is begun; what it may be by its content is told when it has arrived."""
    if field == ZIP:
        return int(settings().zip_megabytes * MEGABYTE)
    kinds = {"pdf": material.PDF, "jpg": material.JPEG, "png": material.PNG, "mp4": material.MP4, "mp3": material.MP3, "m4a": material.M4A}
    most = max(material.most_bytes(kinds[one]) for one in place.media.types)
    return most if place.media.max_mb is None else min(most, int(place.media.max_mb * 1_000_000))


def megabytes(size: int) -> str:
    """A size in bytes as limits are set: in megabytes of 2^20 bytes."""
    return f"{size / MEGABYTE:.1f}".removesuffix(".0")
