"""The engine on a real Prefect server: what runs, what is recorded, what is tried again; and what it offers."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient, get_client

from flows import deployments, engine, notice, opening, publication, scoring, selection, shortlisting, signoff, submission, voting
from models.edition import Wake
from models.errors import NotAllowed
from models.stages import STAGE_CLASSES
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.serving import LEAVES_SOCKETS
from tests.tasks.conftest import people
from tests.tasks.driving import Season

pytestmark = [LEAVES_SOCKETS, pytest.mark.faults]


@pytest.fixture
def live(installed: Installation, clock: Clock, prefect: str) -> Season:
    """An edition whose flows run on the server."""
    made = Season(installed, clock, builders.keep(installed.database, builders.an_edition())).local("2026-04-01 08:00")
    people(made)
    return made


async def recorded(what: str, edition: str) -> list[Any]:
    async with get_client() as client:
        answer = await client._client.post(f"/{what}/filter", json={what: {"tags": {"all_": [f"edition:{edition}"]}}})
    return [(one["name"], one["state_type"]) for one in answer.json()]


def test_every_stage_kind_has_its_module_with_the_same_three_names() -> None:
    assert set(selection.STAGES) == set(STAGE_CLASSES)
    modules = [submission, scoring, shortlisting, voting, signoff, notice, publication]
    assert [one.__name__.rpartition(".")[2] for one in selection.STAGES.values()] == [one.__name__.rpartition(".")[2] for one in modules]
    for module in modules:
        assert all(hasattr(module, name) for name in ("open_stage", "close_stage", "remind"))


async def test_stages_are_flows_and_steps_are_tasks_of_the_edition(live: Season) -> None:
    said = await selection.advance_edition(live.id)
    assert said == "sample-2026: submission is open, until 2026-05-31T16:00:00+00:00"
    assert live.addressees("call_opened") == ["n01", "n02"]
    live.hand_in([builders.an_entry("A01")])
    live.local("2026-06-01 00:00")
    assert (await selection.advance_edition(live.id)).startswith("sample-2026: scoring is open")
    names = [name for name, _ in await recorded("flow_runs", live.id)]
    assert len(names) == 3  # open, close, open
    before = live.snapshot()
    assert (await selection.advance_edition(live.id)).startswith("sample-2026: scoring is open")
    assert live.snapshot() == before
    async with get_client() as client:
        shown = await client._client.post("/artifacts/latest/filter", json={"artifacts": {"key": {"any_": ["progress-sample-2026"]}}})
    assert [one["key"] for one in shown.json()] == ["progress-sample-2026"]


async def test_a_refusal_of_ours_is_not_tried_again_and_blocks_at_once(live: Season, caplog: pytest.LogCaptureFixture) -> None:
    await selection.advance_edition(live.id)
    live.local("2026-06-01 00:00")
    tried: list[int] = []
    with caplog.at_level(logging.ERROR):
        assert "is blocked: sample-2026: 0 entries were put forward" in await selection.advance_edition(live.id)
    assert (live.states(), live.run("submission").attempts, tried) == ({"submission": "blocked"}, 1, [])


async def test_any_other_failure_ends_the_run_and_leaves_the_lease_free(
    live: Season, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def refuse(lease: Any, position: int) -> None:
        calls.append(position)
        raise OSError("no space left on device")

    monkeypatch.setattr(submission.submission, "call_nominators", refuse)
    with pytest.raises(OSError, match="no space left"):
        await selection.advance_edition(live.id)
    assert (calls, live.run("submission").attempts, live.states()) == ([0], 1, {"submission": "opening"})
    monkeypatch.undo()
    monkeypatch.setattr("tasks.installation.installation", lambda: live.installed)
    assert "submission is open" in await selection.advance_edition(live.id)


async def test_an_action_is_tried_again_on_anything_but_a_refusal(prefect: str, caplog: pytest.LogCaptureFixture) -> None:
    from prefect import flow

    from tasks.action import action

    calls: list[str] = []

    @action
    def unlucky(what: str) -> str:
        calls.append(what)
        if what == "refusal":
            raise NotAllowed("no")
        if len(calls) == 1:
            raise OSError("for now")
        return "done"

    @flow(name="try-unlucky")
    async def attempt(what: str) -> str:
        return unlucky(what)

    assert await attempt("lock") == "done"
    assert calls == ["lock", "lock"]
    with pytest.raises(NotAllowed):
        await attempt("refusal")
    assert calls == ["lock", "lock", "refusal"]


async def test_five_flows_are_offered_by_module_path_each_with_a_described_form() -> None:
    offered = await deployments.all_deployments()
    assert [(one.name, one.entrypoint) for one in offered] == [
        ("open-edition", "flows.opening.open_edition"),
        ("advance-edition", "flows.selection.advance_edition"),
        ("send-mail", "flows.selection.send_mail"),
        ("sweep", "flows.opening.sweep"),
        ("rehearse", "flows.rehearsal.rehearse"),
    ]
    for one in offered:
        assert one.description
        assert one.enforce_parameter_schema
        properties = one._parameter_openapi_schema.properties
        assert all(parameter.get("description") for parameter in properties.values()), (one.name, properties)


async def test_an_edition_can_be_opened_and_swept_from_the_server(installed: Installation, prefect: str) -> None:
    assert await opening.open_edition("papers", "2030", date(2030, 1, 12)) == "papers-2030"
    with pytest.raises(NotAllowed, match="papers-2030 is open already"):
        await opening.open_edition("papers", "2030", date(2030, 1, 12))
    assert await opening.sweep() == []


async def test_a_wake_up_is_one_run_however_often_it_is_relayed_and_deadlines_are_shown_once(live: Season) -> None:
    await deployments.runner()
    with live.database.write() as store:
        store.wake(live.id)
        store.set_deadline(live.id, 0, "closes", live.clock.now + timedelta(days=60))
    async with get_client() as client:
        (wake,) = await relayed(client, live)
        with live.database.read() as store:
            key = store.wake_keys([wake.id])[wake.id]
        again = await engine._start(client, wake, key)  # as after a crash between start and mark
        found = await client._client.post("/flow_runs/filter", json={"flow_runs": {"tags": {"all_": [f"edition:{live.id}"]}}})
        runs = [one for one in found.json() if one["idempotency_key"] == key]  # the server knows runs of other tests too
        assert [(one["id"], one["parameters"]) for one in runs] == [(again, {"edition_id": live.id})]
        assert [await engine.mirror_deadlines(client) for _ in range(2)] == [1, 0]
        shown = await client._client.post("/flow_runs/filter", json={"flow_runs": {"tags": {"all_": ["deadline"]}}})
        assert ("sample-2026 stage 0 closes", "SCHEDULED") in [(one["name"], one["state_type"]) for one in shown.json()]


async def relayed(client: PrefectClient, live: Season) -> list[Wake]:
    """Relay what waits, and yield it."""
    with live.database.write() as store:
        waiting = list(store.claim_wakes(live.clock.now, limit=9))  # a claim that has run out at once
    assert [await engine.relay(client) for _ in range(2)] == [len(waiting), 0]
    with live.database.read() as store:
        assert store.waiting_wakes() == 0
    return waiting


async def test_a_table_that_the_server_refuses_holds_no_edition_up(live: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(**_values: Any) -> None:
        raise RuntimeError("the server is away")

    monkeypatch.setattr("prefect.artifacts.acreate_table_artifact", refuse)
    assert "submission is open" in await selection.advance_edition(live.id)
    assert live.states() == {"submission": "open"}


async def test_a_process_with_an_underscore_in_its_name_has_its_tables_too(installed: Installation, clock: Clock, prefect: str) -> None:
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(name="young_talents")))
    made = Season(installed, clock, edition).local("2026-03-01 08:00")
    await selection.advance_edition(made.id)
    async with get_client() as client:
        shown = await client._client.post(
            "/artifacts/latest/filter", json={"artifacts": {"key": {"any_": ["progress-young-talents-2026"]}}}
        )
    assert len(shown.json()) == 1
