"""What is asked of every paper, person, team … before a process adds its own fields.

`CORE_COLUMNS` are kept as attributes of an entry; the other fields live in `Entry.fields`.
The header of a core column depends on the kind of subject: the `title` of a person is the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from models.declared import Misfit, Words
from models.process import FieldKind, FormField, Process, SubjectKind
from models.stages import ScoringStage

Blind = Literal["none", "single", "double"]
LICENSED = "同意"
"""The answer by which an author lets a work be exhibited."""


def _field(name: str, zh: str, en: str, kind: FieldKind = "text", *, headers: tuple[str, ...] = (), **more: Any) -> FormField:
    return FormField(name=name, title=Words(zh=zh, en=en), kind=kind, headers=headers, **more)


def _core(title: FormField, unit_zh: str, unit_en: str, *unit_headers: str) -> tuple[FormField, ...]:
    """Give the columns that every kind has, with the kind's own words for the subject and the unit behind it."""
    public: dict[str, Any] = {"required": True, "published": True, "identifying": True}
    return (
        _field("class", "类别", "Class", headers=("申报类别", "奖项类别", "参评类别")),
        title,
        _field("unit", unit_zh, unit_en, max_length=100, headers=("单位", "所在单位", *unit_headers), **public),
        _field("email", "电子邮箱", "E-mail", "email", required=True, private=True, headers=("邮箱", "电子邮件", "联系邮箱")),
        _field("nominator", "推荐单位编号", "Nominator code", headers=("推荐单位", "推荐单位代码"), **public),
        _field("rank", "推荐排序", "Rank", "number", min="1", headers=("排序", "推荐顺序", "推荐序号")),
    )


def _title(zh: str, en: str, *headers: str, **more: Any) -> FormField:
    return _field("title", zh, en, required=True, max_length=200, published=True, headers=headers, **more)


def _name(zh: str, en: str, *headers: str) -> FormField:
    """Make a title that is the name of somebody, and so identifies."""
    return _title(zh, en, *headers, identifying=True)


CORE_COLUMNS: dict[SubjectKind, tuple[FormField, ...]] = {
    "paper": _core(_title("论文题目", "Paper title", "题目", "论文名称", "论文标题"), "第一作者单位", "First author's unit", "作者单位"),
    "person": _core(_name("姓名", "Name", "申报人", "候选人姓名", "推荐人选"), "工作单位", "Unit", "单位名称"),
    "team": _core(_name("队伍名称", "Team name", "团队名称", "队名", "服务队名称"), "依托单位", "Host unit", "挂靠单位"),
    "organisation": _core(
        _name("单位名称", "Organisation name", "申报单位", "集体名称", "单位全称"), "主管单位", "Parent unit", "上级单位"
    ),
    "artwork": _core(_title("作品名称", "Title of the work", "作品题目", "作品"), "作者单位", "Author's unit", "单位/学校", "学校"),
    "project": _core(_title("课题名称", "Project title", "项目名称", "研究题目"), "承担单位", "Responsible unit", "申报单位", "依托单位"),
    "venue": _core(_name("场馆名称", "Venue name", "基地名称", "场馆"), "运营单位", "Operator", "管理单位", "主管单位"),
}
"""`class`, `title`, `unit`, `email`, `nominator` (the nominator's code) and `rank`, as columns of a spreadsheet.

`class` may be left empty where a process has one class only.
"""

# fmt: off
COMMON_FIELDS: dict[SubjectKind, tuple[FormField, ...]] = {
    "paper": (
        _field("discipline", "学科代码", "Discipline code", "discipline", required=True, headers=("学科", "学科分类", "学科分类代码")),
        _field(
            "authors", "作者", "Authors", "people", required=True, max_length=20, published=True, identifying=True,
            headers=("全部作者", "作者排序", "作者姓名", "论文作者"),
        ),
        _field("corresponding_author", "通讯作者", "Corresponding author", identifying=True, headers=("通信作者",)),
        _field("journal", "发表期刊", "Journal", required=True, max_length=200, headers=("期刊", "期刊名称", "刊物名称")),
        _field("issue", "卷期页", "Volume, issue, pages", max_length=100, headers=("年卷期页", "卷期页码")),
        _field("published_on", "发表日期", "Published on", "date", required=True, headers=("发表时间", "刊出日期")),
        _field("doi", "DOI", "DOI", max_length=200, identifying=True, headers=("DOI号", "数字对象标识")),
        _field("abstract", "摘要", "Abstract", required=True, max_length=500, headers=("论文摘要", "内容摘要")),
        _field("full_text", "论文全文", "Full text", "file", identifying=True, headers=("全文",)),
        _field("blind_text", "匿名全文", "Anonymised full text", "file", headers=("匿名稿", "匿名论文")),
    ),
    "person": (
        _field("gender", "性别", "Gender", "choice", choices=("男", "女"), required=True),
        _field("ethnic", "民族", "Ethnic group", max_length=20),
        _field("birth_month", "出生年月", "Month of birth", "month", required=True, identifying=True, headers=("出生日期", "出生时间")),
        _field("party", "政治面貌", "Political affiliation", max_length=20),
        _field("post", "职务", "Post", max_length=100, published=True, identifying=True, headers=("单位职务", "行政职务")),
        _field("professional_title", "职称", "Professional title", max_length=50, headers=("专业技术职务", "技术职称")),
        _field("degree", "学历学位", "Degree", max_length=50, headers=("学历", "学位", "最高学历")),
        _field("mobile", "手机号码", "Mobile phone", "phone", private=True, headers=("手机", "联系电话", "移动电话")),
        _field("id_no", "身份证号", "Identity number", "id_number", private=True, headers=("身份证号码", "证件号码")),
        _field("photo", "照片", "Photo", "file", identifying=True, headers=("证件照", "小2寸照片")),
    ),
    "team": (
        _field("founded", "成立时间", "Founded", "month", headers=("成立年月", "组建时间")),
        _field(
            "leader", "负责人", "Leader", required=True, max_length=50, published=True, identifying=True,
            headers=("团队负责人", "队长"),
        ),
        _field("members", "主要成员", "Members", "people", max_length=30, identifying=True, headers=("成员", "成员名单", "团队成员")),
        _field("size", "队伍人数", "Number of members", "number", min="1", headers=("人数", "成员人数", "注册人数")),
    ),
    "organisation": (
        _field("uscc", "统一社会信用代码", "Unified social credit code", private=True, max_length=18, headers=("信用代码",)),
        _field("legal_rep", "法定代表人", "Legal representative", max_length=50, identifying=True, headers=("法人代表", "单位负责人")),
        _field("contact", "联系人及电话", "Contact", private=True, max_length=100, headers=("联系人", "联系方式")),
    ),
    "artwork": (
        _field(
            "authors", "作者", "Authors", "people", required=True, max_length=5, published=True, identifying=True,
            headers=("作者姓名", "全部作者"),
        ),
        _field("advisor", "指导教师", "Advisor", max_length=50, identifying=True, headers=("指导老师",)),
        _field("statement", "创作说明", "Statement", required=True, max_length=300, headers=("作品简介", "作品说明")),
        _field("licence", "展示授权", "Licence to exhibit", "choice", choices=(LICENSED, "不同意"), required=True, headers=("授权展示",)),
        _field("media", "作品文件", "File of the work", "file", headers=("作品附件", "文件")),
    ),
    "project": (
        _field(
            "leader", "负责人", "Leader", required=True, max_length=50, published=True, identifying=True,
            headers=("课题负责人", "项目负责人"),
        ),
        _field("members", "课题组成员", "Members", "people", max_length=30, identifying=True, headers=("成员", "项目组成员")),
        _field("period", "起止时间", "Period", max_length=50, headers=("研究周期", "实施周期")),
        _field("budget", "申请经费（万元）", "Budget (10 000 yuan)", "number", min="0", headers=("经费", "申请经费", "预算")),
        _field("outputs", "预期成果", "Outputs", max_length=500, headers=("成果形式",)),
    ),
    "venue": (
        _field("venue_class", "场馆类别", "Class of venue", max_length=50, published=True, headers=("场馆类型", "基地类别")),
        _field("area", "展教面积（平方米）", "Exhibition area (m²)", "number", min="0", headers=("面积", "展教面积")),
        _field("open_days", "年开放天数", "Open days a year", "number", min="0", max="366", headers=("开放天数",)),
        _field("visitors", "年接待人次", "Visitors a year", "number", min="0", headers=("接待人次", "接待量")),
    ),
}
# fmt: on
"""Fields by kind of subject; a process adds its own, and replaces one of these by declaring the same name."""


def core_columns(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give the columns that become attributes of an entry, in the words of the class's subject kind."""
    return CORE_COLUMNS[process.class_named(class_name).subject]


def fields_of(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give what is asked of an entry of a class beside the core columns: the common fields, then the declared ones.

    A declared field with the name of a common one stands in its place.

    Raises:
        KeyError: the process has no such class.

    """
    declared = process.class_named(class_name)
    own = {field.name: field for field in declared.fields}
    common = COMMON_FIELDS[declared.subject]
    replaced = {field.name for field in common}
    return tuple(own.get(field.name, field) for field in common) + tuple(field for field in declared.fields if field.name not in replaced)


def fields_shown_to_reviewers(process: Process, class_name: str, blind: Blind) -> tuple[FormField, ...]:
    """Give the fields that a reviewer may see: never private ones, and in a `double` blind stage none that identifies (rule R6)."""
    return tuple(field for field in fields_of(process, class_name) if not field.private and not (blind == "double" and field.identifying))


def published_fields(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give the fields that public lists may show beside title, unit and nominator (rule G4)."""
    return tuple(field for field in fields_of(process, class_name) if field.published and not field.private)


def misfits(process: Process) -> Iterator[Misfit]:
    """Yield what names a field that is not there, names one twice, or puts two fields under one heading."""
    for position, one in enumerate(process.classes):
        for number, heading in _ambiguous(process, one.name):
            field = ("fields", number) if number >= 0 else ()
            yield Misfit(f"two columns of {one.name} answer to {heading!r}; rename one", "classes", position, *field)
        known = {field.name: field for field in fields_of(process, one.name)}
        if process.groups and process.groups.by not in known:
            yield Misfit(f"{one.name} has no field {process.groups.by!r}; add it or group by another field", "groups", "by")
        elif process.groups:
            yield from _values(process, known[process.groups.by])
        for number, stage in enumerate(process.stages):
            if isinstance(stage, ScoringStage) and stage.match is not None and stage.match not in known:
                yield Misfit(f"{one.name} has no field {stage.match!r}; add it or drop match", "stages", number, "match")


def _ambiguous(process: Process, class_name: str) -> Iterator[tuple[int, str]]:
    """Yield headings that would mean two columns, with the position of the declared field; -1 for a common one."""
    owners: dict[str, str] = {}
    own = [field.name for field in process.class_named(class_name).fields]
    core = {field.name for field in core_columns(process, class_name)}
    for position, name in enumerate(own):
        if name in core or name in own[:position]:
            yield position, name
    for field in (*core_columns(process, class_name), *fields_of(process, class_name)):
        for heading in {field.name, field.title.zh, field.title.en, *field.headers}:
            if owners.setdefault(heading.casefold(), field.name) != field.name:
                yield own.index(field.name) if field.name in own else -1, heading


_CODES = re.compile(r"(\d{3})(?:-(\d{3}))?", re.ASCII)


def _values(process: Process, field: FormField) -> Iterator[Misfit]:
    """Yield values of groups that the field cannot have, values in two groups, and choices in none."""
    taken: dict[str, str] = {}
    for position, group in enumerate(process.groups.sets if process.groups else ()):
        at = ("groups", "sets", position, "values")
        for value in group.values:
            codes = _CODES.fullmatch(value)
            if field.kind == "discipline" and (codes is None or codes[1] > (codes[2] or codes[1])):
                yield Misfit(f"{value!r} is not a first-level code; write 110 or a range such as 110-190, in quotes", *at)
                continue
            if field.kind == "choice" and value not in field.choices:
                yield Misfit(f"{value!r} is not a choice of {field.name}; the choices are {', '.join(field.choices)}", *at)
            span = range(int(codes[1]), int(codes[2] or codes[1]) + 1) if field.kind == "discipline" and codes else ()
            for key in (f"{code:03}" for code in span) if span else (value,):
                if taken.setdefault(key, group.name) != group.name:
                    yield Misfit(f"{key} is in {taken[key]} and in {group.name}; keep it in one", *at)
                    break
    if field.kind == "choice" and (left := [choice for choice in field.choices if choice not in taken]):
        yield Misfit(f"no group takes {', '.join(left)}; add it to the values of one", "groups", "sets")


def may_be_shown(fields: Mapping[str, Any], media_type: str) -> bool:
    """Whether a file may appear in a gallery: a picture whose author has not withheld the licence to exhibit it."""
    return media_type.startswith("image/") and fields.get("licence", LICENSED) == LICENSED
