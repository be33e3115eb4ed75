"""What a mark is called, by how it was computed: on pages, in the packet for the committee, in spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from models.declared import Words
from models.stages import Method, Normalise

TITLES: Mapping[Method, Words] = {
    "mean": Words(zh="平均分", en="Mean"),
    "trimmed_mean": Words(zh="去掉最高最低分的平均分", en="Trimmed mean"),
    "median": Words(zh="中位数", en="Median"),
    "calibrated": Words(zh="校准分", en="Calibrated mark"),
    "calibrated_robust": Words(zh="稳健校准分", en="Robust calibrated mark"),
    "calibrated_scaled": Words(zh="等幅校准分", en="Scaled calibrated mark"),
    "borda": Words(zh="胜出率（百分数）", en="Borda count"),
    "rank_sum": Words(zh="平均位次（自末位数起）", en="Mean place from below"),
}
_FIRST: Mapping[Normalise, Words] = {
    "zscore_by_reviewer": Words(zh="按专家标准化", en="standardised by reviewer"),
    "rank_in_group": Words(zh="按组内位次", en="by order within groups"),
}


def said(method: Method, normalise: Normalise) -> Words:
    """What the marks of a stage are."""
    what = TITLES[method]
    if normalise == "none":
        return what
    first = _FIRST[normalise]
    return Words(zh=f"{what.zh}（{first.zh}）", en=f"{what.en}, {first.en}")
