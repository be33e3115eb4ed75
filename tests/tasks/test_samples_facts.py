"""What synthetic units state of themselves: enough for what they hand in, and the same every time."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.asking import ShareOfRound
from models.store import Database
from rules import quotas
from tasks import samples_facts
from tests import builders

TIERS = {"一等奖": Fraction(1, 20), "二等奖": Fraction(1, 5), "三等奖": Fraction(1, 2)}
TIER = {"name": "tier", "title": {"zh": "申报等级", "en": "Tier"}, "kind": "choice", "choices": list(TIERS)}


def a_process() -> Any:
    declared = builders.a_declaration()
    paper, artwork = declared["classes"]
    society = {**declared["nominators"]["society"], "max_if": {"has_association": {"paper": 9}}, "share": {"by": "tier", "of": {
        value: str(part) for value, part in TIERS.items()}}}  # fmt: skip
    stages = [{**declared["stages"][0], "publicity_proof": {"days": 5}}, *declared["stages"][1:]]
    return builders.a_process(classes=[{**paper, "fields": [TIER]}, artwork], nominators={"society": society}, stages=stages)


def test_units_state_what_the_declaration_asks_and_state_it_once(database: Database) -> None:
    edition = builders.keep(database, builders.an_edition(a_process()))
    tiers = ["一等奖", "二等奖", "二等奖", "三等奖"]
    entries = [builders.an_entry(f"A{n}", fields={"tier": tier}) for n, tier in enumerate(tiers)]
    builders.put(database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=entries)
    for _ in range(2):
        with database.write() as store:
            samples_facts.state(store, edition, actor="rehearsal")
    with database.read() as store:
        first, second = store.nominators(edition.id)
        facts = {name: fact.value for name, fact in store.facts(first.id).items()}
        assert [one.payload["count"] for one in store.events(edition.id) if one.type == "FactStated"] == [5]
        assert set(store.facts(second.id)) == {"has_association", "publicity"}
    assert facts["first_round:paper"] == 20
    assert facts["has_association"] in (True, False)
    assert facts["publicity"] == {"from": "2026-06-03", "until": "2026-06-09", "url": "https://example.org/notice"}


@given(st.lists(st.sampled_from(sorted(TIERS)), max_size=30))
def test_the_first_round_is_the_smallest_that_holds_the_entries(values: list[str]) -> None:
    share = ShareOfRound(by="tier", of={value: str(part) for value, part in TIERS.items()})  # type: ignore[arg-type]
    found = samples_facts.first_round(dict(share.of), Counter(values))
    assert quotas.over_share(share, found, values) == ()
    assert not values or quotas.over_share(share, found - 1, values)
