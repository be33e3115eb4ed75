"""The benchmarks know everything that they measure; what they measure is not asked here."""

from __future__ import annotations

import pytest

from bench import ranking
from rules.methods import METHODS, Method
from rules.score_table import ScoreTable


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_measured(method: Method) -> None:
    scores, quality = ranking.panel(12, 6, 0.45, 1)
    marks = ranking.marks(scores, ScoreTable(scores), method)
    assert set(marks) == set(quality)
    assert 0 <= ranking.found(marks, quality, 3) <= 1
