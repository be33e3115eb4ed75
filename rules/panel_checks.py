"""What a secretary should know before trusting a calibrated ranking: how the panel hangs together, and who favours whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from models.declared import Words
from rules.calibration import Calibration
from rules.score_table import ScoreTable

ENOUGH = 20
"""Scores beyond one for every entry and reviewer, from which the variances are more than guesses: their error is then about a third."""
_SHOWN = 5
_SURE = 2
"""Standard errors from which a difference is taken as certain."""


def parts(table: ScoreTable) -> tuple[tuple[str, ...], ...]:
    """Entries that reviewers link with each other, directly or through others; the largest part first.

    Between two parts nobody compared anything: their order rests on the assumption that both are equally good.
    """
    label = np.arange(len(table.entries))
    while True:
        by_reviewer = np.full(len(table.reviewers), len(label))
        np.minimum.at(by_reviewer, table.reviewer, label[table.entry])
        lower = label.copy()
        np.minimum.at(lower, table.entry, by_reviewer[table.reviewer])
        lower = lower[lower]  # a part's label is one of its own numbers, and may itself have been lowered
        if (lower == label).all():
            break
        label = lower
    members: dict[int, list[str]] = {}
    for entry, part in zip(table.entries, label.tolist(), strict=True):
        members.setdefault(part, []).append(entry)
    return tuple(sorted((tuple(sorted(some)) for some in members.values()), key=lambda some: (-len(some), some)))


def lone_reviewers(table: ScoreTable) -> tuple[str, ...]:
    """Reviewers with one score; their leniency cannot be told from the quality of their entry, and is taken to be near 0."""
    counts = np.bincount(table.reviewer, minlength=len(table.reviewers))
    return tuple(sorted(reviewer for reviewer, count in zip(table.reviewers, counts, strict=True) if count == 1))


class OwnUnit(NamedTuple):
    """By how much reviewers favour entries of their own unit."""

    points: float
    """How much higher such a score is than leniency and quality explain."""
    error: float
    """Standard error of it; twice as much is as good as certain."""
    scores: int
    """Scores between people of one unit."""


def own_unit(calibration: Calibration, pairs: Iterable[tuple[str, str]]) -> OwnUnit | None:
    """Estimate the favour for the own unit, by generalised least squares with the variances of the calibration.

    Args:
        calibration: What the scores say.
        pairs: Entry and reviewer of one unit; pairs without a score are ignored.

    Returns:
        None if there is no such score, or if nothing can be told because all are.
    """
    table, equations = calibration.table, calibration.equations
    known = frozenset(pairs)
    between = zip(table.entry, table.reviewer, strict=True)
    own = np.array([(table.entries[entry], table.reviewers[reviewer]) in known for entry, reviewer in between], dtype=np.float64)
    scores = np.column_stack([own, table.value - calibration.level])
    left = equations.weights[:, None] * equations.residuals(scores, equations.solve(scores))
    information = float(own @ left[:, 0])
    if not own.any() or information < 1e-9:
        return None
    return OwnUnit(float(own @ left[:, 1]) / information, (calibration.components.noise / information) ** 0.5, int(own.sum()))


def own_unit_said(found: OwnUnit) -> Words:
    """One sentence on it; for the secretary alone."""
    size, error, count = f"{abs(found.points):.2f}", f"{found.error:.2f}", found.scores
    if abs(found.points) < _SURE * found.error:
        zh = f"评审给本单位参评项的评分（{count}个）与按质量和宽严预计的没有可靠差别（相差{found.points:+.2f}分，标准误{error}）"
        en = f"Scores for entries of the reviewer's own unit ({count}) show no certain favour: {found.points:+.2f} points beyond what quality and leniency explain, standard error {error}."  # noqa: E501 - one sentence
        return Words(zh=zh, en=en)
    zh_way, way = ("高", "higher") if found.points > 0 else ("低", "lower")
    zh = f"评审给本单位参评项的评分（{count}个）比按质量和宽严预计的{zh_way}{size}分（标准误{error}），请核查"
    en = f"Scores for entries of the reviewer's own unit ({count}) are {size} points {way} than quality and leniency explain, standard error {error}; look at them."  # noqa: E501 - one sentence
    return Words(zh=zh, en=en)


def notes(calibration: Calibration) -> tuple[Words, ...]:
    """What to know before reading the ranking: unlinked parts, no leniency, unequal numbers of scores, lone reviewers."""
    table = calibration.table
    found: list[Words] = []
    if len(linked := parts(table)) > 1:
        sizes = ", ".join(str(len(some)) for some in linked[:_SHOWN]) + (" …" if len(linked) > _SHOWN else "")
        found.append(
            Words(
                zh=f"参评项分成互不相连的{len(linked)}部分（{sizes}项），部分之间的先后只能假定各部分水平相当",
                en=f"The entries fall into {len(linked)} parts ({sizes}) without a common reviewer; "
                "their order across parts rests on the assumption that all parts are equally good.",
            )
        )
    spare = len(table) - len(table.entries) - len(table.reviewers) + len(linked)
    if spare < ENOUGH:
        found.append(
            Words(
                zh="评分太少，差异的来源只是粗略估计，概率和区间偏于自信",
                en="There are few scores: where their differences come from is a rough guess, and chances are too sure of themselves.",
            )
        )
    if not calibration.components.leniency:
        found.append(
            Words(
                zh="未发现评审宽严差异，校准后的排名与均分一致",
                en="No leniency detected; the calibrated ranking follows the mean.",
            )
        )
    counts = Counter(len(values) for values in table.exact.values())
    if max(counts) == 1:
        found.append(
            Words(
                zh="每项只有一个评分，无法区分参评项的差异与评审看法不一，概率和区间不足为据",
                en="No entry has two scores: quality and disagreement cannot be told apart, and chances and bands mean little.",
            )
        )
    elif len(counts) > 1:
        fewest, most = min(counts), max(counts)
        found.append(
            Words(
                zh=f"各项有效评分数不等（{fewest}至{most}个），校准分在评分少时更接近总平均",
                en=f"Entries have {fewest} to {most} scores; with few of them a calibrated mark stays closer to the common level.",
            )
        )
    if lone := lone_reviewers(table):
        named = ", ".join(lone[:_SHOWN]) + (" …" if len(lone) > _SHOWN else "")
        found.append(
            Words(
                zh=f"{len(lone)}位评审只评了一项（{named}），无法判断其宽严",
                en=f"Reviewers with one score, whose leniency cannot be told ({len(lone)}): {named}.",
            )
        )
    return tuple(found)
