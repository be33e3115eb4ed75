"""Pairs that come as a file: what of it is new is looked at, and made, like any change by hand."""

from __future__ import annotations

from pathlib import Path

from models.errors import Fault, InputError
from rules import pair_lists
from tasks import spreadsheets
from tasks.installation import database
from tasks.panel_changes import Wish
from tasks.panel_state import State

MOST = 5000
"""Pairs of one file: more than any award gives by hand."""


def wish_of(edition_id: str, path: Path) -> Wish:
    """What a file of pairs asks for; pairs that are in hand already are passed over.

    Raises:
        NotFound: no such edition, or no review has been opened.
        InputError: the file cannot be read, has faults, or names too many pairs.
    """
    pairs = pair_lists.read_pairs(spreadsheets.read_table(path))
    if len(pairs) > MOST:
        raise InputError([Fault(f"it names {len(pairs)} pairs, and {MOST} can be given at once", "send it in parts", file=path.name)])
    with database().read() as store:
        held = State(store, edition_id).held
    return Wish("manual", put=tuple(pair for pair in pairs if pair not in held))
