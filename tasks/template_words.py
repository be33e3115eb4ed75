"""What is written in template workbooks, in both languages; `{}` stand for values."""

from __future__ import annotations

from typing import TypedDict


class Said(TypedDict):
    """The words of one language."""

    sheet: str
    how_to: str
    codes: str
    faults: str
    title: str
    unit: str
    number: str
    example: str
    required: str
    marked: str
    optional: str
    yes: str
    comma: str
    made_up: str
    people: tuple[str, ...]
    no: str
    heads: tuple[str, ...]
    code_heads: tuple[str, ...]
    fault_heads: tuple[str, ...]
    steps: tuple[str, ...]
    kinds: dict[str, str]
    longest: str
    most_people: str
    least: str
    most: str
    earliest: str
    latest: str
    only_if: str
    wrong: str
    fault_note: str
    page: str


WORDS: dict[str, Said] = {
    "zh": {
        "sheet": "申报表",
        "how_to": "填写说明",
        "codes": "学科代码",
        "faults": "需要修改的地方",
        "title": "{title}（{label}）{class_title}申报表",
        "unit": "推荐单位：{name}（编号 {code}）。请从第 {row} 行起填写，每行一项；浅蓝色表头为必填。填好后在网页上传。",
        "number": "序号",
        "example": "示例",
        "required": "必填",
        "marked": "{title}（必填）",
        "optional": "选填",
        "yes": "是",
        "comma": "、",
        "made_up": "（示例）{title}",
        "people": ("张三（示例大学）", "李四（示例研究院）"),
        "no": "否",
        "heads": ("列", "栏目", "是否必填", "填写要求", "示例"),
        "code_heads": ("学科代码和名称",),
        "fault_heads": ("行", "列", "栏目", "问题和处理办法"),
        "steps": (
            "一、在“申报表”中填写，每行一项，可以插入行；示例行供参考，上传时自动忽略。",
            "二、可以调整列的顺序，也可以删去选填的列；请不要合并单元格。",
            "三、附件只填文件名，文件另行打包为 zip 上传，文件名须与表中一致、互不重复。",
            "四、上传后先核对再确认；有问题的行会在表格中标红，改好后重新上传即可。",
            "五、同一申报项再次上传时更新原来的内容，不会重复。",
        ),
        "kinds": {
            "text": "填写文字",
            "number": "只填数字，不带单位",
            "date": "填写日期，如 2025-03-15",
            "month": "填写年月，如 1985-06",
            "choice": "从下拉列表中选择：{choices}",
            "people": "按顺序填写，写成“张三（单位）、李四（单位）”",
            "discipline": "填写学科代码（3、5 或 7 位），可从列表中选择，见“学科代码”表",
            "email": "填写一个电子邮箱",
            "phone": "只填数字和连字符",
            "id_number": "填写证件号码，本列为文本格式",
            "file": "只填文件名，如 {example}",
            "declaration": "同意以下内容请填“是”：{text}",
            "rank": "填写 1、2、3……",
        },
        "longest": "最多 {n} 字",
        "most_people": "最多 {n} 人",
        "least": "不小于 {n}",
        "most": "不大于 {n}",
        "earliest": "不早于 {day}",
        "latest": "不晚于 {day}",
        "only_if": "仅当“{field}”为“{values}”时填写",
        "wrong": "请核对",
        "fault_note": "标红的单元格需要修改，批注说明了原因。改好后保存，回到网页重新上传整张表即可。",
        "page": "第 &P 页，共 &N 页",
    },
    "en": {
        "sheet": "Entries",
        "how_to": "How to fill in",
        "codes": "Discipline codes",
        "faults": "To be corrected",
        "title": "{title} ({label}): {class_title}",
        "unit": "Nominator: {name} (code {code}). One entry per row, from row {row} on; light blue headers are required.",
        "number": "No.",
        "example": "Example",
        "required": "Required",
        "marked": "{title} (required)",
        "optional": "Optional",
        "yes": "yes",
        "comma": ", ",
        "made_up": "(Example) {title}",
        "people": ("Zhang San (Example University)", "Li Si (Example Institute)"),
        "no": "no",
        "heads": ("Column", "Field", "Required", "How to fill in", "Example"),
        "code_heads": ("Discipline code and name",),
        "fault_heads": ("Row", "Column", "Field", "What is wrong, and what to do"),
        "steps": (
            "1. Fill in the first sheet, one entry per row. The example row is ignored when the file is uploaded.",
            "2. Columns may be moved, and optional ones deleted. Do not merge cells.",
            "3. For attachments give the file name only; the files follow in one zip, under these names, each name once.",
            "4. After uploading you check what was read, and then confirm. Rows with faults come back marked in red.",
            "5. Uploading the same entry again updates it; nothing is doubled.",
        ),
        "kinds": {
            "text": "Text",
            "number": "Digits only, no unit",
            "date": "A date such as 2025-03-15",
            "month": "A month such as 1985-06",
            "choice": "Choose from the list: {choices}",
            "people": "In their order: name (unit), name (unit)",
            "discipline": "Discipline code of 3, 5 or 7 digits; see the sheet of codes",
            "email": "One e-mail address",
            "phone": "Digits and hyphens only",
            "id_number": "Identity number; the column is formatted as text",
            "file": "The file name only, such as {example}",
            "declaration": "Write yes if you agree to this: {text}",
            "rank": "1, 2, 3 …",
        },
        "longest": "at most {n} characters",
        "most_people": "at most {n} people",
        "least": "at least {n}",
        "most": "at most {n}",
        "earliest": "not before {day}",
        "latest": "not after {day}",
        "only_if": "only where {field} is {values}",
        "wrong": "Please check",
        "fault_note": "Correct the red cells; their comments say what is wrong. Then save the file and upload the whole table again.",
        "page": "Page &P of &N",
    },
}
