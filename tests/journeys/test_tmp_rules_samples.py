from __future__ import annotations
import pytest
from flows import rehearsal
from tasks import installation
from tests.journeys.invariants import violations
from tests.journeys.test_every_process import walk_plainly, assert_every_mail_came_once

@pytest.mark.parametrize("name", ["innovation", "volunteers", "artworks", "papers"])
async def test_samples(name, install, monkeypatch):
    walk_plainly(monkeypatch)
    mailbox = install("")
    report = await rehearsal.conduct(name, label="demo", seed=7)
    with installation.database().read() as store:
        edition = store.edition(f"{name}-demo")
        assert violations(store, edition) == []
        print({k: report[k] for k in ("state", "awards", "entries", "eligible") if k in report}, len(store.duplicates(edition.id)))
        print([ (u.code, {k: v.value for k, v in store.facts(u.id).items()}) for u in store.nominators(edition.id)[:4]])
        print([one.type for one in store.events(edition.id) if one.type in ("FactStated", "StageBlocked")])
    assert report["state"] == "published"
    assert_every_mail_came_once(mailbox, report)
