"""What broke a tie, and how groups were merged, in words for the packet and the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.declared import Words
from models.errors import JinbangError
from models.shortlists import Then, Tie, TieStep
from models.tie_breaks import RECOMMENDED, criterion_of, least_of
from rules import eligibility
from rules.parting import COMMITTEE, LOT, RE_REVIEW

if TYPE_CHECKING:
    from models.process import Process

_LINKS = {
    "raw_mean": Words(zh="各专家总分的平均分", en="mean of the reviewers' totals"),
    "spread": Words(zh="最高与最低总分之差，小者在前", en="highest less lowest total, the smaller one first"),
    RECOMMENDED: Words(zh="推荐的专家所占百分比", en="reviewers of a hundred who recommend it"),
    RE_REVIEW: Words(zh="复评", en="review again"),
    COMMITTEE: Words(zh="由评委会决定", en="the committee decides"),
    LOT: Words(zh="抽签，数值小者在前", en="lot, the lowest first"),
}
_THEN: Mapping[Then, Words] = {
    "include_all": Words(zh="全部入围", en="all stay on the list"),
    "exclude_all": Words(zh="全部不入围", en="none stays on the list"),
    "committee": Words(zh="全部列入名单，由评委会决定取舍", en="all stay on the list, and the committee decides"),
    "vacant": Words(zh="均不授奖，名额空缺", en="none has the seat, which stays vacant"),
    "lower_tier": Words(zh="均授较低等级", en="all have the lower tier"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One tie in words."""

    head: Words
    steps: tuple[Words, ...]
    end: Words | None
    """What became of those whom nothing parted; None if everybody was parted."""

    @property
    def parts(self) -> tuple[Words, ...]:
        """The steps, then the end where there is one."""
        return self.steps if self.end is None else (*self.steps, self.end)


def told(tie: Tie, process: Process) -> Told:
    """A tie and how it was broken."""
    where, line = pool_title(tie.pool, process), _line(tie.line, process)
    head = Words(
        zh=f"{where.zh}，{line.zh}：{'、'.join(tie.tied)} 同为 {tie.mark} 分",
        en=f"{where.en}, {line.en}: {', '.join(tie.tied)} share the mark {tie.mark}",
    )
    end = _THEN.get(tie.then)
    if end is not None:
        end = Words(zh=f"{'、'.join(tie.left)} 仍然并列：{end.zh}", en=f"{', '.join(tie.left)} are still tied: {end.en}")
    return Told(head, tuple(_step(one, process) for one in tie.steps), end)


def merged(mergers: Iterable[tuple[str, str, int]], process: Process) -> tuple[Words, ...]:
    """Which small group went into which other one."""
    found = []
    for group, into, entries in mergers:
        small, large = eligibility.group_title(group, process), eligibility.group_title(into, process)
        many = "1 entry" if entries == 1 else f"{entries} entries"
        found.append(Words(zh=f"{small.zh}（{entries}项）并入{large.zh}", en=f"{small.en} ({many}) was merged into {large.en}"))
    return tuple(found)


def link_title(link: str, process: Process) -> Words:
    """What people call a link of the chain."""
    name, least = criterion_of(link), least_of(link)
    if name is not None:
        sheets = [one for stage in process.stages if stage.kind == "scoring" for one in (stage.criteria, *stage.criteria_by_class.values())]
        titles = [criterion.title for sheet in sheets for criterion in sheet if criterion.name == name]
        title = titles[0] if titles else Words(zh=name, en=name)
        return Words(zh=f"“{title.zh}”的平均分", en=f"mean of {title.en}")
    if least is not None:
        return Words(zh=f"达到 {least} 分的总分个数", en=f"number of totals of {least} or more")
    return _LINKS[link]


def pool_title(pool: str, process: Process) -> Words:
    """What a group, or a class, is called."""
    try:
        return eligibility.group_title(pool, process)
    except JinbangError:
        return process.class_named(pool).title


def _line(line: str, process: Process) -> Words:
    if line == "list":
        return Words(zh="入围线", en="line of the list")
    if line == "seats":
        return Words(zh="最后一个名额", en="last seat")
    title = next(one.title for one in process.tiers if one.name == line)
    return Words(zh=f"{title.zh}线", en=f"line of {title.en}")


def _step(step: TieStep, process: Process) -> Words:
    title = link_title(step.link, process)
    if not step.printed:
        return Words(zh=f"{title.zh}：不适用", en=f"{title.en}: does not apply")
    # Twelve digits tell lots apart; the whole of them stands in the event.
    shown = {code: value[:12] + "…" if step.link == LOT else value for code, value in step.printed.items()}
    values = [f"{code} {value}" for code, value in shown.items()]
    order = step.after
    zh, en = "；".join(values), "; ".join(values)
    if len(order) == 1:
        return Words(zh=f"{title.zh}：{zh}，仍并列", en=f"{title.en}: {en}, still tied")
    return Words(zh=f"{title.zh}：{zh}，依次为 {_order(order, ' › ')}", en=f"{title.en}: {en}, in order {_order(order, ' › ')}")


def _order(parts: Iterable[tuple[str, ...]], between: str) -> str:
    return between.join(" = ".join(part) for part in parts)
