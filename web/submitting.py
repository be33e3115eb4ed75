"""The nominator's page: how many entries may be put forward, until when, and what has arrived."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Nominator
from web import pages, visitors, words
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_TOLD = ("submitted", "eligible", "ineligible", "publicised", "awarded", "not_awarded")
"""States that a nominator may know; everything between is "in review" until the list is public."""


@router.show("/submit")
def show(request: Request, visit: MaybeVisit) -> Response:
    """Quota, period and the unit's own entries."""
    seat = visitors.seat_of(request, visit, "nominator")
    person, edition = seat.person, seat.edition
    assert isinstance(person, Nominator)  # noqa: S101 - the role of the seat
    with visitors.database(request).read() as store:
        entries = [one for one in store.entries(edition.id) if one.nominator == person.id]
    order = sorted(entries, key=lambda one: (one.class_name, one.rank or 10**6, one.code))
    quotas = [
        (words.both(one.title), one.counter, person_quota, sum(entry.class_name == one.name for entry in entries))
        for one in edition.process.classes
        if (person_quota := edition.process.nominators[person.type].max.get(one.name)) is not None
    ]
    lines = [(entry, words.ENTRY_STATES[entry.state if entry.state in _TOLD else "assigned"]) for entry in order]
    return pages.render(
        request, "submit.html", seat=seat, edition=edition, run=edition.stages[0], quotas=quotas, lines=lines,
        zone=edition.process.time_zone, office=visitors.installed(request).settings.mail_from,
        classes={one.name: words.both(one.title) for one in edition.process.classes},
    )  # fmt: skip
