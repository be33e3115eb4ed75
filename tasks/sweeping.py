"""The sweeper: it finds whatever is due and leaves a wake-up for it. By itself it would bring every edition to its end, only later."""

from __future__ import annotations

import logging

from rules.progress import Finished, Wait, next_step
from tasks import editions, kept_tables
from tasks.installation import database

log = logging.getLogger("jinbang.sweep")


def sweep(engine: str) -> tuple[str, ...]:
    """Wake every edition that has something to do and no engine on it, and every edition with mail to send. Yields what was woken."""
    with database().read() as store:
        candidates = store.unfinished()
    due = [one for one in candidates if _is_due(one)]
    with database().write() as store:
        for edition in due:
            store.wake(edition)
        mailing = store.editions_with_due_mail()
        for edition in mailing:
            store.wake(edition, "mail")
        store.beat(engine, swept=True)
        now = store.real_now
    kept_tables.forget_old(now)
    return (*due, *(f"mail:{one}" for one in mailing))


def _is_due(edition: str) -> bool:
    """Whether the engine has something to do in an edition. One that cannot be read must not keep back all others."""
    try:
        return not isinstance(next_step(editions.situation(edition)), Wait | Finished)
    except Exception:
        log.exception("%s cannot be read; the other editions go on", edition)
        return False
