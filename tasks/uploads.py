"""Files that have arrived: examined, kept or refused, and given to entries."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.edition import Edition, Entry, File
from models.errors import Fault, NotFound, StageNotReady
from models.store import Store
from models.submitting import FormDraft, Upload
from notifications import messages
from rules import blindness, media
from tasks import arriving, material, upload_places, virus_scanner
from tasks.installation import database, settings
from tasks.material import Arrived, Opened
from tasks.upload_places import Place
from tasks.virus_scanner import Verdict

_KINDS = (material.PDF, material.JPEG, material.PNG, material.MP3, material.M4A, material.MP4, material.VTT)


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of an examination: opened, or refused for its faults, or stopped by the virus scanner."""

    opened: Opened | None
    verdict: Verdict
    faults: tuple[Fault, ...] = ()


_UNSEEN = Verdict("not_scanned", "", passed=True)


def examine(upload_id: str) -> Upload:
    """Look into a file that has arrived whole, or lies in quarantine: keep it, refuse it with a reason, or quarantine it.

    Takes as long as opening it does; examining it twice changes nothing.
    """
    with database().read() as store:
        upload = store.upload(upload_id)
        place = upload_places.place_of(store, store.edition(upload.edition), upload.nominator, upload.draft, upload.field)
    if not (arriving.is_whole(upload) or upload.state == "quarantined"):
        return upload
    with tempfile.TemporaryDirectory(prefix="open-", dir=arriving.folder(upload_id)) as work:
        found = look(upload.name, arriving.part_of(upload_id), Path(work), place)
        if found.opened is not None:
            material.keep(found.opened)
    with database().write() as store:
        current = store.upload(upload_id, to_change=True)
        if current.state != upload.state:
            return current
        done = _note(store, place, current, found)
    if done.state != "quarantined":
        arriving.clear(upload_id)
    return done


def look(name: str, path: Path, work: Path, place: Place) -> Examined:
    """Open a file in a process of its own, and compare it with what its field takes. Keeps nothing.

    Args:
        name: As the sender calls it.
        path: The file, which stays as it is.
        work: An empty folder on the same disk.
        place: What it answers.
    """
    with path.open("rb") as stream:
        kind = material.kind_of(stream.read(material.HEAD_BYTES))
    if kind is None:
        return Examined(None, _UNSEEN, (media.unknown(place.media),))
    size = path.stat().st_size
    faults = tuple(media.unfit_as_sent(place.media, kind.media_type, size)) or _too_large(kind, size)
    if faults:
        return Examined(None, _UNSEEN, faults)
    verdict = virus_scanner.examine(path)
    if not verdict.passed:
        return Examined(None, verdict)
    arrived = Arrived(name, work / "file", kind, verdict.scan)
    os.link(path, arrived.path)
    opened = material.open_all([arrived])[0]
    if isinstance(opened, Fault):
        return Examined(None, verdict, (opened,))
    faults = tuple(media.unfit_inside(place.media, opened.kind.media_type, pages=len(opened.pages), facts=opened.facts))
    return Examined(None if faults else opened, verdict, faults)


def _too_large(kind: material.Kind, size: int) -> tuple[Fault, ...]:
    most = material.most_bytes(kind)
    if size <= most:
        return ()
    limit = upload_places.megabytes(most)
    return (Fault(f"it is larger than {limit} MB", "make it smaller", zh=f"文件超过 {limit} MB，请压缩后重新上传"),)


def _note(store: Store, place: Place, upload: Upload, found: Examined) -> Upload:
    """Keep what was found, with its event."""
    actor, about = f"nominator:{upload.nominator}", {"upload": upload.id, "draft": upload.draft, "field": upload.field}
    done = replace(upload, scan=found.verdict.scan, at=store.real_now)
    if found.opened is not None:
        one = found.opened
        done = replace(
            done, state="kept", sha256=one.sha256, media_type=one.kind.media_type, size=one.size, received=one.size, said="",
            notes={"properties": list(one.said)},
        )  # fmt: skip
        store.put_file_pages(one.pages)
        _replace_earlier(store, done)
        store.put_upload(done)
        store.append(upload.edition, "FileKept", actor=actor, sha256=one.sha256, size=one.size, scan=done.scan, **about)
        _give_at_once(store, place, done)
        return done
    if found.faults:
        zh = "；".join(one.zh or str(one) for one in found.faults)
        english = "; ".join(str(replace(one, field="")) for one in found.faults)
        done = replace(done, state="refused", said=zh, notes={"en": english})
        reason = english
    else:
        infected = found.verdict.scan == "infected"
        zh = "病毒扫描发现问题，文件已隔离，请检查后重新上传" if infected else "病毒扫描暂时不可用，文件已隔离，等待评审办公室处理"
        english = "the virus scanner found something; the file is in quarantine" if infected else "it could not be scanned for viruses yet"
        done = replace(done, state="quarantined", said=zh, notes={"en": english, "scanner": found.verdict.said})
        reason = found.verdict.said
    store.put_upload(done)
    if upload.state != done.state:
        store.append(upload.edition, "FileRefused", actor=actor, reason=reason, state=done.state, **about)
        if done.state == "quarantined":
            _tell_office(store, place.edition, done)
    return done


def _tell_office(store: Store, edition: Edition, upload: Upload) -> None:
    unit = next(one for one in store.nominators(edition.id) if one.id == upload.nominator)
    said = str(upload.notes["scanner"])
    store.queue_mails(edition.id, [messages.file_quarantined(edition, admin, unit, upload.id, said) for admin in store.admins()])


def _replace_earlier(store: Store, kept: Upload) -> None:
    """The last file of a field counts; captions stand beside it."""
    if kept.draft is None:
        before = [one for one in store.uploads(nominator=kept.nominator) if one.draft is None and one.edition == kept.edition]
    else:
        before = list(store.uploads(draft=kept.draft))
    gone = [
        one.id
        for one in before
        if one.id != kept.id and one.field == kept.field and one.field != upload_places.ZIP
        and (one.state == "refused" or (one.state == "kept" and is_captions(one) == is_captions(kept)))
    ]  # fmt: skip
    store.drop_uploads(gone)


def is_captions(upload: Upload) -> bool:
    """Whether a kept file holds the captions of another one."""
    return upload.media_type == media.CAPTIONS


# -- files of forms ------------------------------------------------------------------------------------------------


def kept_for(store: Store, draft_id: str) -> dict[str, Upload]:
    """Field -> the file that was kept for it; captions are not among them."""
    return {one.field: one for one in reversed(store.uploads(draft=draft_id)) if one.state == "kept" and not is_captions(one)}


def captions_for(store: Store, draft_id: str) -> dict[str, Upload]:
    """Field -> the captions of its film or sound."""
    return {one.field: one for one in reversed(store.uploads(draft=draft_id)) if one.state == "kept" and is_captions(one)}


def shown_for(store: Store, draft_id: str) -> dict[str, Upload]:
    """Field -> its latest file, as a form shows it; `notes` name its `captions`, and the file kept `before` one that was refused."""
    found: dict[str, Upload] = {}
    kept, captions = kept_for(store, draft_id), captions_for(store, draft_id)
    for one in reversed(store.uploads(draft=draft_id)):
        if not arriving.was_removed(one) and not is_captions(one):
            found[one.field] = one
    for field, one in found.items():
        before = kept[field].name if field in kept and kept[field].id != one.id else ""
        found[field] = replace(one, notes={**one.notes, "before": before, "captions": captions[field].name if field in captions else ""})
    return found


def unready(store: Store, draft: FormDraft) -> list[Fault]:
    """What keeps the files of a form from being handed in: one that is still being examined, or a film without its captions."""
    process = store.edition(draft.edition).process
    fields = {one.name: one for one in blindness.file_fields(process, draft.class_name)}
    found = []
    for one in store.uploads(draft=draft.id):
        if arriving.is_whole(one):
            found.append(Fault("the file is still being examined", "wait a moment", field=one.field, zh="文件正在检查，请稍候再提交"))
    with_captions = captions_for(store, draft.id)
    for name, kept in kept_for(store, draft.id).items():
        declared = fields[name].media if name in fields else None
        if declared is not None and media.needs_captions(declared, kept.media_type) and name not in with_captions:
            zh = "影片须附字幕，请再上传 WebVTT 字幕文件（.vtt）"
            found.append(Fault("the film comes without captions", "upload them as WebVTT (.vtt)", field=name, zh=zh))
    return found


def attach(store: Store, draft: FormDraft, entry: Entry) -> None:
    """Make the kept files of a form those of its entry, in the caller's transaction; those taken out of the form go.

    A file replaces the earlier one of its field. Where reviewers must not know the authors, their traces are looked for and noted.
    """
    edition = store.edition(entry.edition)
    fields = [one.name for one in blindness.file_fields(edition.process, entry.class_name)]
    uploads = [one for one in store.uploads(draft=draft.id) if one.field in fields]
    kept = [one for one in (*kept_for(store, draft.id).values(), *captions_for(store, draft.id).values()) if one.field in fields]
    names = {one.id: _kept_name(entry, fields.index(one.field) + 1, one) for one in kept}
    before = store.files(entry.id)
    replaced = {Path(names[one.id]).stem for one in kept if not is_captions(one)}
    removed = {one.sha256 for one in uploads if arriving.was_removed(one)}
    store.drop_files(one for one in before if Path(one.name).stem in replaced or one.sha256 in removed)
    store.put_files(File(entry.id, names[one.id], one.sha256, one.media_type, one.size, one.scan) for one in kept)
    store.drop_uploads(one.id for one in uploads if arriving.was_removed(one))
    if material.is_blind(edition) and (kept or removed):
        unit = next(one.name for one in store.nominators(edition.id) if one.id == entry.nominator)
        pairs = [(names[one.id], _opened(store, one)) for one in kept]
        material.note(store, edition, entry, material.scan(edition, entry, unit, pairs), actor=f"nominator:{draft.nominator}")


def _kept_name(entry: Entry, number: int, upload: Upload) -> str:
    suffix = next(one.suffix for one in _KINDS if one.media_type == upload.media_type)
    return blindness.kept_name(entry.code, number, suffix)


def _opened(store: Store, upload: Upload) -> Opened:
    """What the scan for traces looks at, as it was found when the file arrived."""
    kind = next(one for one in _KINDS if one.media_type == upload.media_type)
    pages = store.file_pages([upload.sha256]).get(upload.sha256, ())
    said = tuple(upload.notes.get("properties", ()))
    return Opened(upload.name, Path(upload.name), kind, upload.sha256, upload.size, pages, {}, said)


def _give_at_once(store: Store, place: Place, kept: Upload) -> None:
    """A file for an entry that is handed in, with nothing typed since, needs no handing in again."""
    if place.draft is None:
        return
    draft = store.draft(place.draft.id)
    if draft.state == "submitted" and draft.entry is not None and store.entry(draft.entry).state == "submitted":
        attach(store, draft, store.entry(draft.entry))


# -- for the office ------------------------------------------------------------------------------------------------


def quarantined(store: Store, edition: str) -> list[Upload]:
    """Files of an edition that the scanner did not pass, the latest first."""
    return [one for one in store.uploads_of_edition(edition) if one.state == "quarantined"]


def scan_again(edition: str, upload_id: str) -> Upload:
    """Let the scanner look once more at a quarantined file.

    Raises:
        NotFound: no such file is in quarantine.
        StageNotReady: the installation has no scanner.
    """
    with database().read() as store:
        upload = store.upload(upload_id)
    if upload.edition != edition or upload.state != "quarantined":
        raise NotFound("no such file is in quarantine", zh="隔离区中没有这个文件")
    if not settings().clamav:
        raise StageNotReady(
            "there is no scanner; set JINBANG_CLAMAV and restart", zh="没有配置病毒扫描程序：请设置 JINBANG_CLAMAV 后重新启动"
        )
    return examine(upload_id)


def unscanned(uploads: Sequence[Upload]) -> int:
    """How many kept files nobody has scanned for viruses."""
    return sum(one.state == "kept" and one.scan == "not_scanned" for one in uploads)
