"""The sample input as files: lists as a committee secretary would receive them, slightly untidy, and small pictures.

Per process a folder with `entries*.xlsx` (one file per form), `nominators.xlsx`, `reviewers.xlsx`, `committee.csv`
(GB18030, as older programs export), for works of art `pictures.zip`, and for papers `documents.zip`.
"""

from __future__ import annotations

import csv
import importlib.resources
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from models.intake import NewEntry
from models.process import AwardClass, FormField, Process
from models.subjects import core_columns, fields_of
from tasks import samples, samples_papers, samples_pictures

_MADE = datetime(2026, 1, 12)  # noqa: DTZ001  (written into files as their date; fixed, so that files are the same every time)
_NUMBERING = "序号"
_DEFAULT_SIZE = {"nominators": 40, "reviewers": 60, "entries": 120}


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """The files of one process, in the order in which they are imported."""

    nominators: Path
    reviewers: Path
    committee: Path
    entries: tuple[Path, ...]
    pictures: Path | None
    documents: Path | None


def sample_files(folder: Path, process: Process) -> SampleFiles:
    """Name the sample files of a process in a folder that `write_samples` filled."""
    own = folder / process.name
    pictures, documents = own / "pictures.zip", own / "documents.zip"
    return SampleFiles(
        own / "nominators.xlsx",
        own / "reviewers.xlsx",
        own / "committee.csv",
        tuple(sorted(own.glob("entries*.xlsx"))),
        pictures if pictures.exists() else None,
        documents if documents.exists() else None,
    )


def sample_people(process: Process, *, seed: int) -> samples.SamplePeople:
    """Invent the people of a process in the numbers of `config/samples/sizes.json`."""
    sizes = json.loads((importlib.resources.files("config") / "samples" / "sizes.json").read_text(encoding="utf-8"))
    size = sizes.get(process.name, _DEFAULT_SIZE)
    classes = size.get("classes")
    total = sum(classes.values()) if classes else size["entries"]
    return samples.make_people(
        process, entries=total, nominators=size["nominators"], reviewers=size["reviewers"], seed=seed, shares=classes
    )


def write_samples(folder: Path, processes: Iterable[Process], seed: int) -> None:
    """Write the sample files of every process; the same seed writes the same bytes, given the same fonts.

    Raises:
        NoFont: this machine has no font for the documents.
    """
    for process in processes:
        people = sample_people(process, seed=seed)
        own = folder / process.name
        own.mkdir(parents=True, exist_ok=True)
        _write_lists(own, process, people)
        for name, classes in _forms(process).items():
            entries = [entry for entry in people.entries if entry.class_name in {one.name for one in classes}]
            _write_workbook(own / name, f"{process.title.zh}申报汇总表", *_entry_table(process, classes, entries))
        samples_pictures.write_pictures(own / "pictures.zip", people.entries, seed)
        samples_papers.write_papers(own / "documents.zip", people.entries, seed)


def _forms(process: Process) -> dict[str, list[AwardClass]]:
    """Classes by file name: those whose columns are the same share a file."""
    forms: dict[tuple[Any, ...], list[AwardClass]] = {}
    for one in process.classes:
        asked = (*core_columns(process, one.name), *fields_of(process, one.name))
        forms.setdefault(tuple((field.name, field.title.zh, field.kind, field.choices) for field in asked), []).append(one)
    if len(forms) == 1:
        return {"entries.xlsx": list(process.classes)}
    return {f"entries-{classes[0].name}.xlsx": classes for classes in forms.values()}


def _write_lists(own: Path, process: Process, people: samples.SamplePeople) -> None:
    types = {key: one.title.zh for key, one in process.nominators.items()}
    _write_workbook(
        own / "nominators.xlsx",
        f"{process.title.zh}推荐单位名单",
        ["推荐单位编号", "推荐单位名称", "推荐渠道", "电子邮箱", "联系人"],
        [
            [one.code, _narrow(one.name, n == 4), types[one.type], one.email, _stretch(one.contact)]
            for n, one in enumerate(people.nominators)
        ],
    )
    _write_workbook(
        own / "reviewers.xlsx",
        f"{process.title.zh}评审专家名单",
        ["专家编号", "姓名（必填）", "工作单位", "职称", "学科代码", "电子邮箱"],
        [
            [
                one.code,
                _stretch(one.name),
                _narrow(one.unit, n == 6),
                one.title,
                (",", "、")[n % 2].join(one.disciplines),
                _wide(one.email, n == 9),
            ]
            for n, one in enumerate(people.reviewers)
        ],
    )
    parties = samples.parties(process)
    lines = [
        [one.code, _stretch(one.name), one.unit, one.email, "会签" if one.party else "委员", parties[one.party].zh if one.party else "",
         "是" if one.chair else ""]
        for one in people.members
    ]  # fmt: skip
    with (own / "committee.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([["编号", "姓名", "工作单位", "电子邮箱", "角色", "部门", "主任委员"], *lines])


def _entry_table(process: Process, classes: Sequence[AwardClass], entries: Sequence[NewEntry]) -> tuple[list[str], list[list[Any]]]:
    core = core_columns(process, classes[0].name)
    titles = {one.name: one.title.zh for one in classes}
    used = [one for one in fields_of(process, classes[0].name) if any(one.name in entry.fields for entry in entries)]
    wanted = [one for one in core if one.name != "class" or len(process.classes) > 1]
    headers = [f"*{one.title.zh}" if one.required and n % 3 == 0 else one.title.zh for n, one in enumerate([*wanted, *used])]
    lines = []
    for number, entry in enumerate(entries):
        own = {"class": titles[entry.class_name], "title": entry.title, "unit": _narrow(entry.unit, number == 7), "email": entry.email,
               "nominator": f"'{entry.nominator}" if number == 8 else entry.nominator, "rank": entry.rank}  # fmt: skip
        if process.class_named(entry.class_name).subject == "person":
            own["title"] = _stretch(entry.title)
        lines.append([own[one.name] for one in wanted] + [_shown(one, entry.fields.get(one.name, ""), number) for one in used])
    return headers, lines


def _shown(one: FormField, value: Any, number: int) -> Any:
    """Write a value as people do: dates and numbers as such, here and there in another habit."""
    if not value:
        return ""
    match one.kind:
        case "declaration":
            return ("是", "√", "已承诺")[number % 3]
        case "people":
            return _people_text(value, untidy=number % 9 == 4)
        case "number":
            return _wide(value, True) if number == 5 else float(value)
        case "date":
            return [date.fromisoformat(value), value.replace("-", "."), value.replace("-", "/")][number % 3 if number < 9 else 0]
        case "month":
            return _month_text(value, number)
    return value


def _month_text(value: str, number: int) -> Any:
    year, month = value.split("-")
    # As a number, 1980.10 would be 1980.1: only unmistakable months are written so.
    if number % 4 == 1 and month not in ("01", "10"):
        return float(f"{year}.{int(month)}" if int(month) > 1 and not month.startswith("1") else f"{year}.{month}")
    return (f"{year}年{int(month)}月", f"{year}.{month}", f"{year}{month}")[number % 3]


def _people_text(people: Sequence[dict[str, str]], *, untidy: bool) -> str:
    texts = [f"{one['name']}（{one['unit']}）" if one["unit"] else one["name"] for one in people]
    if untidy:
        return ",".join(_narrow(_stretch(text), True) for text in texts)
    return "、".join(texts)


def _stretch(name: str) -> str:
    """Write a name of two characters as printed tables have it."""
    return f"{name[0]}\u3000{name[1]}" if len(name) == 2 else name


def _narrow(text: str, untidy: bool) -> str:
    return text.replace("（", "(").replace("）", ")") if untidy else text


def _wide(text: str, untidy: bool) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in text) if untidy else text


def _write_workbook(path: Path, title: str, headers: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """Write a list with a merged title, a numbering column, a total and a note, all of one date."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "author": "示例省科学技术协会", "created": _MADE})
    page = book.add_worksheet("汇总表")
    head = book.add_format({"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#E7EEF6"})
    page.merge_range(0, 0, 0, len(headers), title, book.add_format({"bold": True, "font_size": 16, "align": "center"}))
    page.write_row(1, 0, [_NUMBERING, *headers], head)
    page.set_column(1, len(headers), 18)
    page.freeze_panes(2, 0)
    for number, line in enumerate(lines, start=1):
        page.write_row(number + 1, 0, [number, *line])
    page.write_row(len(lines) + 2, 0, ["合计", f"{len(lines)}"])
    page.write_string(len(lines) + 4, 0, "注：演示数据，人物与单位均为虚构。")
    book.close()
