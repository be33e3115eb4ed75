"""Pairs that come as a file: what of it is new is looked at, and made, like any change by hand."""

from __future__ import annotations

from pathlib import Path

from models.declared import Words
from models.errors import Fault, InputError
from rules import pair_lists, tabular
from tasks import spreadsheets
from tasks.installation import database
from tasks.panel_changes import Wish
from tasks.panel_state import State

MOST = 5000
"""New pairs of one file: more than any award gives by hand."""


def wish_of(edition_id: str, path: Path) -> tuple[Wish, Words | None]:
    """What a file of pairs asks for; pairs that are in hand already are passed over. With it, which rows were taken for totals or notes.

    Raises:
        NotFound: no such edition, or no review has been opened.
        InputError: the file cannot be read, has faults, names codes that nobody knows, or too many pairs; each fault with its place.
    """
    table = spreadsheets.read_table(path)
    with database().read() as store:
        state = State(store, edition_id)
    pairs = pair_lists.read_pairs(table, entries=state.entries, reviewers=state.people)
    new = tuple(pair for pair in pairs if pair not in state.held)
    if len(new) > MOST:
        what = f"it names {len(new)} new pairs, and {MOST} can be given at once"
        zh = f"名单中有 {len(new)} 个新的配对，一次至多 {MOST} 个，请分几次提交"
        raise InputError([Fault(what, "send it in parts", file=path.name, zh=zh)])
    return Wish("manual", put=new), tabular.left_out(table)
