"""The mails of the form check: what must be corrected and until when, and that the time for it is over."""

from __future__ import annotations

from collections.abc import Sequence

from models.declared import Words
from models.edition import Edition, Entry, NewMail, Nominator, StageRun
from models.submitting import Correction
from notifications import envelopes

ZH = "zh_CN"


def correction_asked(
    edition: Edition,
    run: StageRun,
    nominator: Nominator,
    entry: Entry,
    correction: Correction,
    reasons: Sequence[Words],
    *,
    last_call: bool = False,
    locale: str = ZH,
) -> NewMail:
    """Tells a nominator what to correct in an entry and until when; with `last_call`, once more before the time is over (rule F1)."""
    cause = f"{run.name}:correction:{entry.code}:{correction.turn}" + (":last_call" if last_call else "")
    return envelopes.to_nominator(
        edition,
        nominator,
        "correction_asked",
        cause,
        locale,
        code=entry.code,
        title=entry.title,
        reasons=[envelopes.words(one) for one in reasons],
        due=envelopes.iso(correction.due_at),
        last_call=last_call,
    )


def correction_lapsed(
    edition: Edition, run: StageRun, nominator: Nominator, entry: Entry, correction: Correction, *, locale: str = ZH
) -> NewMail:
    """Tells a nominator that an entry was not corrected in time and so is not accepted (rule F1)."""
    cause = f"{run.name}:correction_lapsed:{entry.code}:{correction.turn}"
    due = envelopes.iso(correction.due_at)
    return envelopes.to_nominator(edition, nominator, "correction_lapsed", cause, locale, code=entry.code, title=entry.title, due=due)
