"""What is printed on score sheets, in both languages."""

from __future__ import annotations

from typing import TypedDict


class Said(TypedDict):
    """The words of one language; `{}` stand for values."""

    lang: str
    title: str
    labelled: str
    rehearsal: str
    reviewer: str
    code: str
    unit: str
    hosts: str
    heads: dict[str, str]
    statement: str
    typed: str
    paper: str
    of: str
    sign: str
    day: str
    legend: str
    pages: list[str]
    scan: str
    comment: str
    keyed: str
    informative: str
    and_: str


WORDS: dict[str, Said] = {
    "zh": {
        "lang": "zh",
        "title": "专家评分表",
        "labelled": "{title}（{label}）",
        "rehearsal": "【预演】",
        "reviewer": "评审专家",
        "code": "专家编号",
        "unit": "工作单位",
        "hosts": "主办单位",
        "heads": {"number": "序号", "code": "编号", "title": "名称", "total": "合计", "notes": "备注"},
        "statement": "以上评分由本人独立、公正作出，与申报人没有应当回避的关系。",
        "typed": "已在线签署：{name}，{at}",
        "paper": "纸质签署于 {day}，由 {by} 代录（{at}）",
        "of": "（{codes}）",
        "sign": "签名：",
        "day": "日期：",
        "legend": "“—”为不适用或未评；“评语”表示另有文字意见；“代录”表示由评审办公室按纸质评分表录入。",
        "pages": ["第 ", " 页，共 ", " 页"],
        "scan": "扫码核验",
        "comment": "评语",
        "keyed": "代录",
        "informative": "不计分",
        "and_": "、",
    },
    "en": {
        "lang": "en",
        "title": "Score sheet",
        "labelled": "{title} ({label})",
        "rehearsal": "[Rehearsal]",
        "reviewer": "Reviewer",
        "code": "Reviewer no.",
        "unit": "Affiliation",
        "hosts": "Hosts",
        "heads": {"number": "No.", "code": "Code", "title": "Title", "total": "Total", "notes": "Notes"},
        "statement": "I gave these marks independently and fairly, and have no conflict of interest with those behind the entries.",
        "typed": "Signed on line: {name}, {at}",
        "paper": "Signed on paper on {day}, keyed in by {by} ({at})",
        "of": " ({codes})",
        "sign": "Signature:",
        "day": "Date:",
        "legend": '"—" is not applicable or not marked; "comment": there is a written opinion; "keyed in": by the office, from paper.',
        "pages": ["Page ", " of ", ""],
        "scan": "Scan to verify",
        "comment": "comment",
        "keyed": "keyed in",
        "informative": "not counted",
        "and_": ", ",
    },
}
