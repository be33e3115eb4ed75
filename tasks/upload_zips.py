"""A unit's zip of attachments: each file goes to the form or entry of this unit that names it."""

from __future__ import annotations

import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from rapidfuzz import fuzz, process, utils

from models.edition import Edition
from models.errors import Fault, InputError, JinbangError
from models.process import FormField
from models.store import Store
from models.submitting import FormDraft, Upload
from rules import blindness
from rules.text import halfwidth
from tasks import arriving, handing_in, material, upload_places, uploads
from tasks.archives import Archive, Member
from tasks.installation import database, settings

LIKE = 60
"""Names at least this alike, of 100, are offered as a guess."""
_MORE_BYTES = 1_000_000
"""Room beyond a field's limit, so that the sentence about the limit comes from the field."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a form or an entry of the unit names."""

    name: str
    """As it was typed."""
    draft: str | None
    entry: str | None
    """An entry that came in a table, and has no form yet."""
    title: str
    """Of the paper, person … that it belongs to."""
    field: FormField


def examine(upload_id: str) -> Upload:
    """Unpack a zip that has arrived, and let each file be examined like any other; the report is kept in its notes as `zip`."""
    with database().read() as store:
        upload = store.upload(upload_id)
        edition = store.edition(upload.edition)
        wanted = wanted_by(store, edition, upload.nominator)
    if not arriving.is_whole(upload):
        return upload
    try:
        report = _deal_out(upload, wanted)
    except InputError as refused:
        return _settle(upload_id, state="refused", said="；".join(one.zh or str(one) for one in refused.faults), notes={"en": str(refused)})
    return _settle(upload_id, state="kept", notes={"zip": report})


def wanted_by(store: Store, edition: Edition, nominator: str) -> list[Wanted]:
    """Files that the forms and entries of a unit name, as far as they may be changed."""
    found: list[Wanted] = []
    changeable = {one.id: one for one in store.entries(edition.id, "submitted") if one.nominator == nominator and not one.classified}
    drafts = [one for one in store.drafts(edition.id, nominator=nominator) if one.state != "removed"]
    for draft in drafts:
        if draft.entry is None or draft.entry in changeable:
            found += _named(edition, draft.class_name, handing_in.content(store, draft), draft=draft)
    with_form = {one.entry for one in drafts}
    for entry in changeable.values():
        if entry.id not in with_form:
            values = {**entry.fields, "title": entry.title}
            found += [replace(one, entry=entry.id) for one in _named(edition, entry.class_name, values)]
    return found


def _named(edition: Edition, class_name: str, values: Mapping[str, Any], *, draft: FormDraft | None = None) -> list[Wanted]:
    title = str(values.get("title") or "")
    fields = blindness.file_fields(edition.process, class_name)
    named = [(str(values.get(field.name) or "").strip(), field) for field in fields]
    return [Wanted(name, draft.id if draft else None, None, title, field) for name, field in named if name]


def key(name: str) -> str:
    """A file's name as it is compared: people and systems write the same name in several ways."""
    plain = halfwidth(unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])).casefold()
    return "".join(plain.split()).replace(".jpeg", ".jpg")


def _deal_out(upload: Upload, wanted: Iterable[Wanted]) -> dict[str, Any]:
    by_key: dict[str, list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_key[key(one.name)].append(one)
    report: dict[str, Any] = {"matched": [], "unmatched": [], "twice": [], "missing": []}
    most = int(settings().zip_megabytes * upload_places.MEGABYTE)
    with (
        Archive(arriving.part_of(upload.id), most_files=settings().zip_files, most_bytes=most) as archive,
        tempfile.TemporaryDirectory(prefix="zip-", dir=arriving.folder(upload.id)) as folder,
    ):
        seen: dict[str, list[Member]] = defaultdict(list)
        for member in archive.members:
            seen[key(member.name)].append(member)
        arrived = set()
        for known, members in seen.items():
            homes = by_key.get(known) or _of_captions(known, by_key)
            if not homes:
                report["unmatched"] += [{"name": one.name, "guess": _guess(one.name, by_key, seen)} for one in members]
            elif len(members) > 1:
                report["twice"].append({"name": members[0].name})
                arrived.add(known)
            else:
                arrived.add(known)
                report["matched"] += [_hand_over(upload, archive, members[0], home, Path(folder) / "file") for home in homes]
    for known, homes in by_key.items():
        if known not in arrived:
            report["missing"] += [{"name": one.name, "title": one.title, "field": one.field.title.model_dump()} for one in homes]
    return report


def _of_captions(known: str, by_key: Mapping[str, list[Wanted]]) -> list[Wanted]:
    """Captions bear the name of their film."""
    if not known.endswith(material.VTT.suffix):
        return []
    stem = PurePosixPath(known).stem
    return [one for name, homes in by_key.items() for one in homes if PurePosixPath(name).stem == stem]


def _guess(name: str, by_key: Mapping[str, list[Wanted]], seen: Mapping[str, object]) -> str:
    """The most similar name of a file that is still missing; empty if none is similar."""
    missing = {known: homes[0].name for known, homes in by_key.items() if known not in seen}
    found = process.extractOne(name, missing, scorer=fuzz.ratio, processor=_stem, score_cutoff=LIKE)
    return str(found[0]) if found else ""


def _stem(name: str) -> str:
    return utils.default_process(PurePosixPath(name).stem)


def _hand_over(upload: Upload, archive: Archive, member: Member, home: Wanted, target: Path) -> dict[str, Any]:
    """Make one file of the zip an upload of its form, and examine it. Yields its line of the report."""
    line = {"name": member.name, "title": home.title, "field": home.field.title.model_dump(), "state": "refused", "zh": "", "en": ""}
    try:
        draft = home.draft
        if draft is None:
            assert home.entry is not None  # noqa: S101 - one of the two is given
            draft = handing_in.form_of(home.entry, upload.nominator).id
        with database().read() as store:
            place = upload_places.place_of(store, store.edition(upload.edition), upload.nominator, draft, home.field.name)
        archive.unpack(member, target, most=upload_places.most_bytes(place, home.field.name) + _MORE_BYTES)
        with database().write() as store:
            size = target.stat().st_size
            if over := _over(store, upload.nominator, size, home.field.name):
                return line | {"zh": over.zh, "en": over.what}
            made = arriving.new(
                store, upload.edition, upload.nominator, draft=draft, field=home.field.name, name=member.name, size=size, received=size
            )
            target.replace(arriving.part_of(made.id))
            store.put_upload(made)
        done = uploads.examine(made.id)
    except InputError:
        raise
    except JinbangError as refused:
        return line | {"zh": f"不能收下：{refused.zh}" if refused.zh else "不能收下，请联系评审办公室", "en": str(refused)}
    return line | {"state": done.state, "zh": done.said, "en": done.notes.get("en", "")}


def _over(store: Store, nominator: str, size: int, field: str) -> Fault | None:
    try:
        arriving.refuse_too_much(store, nominator, size, field=field)
    except InputError as refused:
        return refused.faults[0]
    return None


def _settle(upload_id: str, **changes: Any) -> Upload:
    with database().write() as store:
        current = store.upload(upload_id, to_change=True)
        done = replace(current, at=store.real_now, **changes)
        if current.state == "arriving":
            store.put_upload(done)
    arriving.clear(upload_id)
    return done
