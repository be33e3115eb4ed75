"""What the office's pages call changes of panels, what forbids them, and what they cost."""

from __future__ import annotations

from rules.panel_flow import ANY_TOPIC, EXACT, FIRST_LEVEL, NEIGHBOUR, NO_MATCH
from rules.reserves import Unfit
from tasks.panel_checks import DoubtKind, Refusal
from tasks.panels_seen import SheetState
from web.language import gettext
from web.language import mark as _

FITS = {
    EXACT: _("学科代码完全一致"),
    FIRST_LEVEL: _("一级学科一致"),
    NEIGHBOUR: _("相近学科"),
    NO_MATCH: _("学科不一致"),
    ANY_TOPIC: _("不要求学科"),
}
SHARED = _("%(fit)s，%(n)d 个相同关键词")
SHEETS: dict[SheetState, str] = {
    "new": _("未开始"),
    "draft": _("填写中"),
    "complete": _("已填完，未签署"),
    "signed": _("已签署"),
    "left": _("已退出"),
}
NAMES = {
    "reserve": _("候补抽取"),
    "fill": _("首次抽取"),
    "top_up": _("补足空缺席位"),
    "repair": _("只补退出者留下的空缺"),
    "resolve": _("重新安排未开始的评审"),
    "balanced": _("均衡安排（先提高最差的一组）"),
    "manual": _("手工调整"),
    "size": _("单项专家人数"),
}
UNFIT: dict[Unfit, str] = {
    "gone": _("已停用、已谢绝或未答复"),
    "conflict": _("存在利益冲突"),
    "unit": _("专家组中已有同单位专家"),
    "group": _("专家组中同组单位的专家已满"),
    "full": _("评审数量已满"),
    "seat": _("另有空缺席位只能由其补上"),
}
EXPLAINED = {
    "top_up": _("为所有未满的专家组补抽，有候补的先由候补递补；已安排的不变。"),
    "repair": _("只为有人退出的申报项补抽，有候补的先由候补递补；其余不变。"),
    "resolve": _("已开始填写或已签署的不动；其余在收益明显时才换人。"),
    "balanced": _("已开始填写或已签署的不动；先让匹配最差的专家组尽可能好，再顾及其余。"),
}
REFUSALS: dict[Refusal, str] = {
    "entry": _("本阶段没有这个申报项编号"),
    "reviewer": _("没有这个专家编号"),
    "there": _("该专家已在评审这一项"),
    "inactive": _("该专家已停用"),
    "declined": _("该专家已谢绝本阶段的评审"),
    "conflict": _("存在利益冲突，不能安排"),
    "left": _("该专家曾回避或退回这一项，不能再安排"),
    "absent": _("该专家没有在评审这一项"),
    "signed": _("该专家已签署这一项的评分表，不能撤下"),
    "bounds": _("人数不在允许的范围内"),
    "fixed": _("本评选项目不允许为单项另行规定专家人数"),
}
DOUBTS: dict[DoubtKind, str] = {
    "unfit": _("%(reviewer)s 的学科与 %(entry)s 不一致"),
    "worse": _("%(entry)s 专家组的匹配度由 %(limit)s 降为 %(number)s"),
    "load": _("%(reviewer)s 将有 %(number)s 项，超过上限 %(limit)s 项"),
    "unit": _("%(entry)s 的专家组中，%(reviewer)s 所在单位将有 %(number)s 位专家，规定至多 %(limit)s 位"),
    "group": _("%(entry)s 的专家组中，%(reviewer)s 所在单位组将有 %(number)s 位专家，规定至多 %(limit)s 位"),
    "over": _("%(entry)s 将有 %(number)s 位专家，规定为 %(limit)s 位"),
    "short": _("%(entry)s 将只有 %(number)s 位专家，规定为 %(limit)s 位"),
    "begun": _("%(reviewer)s 已开始填写 %(entry)s；草稿将存档，不计入结果"),
}
"""Sentences, each with the codes and numbers of the doubt."""
REASON_FAULTS = {"missing": _("此次调整有所代价，请填写理由"), "needed": _("请写明理由"), "text": _("含有无法保存的字符，或内容过长")}
NO_ENTRY = _("请填写申报项编号")
NOTHING = _("请填写申报项编号和专家编号")
NO_CODE = _("请填写编号")
NO_NUMBER = _("请填写人数，如 7")
NO_SIZE = _("请填写申报项编号和人数")
NO_FILE = _("请选择 .xlsx、.xls、.ods 或 .csv 文件")
OVER = _("评审未在进行，或已过截止时间，或正在复评，不能调整专家组。如已截止，请先延长期限。")
DRAWN = _("已抽取过专家，请改用“补足空缺席位”。")


def fit_said(fit: int, shared: int = 0) -> str:
    """How well a reviewer fits an entry, and how many keywords they share if any, in the reader's language."""
    said = gettext(FITS[fit])
    return gettext(SHARED) % {"fit": said, "n": shared} if shared else said
