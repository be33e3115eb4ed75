"""What everybody may see: editions and their stages, notices, results as page, JSON and CSV, the gallery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models import subjects
from models.edition import Award, Edition, Entry, Notice, Publication
from models.errors import NotFound
from models.stages import NoticeStage
from models.store import Store
from rules import checked_forms, eligibility
from tasks import checking, exporting
from web import language, pages, pictures, visitors, words
from web.routes import Pages

router = Pages()


@dataclass(frozen=True, slots=True)
class Front:
    """One edition on the front page."""

    edition: Edition
    now: datetime
    notice: Notice | None
    published: bool
    gallery: bool
    accepted: bool
    """The list of accepted entries was made public."""

    @property
    def notice_runs(self) -> bool:
        """Whether the public may object now."""
        return self.notice is not None and self.now < self.notice.until


@router.show("/")
def home(request: Request) -> Response:
    """All editions, the latest first."""
    fronts = []
    with visitors.database(request).read() as store:
        for edition in reversed(store.editions()):
            noticed = store.notice(edition.id)
            published = edition.state == "published"
            fronts.append(
                Front(
                    edition,
                    edition.now(store.real_now),
                    noticed[0] if noticed else None,
                    published,
                    published and pictures.exhibits(edition),
                    _has_accepted(store, edition),
                )
            )
    return pages.render(request, "home.html", fronts=fronts)


def _has_accepted(store: Store, edition: Edition) -> bool:
    run = edition.stages[0]
    return checked_forms.by_checkers(run) and checking.declared(run).publicity_days > 0 and checking.posted(store, run) is not None


@router.show("/notices/{edition_id}")
def show_notice(request: Request, edition_id: str) -> Response:
    """The public list with its period and where to object."""
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        found = store.notice(edition_id)
        if found is None:
            raise NotFound(f"no notice of {edition_id}")
        notice, vacant = found
        entries = store.entries_by_id(award.entry for award in notice.awards)
        nominators = {one.id: one.name for one in store.nominators(edition_id)}
        now = edition.now(store.real_now)
    stage = edition.stages[notice.position].declared
    assert isinstance(stage, NoticeStage)  # noqa: S101 - its position is a notice stage's
    groups = _notice_groups(edition, notice.awards, entries, nominators)
    return pages.render(
        request, "notice.html", edition=edition, notice=notice, vacant=vacant, groups=groups, stage=stage, running=now < notice.until,
        last_day=notice.until - timedelta(microseconds=1), zone=edition.process.time_zone, hosts=words.hosts(edition),
    )  # fmt: skip


@router.show("/notices/{edition_id}/accepted")
def show_accepted(request: Request, edition_id: str) -> Response:
    """The entries that passed the form check, while and after their list is public: title, unit and nominator (rule F5)."""
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        posted, entries = checking.accepted(store, edition)
        nominators = {one.id: one.name for one in store.nominators(edition_id)}
        now = edition.now(store.real_now)
    groups = [
        (words.both(one.title), [(entry, nominators.get(entry.nominator, "")) for entry in entries if entry.class_name == one.name])
        for one in edition.process.classes
    ]
    return pages.render(
        request, "accepted.html", edition=edition, posted=posted, running=now < posted.until, groups=[one for one in groups if one[1]],
        zone=edition.process.time_zone, hosts=words.hosts(edition),
    )  # fmt: skip


def _notice_groups(
    edition: Edition, awards: Iterable[Award], entries: dict[str, Entry], nominators: dict[str, str]
) -> list[dict[str, Any]]:
    """Per group: title, column headings and rows; only what the process declares public (rule G4)."""
    tiers = {tier.name: tier.title for tier in edition.process.tiers}
    found: dict[str, list[Award]] = {}
    for award in awards:
        found.setdefault(award.group, []).append(award)
    groups = []
    for group, listed in found.items():
        class_name = entries[listed[0].entry].class_name
        columns = subjects.published_fields(edition.process, class_name)
        core = {field.name: words.both(field.title) for field in subjects.core_columns(edition.process, class_name)}
        shown = [column for column in columns if any(entries[one.entry].fields.get(column.name) for one in listed)]
        rows = [
            {
                "place": one.place,
                "tier": words.both(tiers.get(one.tier)),
                "title": entries[one.entry].title,
                "unit": entries[one.entry].unit,
                "nominator": nominators.get(entries[one.entry].nominator, ""),
                "fields": [pages.readable(entries[one.entry].fields.get(column.name, "")) for column in shown],
            }
            for one in listed
        ]
        heads = {"title": core["title"], "unit": core["unit"], "fields": [words.both(column.title) for column in shown]}
        groups.append({"title": words.both(eligibility.group_title(group, edition.process)), "heads": heads, "rows": rows})
    return groups


def _published(store: Store, edition_id: str) -> tuple[Edition, Publication]:
    return store.edition(edition_id), store.publication(edition_id)


@router.show("/results/{edition_id}.json")
def results_json(request: Request, edition_id: str) -> Response:
    """The published document, and its digest."""
    with visitors.database(request).read() as store:
        _edition, publication = _published(store, edition_id)
    return JSONResponse({**publication.document, "version": publication.version, "digest": publication.digest})


@router.show("/results/{edition_id}.csv")
def results_csv(request: Request, edition_id: str) -> Response:
    """The published list for a spreadsheet: UTF-8 with a mark, and no cell that could run as a formula."""
    with visitors.database(request).read() as store:
        _edition, publication = _published(store, edition_id)
    rows: list[list[object]] = [[language.gettext(head) for head in words.CSV_HEADS]]
    for group in publication.document["groups"]:
        for award in group["awards"]:
            row = [
                words.both(group["title"]),
                award["place"],
                words.both(award["tier"]),
                award["code"],
                award["title"],
                award["unit"],
                award["nominator"],
            ]
            rows.append(row)
    headers = {"Content-Disposition": f'attachment; filename="{publication.edition}-results.csv"'}
    return Response(exporting.csv_table(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.show("/results/{edition_id}")
def show_results(request: Request, edition_id: str) -> Response:
    """The published result."""
    with visitors.database(request).read() as store:
        edition, publication = _published(store, edition_id)
    return pages.render(
        request, "results.html", edition=edition, publication=publication, document=publication.document, zone=edition.process.time_zone,
        hosts=words.hosts(edition), gallery=pictures.exhibits(edition), groups=_result_groups(edition, publication),
    )  # fmt: skip


def _result_groups(edition: Edition, publication: Publication) -> list[dict[str, Any]]:
    """As `_notice_groups`, from the published document alone; only what a column is called comes from the declaration."""
    groups = []
    for group in publication.document["groups"]:
        columns = subjects.core_columns(edition.process, eligibility.class_of(group["group"], edition.process))
        core = {field.name: words.both(field.title) for field in columns}
        listed = group["awards"]
        shown = list(dict.fromkeys(words.both(field["title"]) for award in listed for field in award["fields"]))
        rows = []
        for award in listed:
            values = {words.both(field["title"]): pages.readable(field["value"]) for field in award["fields"]}
            row = {name: award[name] for name in ("place", "title", "unit", "nominator")}
            rows.append({**row, "tier": words.both(award["tier"]), "fields": [values.get(name, "") for name in shown]})
        heads = {"title": core["title"], "unit": core["unit"], "fields": shown}
        groups.append({"title": words.both(group["title"]), "heads": heads, "rows": rows})
    return groups


@router.show("/gallery/{edition_id}")
def show_gallery(request: Request, edition_id: str) -> Response:
    """The awarded works with pictures."""
    with visitors.database(request).read() as store:
        edition, publication = _published(store, edition_id)
        if not pictures.exhibits(edition):
            raise NotFound(f"{edition_id} has no gallery")
        files = store.files_of_edition(edition_id)
        ids = {entry.code: entry.id for entry in store.entries(edition_id, "awarded")}
    works = []
    for group in publication.document["groups"]:
        for award in group["awards"]:
            named = [one for one in files.get(ids.get(award["code"], ""), ()) if one.name in award["pictures"]]
            if found := [one for one in pictures.shown(request, named, most=480) if one.is_picture]:
                works.append({"group": group, "award": award, "pictures": found})
    return pages.render(request, "gallery.html", edition=edition, works=works, hosts=words.hosts(edition))
