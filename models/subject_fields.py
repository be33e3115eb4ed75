"""The fields that every paper, person, team … is asked for, as data; what is made of them stands in `models.subjects`."""

from __future__ import annotations

from typing import Any

from models.asking import Media
from models.declared import Words
from models.process import FieldKind, FormField, SubjectKind

LICENSED = "同意"
"""The answer by which an author lets a work be exhibited."""


def _field(name: str, zh: str, en: str, kind: FieldKind = "text", *, headers: tuple[str, ...] = (), **more: Any) -> FormField:
    """Make a field; `section` and `help` come as pairs of Chinese and English."""
    words = {key: Words(zh=more.pop(key)[0], en=pair[1]) for key in ("section", "help") if (pair := more.get(key))}
    return FormField(name=name, title=Words(zh=zh, en=en), kind=kind, headers=headers, **words, **more)


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
        _field(
            "discipline", "学科代码", "Discipline code", "discipline", required=True, headers=("学科", "学科分类", "学科分类代码"),
            section=("论文信息", "The paper"),
            help=("按 GB/T 13745 填写一级或二级学科代码，如 570 或 57010", "A code of GB/T 13745, first or second level: 570 or 57010"),
        ),
        _field("title_en", "英文题目", "English title", max_length=300, headers=("论文英文题目", "英文标题")),
        _field(
            "authors", "作者", "Authors", "people", required=True, max_length=20, published=True, identifying=True,
            headers=("全部作者", "作者排序", "作者姓名", "论文作者"),
            help=("按论文署名顺序填写，第一位为第一作者", "In the order of the paper; the first is the first author"),
        ),
        _field("corresponding_author", "通讯作者", "Corresponding author", identifying=True, headers=("通信作者",)),
        _field(
            "journal", "发表期刊", "Journal", required=True, max_length=200, headers=("期刊", "期刊名称", "刊物名称"),
            section=("发表与收录", "Publication"),
        ),
        _field("issn", "ISSN/CN", "ISSN or CN", max_length=60, headers=("ISSN", "CN", "刊号", "期刊号", "ISSN/CN号")),
        _field("issue", "卷期页", "Volume, issue, pages", max_length=100, headers=("年卷期页", "卷期页码")),
        _field("published_on", "发表日期", "Published on", "date", required=True, headers=("发表时间", "刊出日期")),
        _field("doi", "DOI", "DOI", max_length=200, identifying=True, headers=("DOI号", "数字对象标识")),
        _field("indexed_in", "收录情况", "Indexed in", max_length=100, headers=("收录", "收录数据库", "检索收录")),
        _field(
            "abstract", "摘要", "Abstract", required=True, max_length=500, headers=("论文摘要", "内容摘要"),
            section=("摘要与全文", "Abstract and text"),
        ),
        _field("full_text", "论文全文", "Full text", "file", identifying=True, headers=("全文",), media=Media(types=("pdf",))),
        _field(
            "blind_text", "匿名全文", "Anonymised full text", "file", headers=("匿名稿", "匿名论文"), media=Media(types=("pdf",)),
            help=("删去作者、单位、致谢和基金号后的全文", "The text without authors, units, thanks and grant numbers"),
        ),
    ),
    "person": (
        _field(
            "gender", "性别", "Gender", "choice", choices=("男", "女"), required=True, section=("基本信息", "The person"),
        ),
        _field("ethnic", "民族", "Ethnic group", max_length=20),
        _field("birth_month", "出生年月", "Month of birth", "month", required=True, identifying=True, headers=("出生日期", "出生时间")),
        _field("party", "政治面貌", "Political affiliation", max_length=20),
        _field("post", "职务", "Post", max_length=100, published=True, identifying=True, headers=("单位职务", "行政职务")),
        _field("professional_title", "职称", "Professional title", max_length=50, headers=("专业技术职务", "技术职称")),
        _field("degree", "学历学位", "Degree", max_length=50, headers=("学历", "学位", "最高学历")),
        _field(
            "mobile", "手机号码", "Mobile phone", "phone", private=True, headers=("手机", "联系电话", "移动电话"),
            help=("仅供评审办公室联系使用，不公开", "For the review office only; never published"),
        ),
        _field(
            "id_no", "身份证号", "Identity number", "id_number", private=True, headers=("身份证号码", "证件号码"),
            help=("仅供核对身份使用，不公开", "To verify identity only; never published"),
        ),
        _field("photo", "照片", "Photo", "file", identifying=True, headers=("证件照", "小2寸照片"), media=Media(types=("jpg", "png"))),
    ),
    "team": (
        _field("founded", "成立时间", "Founded", "month", headers=("成立年月", "组建时间"), section=("队伍情况", "The team")),
        _field(
            "leader", "负责人", "Leader", required=True, max_length=50, published=True, identifying=True,
            headers=("团队负责人", "队长"),
        ),
        _field("members", "主要成员", "Members", "people", max_length=30, identifying=True, headers=("成员", "成员名单", "团队成员")),
        _field("size", "队伍人数", "Number of members", "number", min="1", headers=("人数", "成员人数", "注册人数")),
    ),
    "organisation": (
        _field(
            "uscc", "统一社会信用代码", "Unified social credit code", private=True, max_length=18, headers=("信用代码",),
            section=("单位情况", "The organisation"), help=("18位，不公开", "18 characters; never published"),
        ),
        _field("legal_rep", "法定代表人", "Legal representative", max_length=50, identifying=True, headers=("法人代表", "单位负责人")),
        _field("contact", "联系人及电话", "Contact", private=True, max_length=100, headers=("联系人", "联系方式")),
    ),
    "artwork": (
        _field(
            "authors", "作者", "Authors", "people", required=True, max_length=5, published=True, identifying=True,
            headers=("作者姓名", "全部作者"), section=("作品信息", "The work"),
        ),
        _field("advisor", "指导教师", "Advisor", max_length=50, identifying=True, headers=("指导老师",)),
        _field("statement", "创作说明", "Statement", required=True, max_length=300, headers=("作品简介", "作品说明")),
        _field("licence", "展示授权", "Licence to exhibit", "choice", choices=(LICENSED, "不同意"), required=True, headers=("授权展示",)),
        _field("media", "作品文件", "File of the work", "file", headers=("作品附件", "文件")),
    ),
    "project": (
        _field(
            "leader", "负责人", "Leader", required=True, max_length=50, published=True, identifying=True,
            headers=("课题负责人", "项目负责人"), section=("课题信息", "The project"),
        ),
        _field("members", "课题组成员", "Members", "people", max_length=30, identifying=True, headers=("成员", "项目组成员")),
        _field("period", "起止时间", "Period", max_length=50, headers=("研究周期", "实施周期")),
        _field("budget", "申请经费（万元）", "Budget (10 000 yuan)", "number", min="0", headers=("经费", "申请经费", "预算")),
        _field("outputs", "预期成果", "Outputs", max_length=500, headers=("成果形式",)),
    ),
    "venue": (
        _field(
            "venue_class", "场馆类别", "Class of venue", max_length=50, published=True, headers=("场馆类型", "基地类别"),
            section=("场馆情况", "The venue"),
        ),
        _field("area", "展教面积（平方米）", "Exhibition area (m²)", "number", min="0", headers=("面积", "展教面积")),
        _field("open_days", "年开放天数", "Open days a year", "number", min="0", max="366", headers=("开放天数",)),
        _field("visitors", "年接待人次", "Visitors a year", "number", min="0", headers=("接待人次", "接待量")),
    ),
}
# fmt: on
"""Fields by kind of subject; a process adds its own, and replaces one of these by declaring the same name."""
