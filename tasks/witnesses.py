"""The nominating unit names those who are to confirm something, corrects their addresses, and has the link mailed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from models.declared import Words
from models.edition import Edition, Entry, Grant, Nominator, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.store import Store
from models.submitting import Confirmation, ConfirmationKind
from notifications import messages
from rules import confirmations, conflicts
from rules.cells import CellRefused, read_email
from rules.text import TextRefused, clean, clean_name, clean_unit
from tasks import confirming, limits, links
from tasks.installation import database, settings

_AGAIN = timedelta(hours=1)


def name_person(edition_id: str, nominator: str, code: str, kind: str, name: str, unit: str, email: str) -> Confirmation:
    """Ask somebody whom the nominating unit names.

    Raises:
        NotFound: the unit has no such entry, or nothing of that kind is asked.
        NotAllowed: the entry is not in the running.
        TooLate: the deadline has passed.
        InputError: `name`, `unit` or `email` cannot be taken; `kind`, if enough people are asked already.
    """
    with database().write() as store:
        edition, entry, person = _own_entry(store, edition_id, nominator, code)
        wanted = confirming.needed(edition.stages[0].declared)
        known = next((one for one in confirming.KINDS if one == kind), None)
        if known is None or known not in wanted:
            raise NotFound(f"{edition_id} does not ask for {kind!r}")
        asked = store.confirmations(edition_id, entry=entry.id)
        who = _read(edition, entry, person, known, name, unit, email, asked)
        if sum(one.kind == known and one.state != "refused" for one in asked) >= wanted[known]:
            raise _fault("kind", "enough", f"{wanted[known]} are asked already; correct one of them instead")
        return confirming.add(store, edition, [(entry, person, known, who)], asked)[0]


def correct_person(edition_id: str, nominator: str, confirmation_id: str, name: str, unit: str, email: str) -> Confirmation:
    """Replace a wrong name or address of somebody who has not answered: the old link ends at once, and the new one is mailed.

    Raises:
        NotFound: the unit asked nobody of that id.
        NotAllowed: there is an answer already, or it was corrected too often within an hour.
        TooLate: the deadline has passed.
        InputError: `name`, `unit` or `email` cannot be taken.
    """
    with database().write() as store:
        edition, entry, person, witness, grant = _own_witness(store, edition_id, nominator, confirmation_id)
        if witness.state != "asked":
            raise NotAllowed(f"{witness.name} has answered; the answer stands")
        others = [one for one in store.confirmations(edition_id, entry=entry.id) if one.id != witness.id]
        named, of, address = _read(edition, entry, person, witness.kind, name, unit, email, others)
        if (named, of, address) == (witness.name, witness.unit, witness.email):
            return witness
        _count(store, grant)
        corrected = replace(witness, name=named, unit=of, email=address, asked_at=store.edition_now(edition_id))
        store.put_confirmation(corrected)
        actor = f"nominator:{nominator}"
        store.withdraw_mails(edition_id, witness.id)
        links.reissue(store, settings(), edition_id, "witness", witness.id, actor=actor, expires_at=confirming.ends(store, edition))
        store.append(
            edition_id, "ConfirmationAsked", actor=actor, entry=entry.id, confirmation=witness.id, asked=witness.kind, corrected=True
        )
        confirming.mail(store, edition, corrected, entry, person)
        return corrected


def resend(edition_id: str, nominator: str, confirmation_id: str) -> None:
    """Mail the same link once more.

    Raises:
        NotFound: the unit asked nobody of that id.
        NotAllowed: it was sent too often within an hour.
        TooLate: the deadline has passed.
    """
    with database().write() as store:
        edition, entry, person, witness, grant = _own_witness(store, edition_id, nominator, confirmation_id)
        _count(store, grant)
        confirming.mail(store, edition, witness, entry, person, again=store.edition_now(edition_id))


def _own_entry(store: Store, edition_id: str, nominator: str, code: str) -> tuple[Edition, Entry, Nominator]:
    store.lock_stage(edition_id, 0)
    edition = store.edition(edition_id)
    entry = store.entry(f"{edition_id}/e/{code}")
    if entry.nominator != nominator or entry.classified:
        raise NotFound("the unit has no such entry")
    confirming.refuse_closed(store, edition, entry)
    return edition, entry, confirming.nominator_of(store, edition, nominator)


def _own_witness(
    store: Store, edition_id: str, nominator: str, confirmation_id: str
) -> tuple[Edition, Entry, Nominator, Confirmation, Grant]:
    found = store.confirmation(confirmation_id)
    if found.edition != edition_id:
        raise NotFound("the unit asked nobody of that id")
    edition, entry, person = _own_entry(store, edition_id, nominator, store.entry(found.entry).code)
    grant = store.grant_of(edition_id, "witness", found.id)
    if grant is None:
        raise NotFound("there is no link to be replaced")
    store.lock_grant(grant.id)
    return edition, entry, person, store.confirmation(confirmation_id), grant


def _read(
    edition: Edition, entry: Entry, person: Nominator, kind: ConfirmationKind, name: str, unit: str, email: str,
    others: Iterable[Confirmation],
) -> tuple[str, str, str]:  # fmt: skip
    """Name, unit and address as they are kept.

    Raises:
        InputError: every fault at once.
    """
    faults: list[Fault] = []
    read: dict[str, str] = {}
    for field, text, tidy in (("name", name, clean_name), ("unit", unit, clean_unit)):
        try:
            read[field] = tidy(clean(text, max_length=confirmations.NAME_MAX))
            if not read[field]:
                faults.append(Fault(f"the {field} is missing", "fill it in", field=field, column="missing"))
        except TextRefused as refused:
            faults.append(Fault(str(refused), "correct it", field=field, column="text"))
    try:
        address = read_email(clean(email, max_length=320))
    except (CellRefused, TextRefused) as refused:
        raise InputError([*faults, Fault(str(refused), "correct it", field="email", column="email")]) from None
    if confirming.same(address, person.email):
        faults.append(Fault("that is the nominating unit's own address", "give the person's own", field="email", column="own"))
    if any(one.kind == kind and one.state != "refused" and confirming.same(one.email, address) for one in others):
        faults.append(Fault("that address is asked already", "name somebody else", field="email", column="twice"))
    if kind == "expert" and conflicts.name_key(read.get("name", "")) in conflicts.people_of(entry):
        faults.append(Fault("the entry names this person", "name somebody who has no part in it", field="name", column="own_work"))
    if faults:
        raise InputError(faults)
    return read["name"], read["unit"], address


def _count(store: Store, grant: Grant) -> None:
    if wait := limits.count_for(store, "confirm_again", grant, _AGAIN, settings().links_again_per_hour):
        raise NotAllowed(f"this was sent {settings().links_again_per_hour} times within an hour; wait {wait} seconds")


def _fault(field: str, code: str, what: str) -> InputError:
    return InputError([Fault(what, field=field, column=code)])


def queue_reminders(store: Store, edition: Edition, run: StageRun, days: int) -> int:
    """Remind those who have not answered, and the units whose entries lack something. Yields how many mails are new."""
    wanted = confirming.needed(run.declared)
    if not wanted:
        return 0
    entries = {one.id: one for one in store.entries(edition.id, *confirming.LIVE) if not one.classified}
    units = {one.id: one for one in store.nominators(edition.id)}
    mails = [
        messages.confirmation_request(edition, run, one, entries[one.entry], units[entries[one.entry].nominator], 1, days_left=days)
        for one in store.confirmations(edition.id)
        if one.state == "asked" and one.kind in wanted and one.entry in entries
    ]
    lacks: dict[str, dict[str, list[Words]]] = defaultdict(dict)
    for entry, lacking in confirming.missing_of(store, edition, entries.values()).items():
        lacks[entries[entry].nominator][entries[entry].title] = [one.sentence for one in lacking]
    mails += [messages.confirmations_missing(edition, run, units[unit], lines, days) for unit, lines in sorted(lacks.items())]
    return store.queue_mails(edition.id, mails)
