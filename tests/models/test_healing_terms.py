"""Days to answer and to begin that cannot take effect are refused where they stand, with what helps."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests import builders


@pytest.mark.parametrize(
    ("changes", "at", "said"),
    [
        (
            {"reply_by_days": 2}, "reply_by_days",
            "a reminder 2 days before the end of 2 days would come at once, or before they begin; raise reply_by_days or lower "
            "warn_days_before",
        ),
        (
            {"silent_days": 3, "warn_days_before": 4}, "silent_days",
            "a reminder 4 days before the end of 3 days would come at once, or before they begin; raise silent_days or lower "
            "warn_days_before",
        ),
        (
            {"reply_by_days": 20}, "reply_by_days",
            "the review lasts 20 days, so reply_by_days 20 never takes effect; lower it or move closes",
        ),
        ({"silent_days": 40}, "silent_days", "the review lasts 20 days, so silent_days 40 never takes effect; lower it or move closes"),
    ],
)  # fmt: skip
def test_days_without_sense_are_refused(changes: dict[str, Any], at: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        builders.a_process(**builders.a_stage_change("scoring", **changes))
    ((found),) = caught.value.errors()
    assert (found["loc"][-1], found["msg"]) == (at, said)


def test_days_that_take_effect_are_taken_and_none_are_declared_by_itself() -> None:
    plain, declared = (
        builders.a_process(**builders.a_stage_change("scoring", **more)).stages[1]
        for more in ({}, {"reply_by_days": 5, "silent_days": 7, "replace_bounced_days": 0, "warn_days_before": 1})
    )
    names = ("reply_by_days", "silent_days", "replace_bounced_days", "warn_days_before")
    assert [getattr(plain, name) for name in names] == [None, None, None, 2]
    assert [getattr(declared, name) for name in names] == [5, 7, 0, 1]
