"""Files sent to an open submission as the pages send them, without pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from models.edition import Edition, File, Nominator
from models.process import Process
from models.submitting import FormDraft, Upload
from tasks import arriving, uploads
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

FILES = Path(__file__).parent.parent / "data" / "files"
"""Real files, as other programs write them."""
TYPES = ["pdf", "jpg", "png", "mp4", "mp3"]


class Desk:
    """A unit before its forms, while the submission is open."""

    def __init__(self, installed: Installation, clock: Clock, process: Process | None = None) -> None:
        clock.now = datetime.fromisoformat("2026-05-10 09:00+08:00")
        self.installed, self.database, self.clock = installed, installed.database, clock
        edition = builders.keep(self.database, builders.an_edition(process or with_media()), at="submission")
        builders.put(self.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
        with self.database.write() as store:
            store.put_admin("admin@example.org", "管理员", "admin")
        self.id = edition.id

    @property
    def edition(self) -> Edition:
        with self.database.read() as store:
            return store.edition(self.id)

    def unit(self, code: str = "N01") -> Nominator:
        with self.database.read() as store:
            return next(one for one in store.nominators(self.id) if one.code == code)

    def close(self) -> None:
        self.clock.now = datetime.fromisoformat("2026-06-01 00:00+08:00")

    def draft(self, class_name: str = "paper", *, entry: str | None = None, unit: str = "N01", **values: Any) -> FormDraft:
        """A form in which something was typed; with `entry` one that was handed in."""
        now, state = self.clock.now, "draft" if entry is None else "submitted"
        made = FormDraft(uuid4().hex, self.id, f"{self.id}/n/{unit}", class_name, entry, values, 0, state, now, now)  # type: ignore[arg-type]
        with self.database.write() as store:
            store.add_draft(made)
        return made

    def entry(self, code: str, **changes: Any) -> str:
        """An entry that was handed in. Yields its id."""
        new = builders.an_entry(code, **changes)
        with self.database.write() as store:
            store.put_entries(self.id, [new], {new.key: code})
        return f"{self.id}/e/{code}"

    def begin(self, field: str, size: int, *, draft: FormDraft | None = None, name: str = "file", unit: str = "N01") -> Upload:
        self.clock.advance(seconds=1)
        return arriving.begin(self.unit(unit), self.id, draft=draft.id if draft else None, field=field, name=name, size=size)

    def send(self, upload: Upload, offset: int, content: bytes) -> Upload:
        """One part."""
        moved, file = arriving.open_at(upload.id, upload.nominator, offset)
        with file:
            file.write(content)
            return arriving.move_on(moved, file)

    def bring(self, field: str, content: bytes, *, draft: FormDraft | None = None, name: str = "file", unit: str = "N01") -> Upload:
        """A whole file, examined."""
        upload = self.begin(field, len(content), draft=draft, name=name, unit=unit)
        self.send(upload, 0, content)
        return uploads.examine(upload.id)

    def upload(self, upload_id: str) -> Upload:
        with self.database.read() as store:
            return store.upload(upload_id)

    def files(self, entry: str) -> dict[str, File]:
        with self.database.read() as store:
            return {one.name: one for one in store.files(entry)}

    def events(self, *types: str) -> list[dict[str, Any]]:
        with self.database.read() as store:
            return [dict(one.payload) for one in store.events(self.id) if one.type in types]

    def arriving(self) -> list[str]:
        """Folders of files on their way in."""
        folder = self.installed.settings.arriving_dir
        return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def with_media(**media: Any) -> Process:
    """The sample process whose papers take files of every type, and whose works of art take them within limits."""
    anything, limited = {"types": TYPES}, {"types": TYPES, **media}
    full = _file("full_text", "论文全文", "Full text", anything) | {"identifying": True}
    fields = {
        "paper": [full, _file("blind_text", "匿名全文", "Anonymised full text", anything)],
        "artwork": [_file("media", "作品文件", "File of the work", limited)],
    }
    classes = [{**one, "fields": [*one.get("fields", []), *fields[one["name"]]]} for one in builders.a_declaration()["classes"]]
    return builders.a_process(classes=classes)


def _file(name: str, zh: str, en: str, media: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": {"zh": zh, "en": en}, "kind": "file", "media": media}
