"""What the pages call stages and states."""

from __future__ import annotations

from models.asking import Media
from models.declared import Words
from models.edition import Edition, StageRun
from models.process import FormField
from rules import media
from web.language import CURRENT, gettext
from web.language import mark as _

KINDS = {
    "submission": _("推荐申报"),
    "scoring": _("专家评审"),
    "shortlisting": _("确定入围"),
    "voting": _("评委会表决"),
    "signoff": _("会签"),
    "notice": _("公示"),
    "publication": _("公布结果"),
}
RUN_STATES = {
    "planned": _("未开始"),
    "opening": _("即将开始"),
    "open": _("进行中"),
    "closing": _("汇总中"),
    "closed": _("已结束"),
}
ENTRY_STATES = {
    "submitted": _("已收到"),
    "withdrawn": _("已撤回"),
    "duplicate": _("重复申报，已归档"),
    "correction": _("待补正"),
    "not_accepted": _("不予受理"),
    "eligible": _("形式审查合格"),
    "ineligible": _("形式审查不合格"),
    "assigned": _("评审中"),
    "scored": _("已评审"),
    "shortlisted": _("已入围"),
    "not_shortlisted": _("未入围"),
    "voted_out": _("未通过表决"),
    "publicised": _("公示中"),
    "awarded": _("已获奖"),
    "not_awarded": _("未获奖"),
}
RECUSALS = {
    "self": _("我是申报人或其团队成员"),
    "relative": _("与申报人或其团队成员有亲属关系"),
    "same_unit": _("与申报人或其团队成员同单位"),
    "supervisor": _("与申报人或其团队成员有师生关系"),
    "cooperation": _("与申报人或其团队成员近三年有合作"),
    "dispute": _("与申报人或其团队成员有争议或利益冲突"),
    "other": _("其他可能影响公正评审的情形"),
}
MAIL_STATES = {
    "pending": _("待发送"),
    "sending": _("发送中"),
    "sent": _("已发送"),
    "deferred": _("稍后重试"),
    "uncertain": _("是否送达不明"),
    "failed": _("发送失败"),
    "superseded": _("不再发送"),
}
ROLES = {
    "nominator": _("推荐单位"),
    "reviewer": _("评审专家"),
    "committee": _("评委"),
    "party": _("会签单位"),
    "witness": _("确认人"),
}
EVENTS = {
    "EditionOpened": _("届次启动"),
    "EditionPublished": _("届次结束"),
    "ClockMoved": _("预演时钟前移"),
    "StageOpened": _("阶段开始"),
    "StageClosed": _("阶段结束"),
    "StageBlocked": _("阶段受阻"),
    "StageRetried": _("阶段重试"),
    "StageExtended": _("延长期限"),
    "NextStepRequested": _("进入下一步"),
    "NominatorsImported": _("导入推荐单位"),
    "ReviewersImported": _("导入专家"),
    "CommitteeImported": _("导入评委"),
    "EntriesImported": _("导入申报项"),
    "EntryChecked": _("形式审查"),
    "EntrySubmitted": _("提交申报"),
    "EntryWithdrawn": _("撤回申报"),
    "EntryRestored": _("恢复申报"),
    "CorrectionAsked": _("要求补正"),
    "CorrectionAnswered": _("提交补正"),
    "CorrectionLapsed": _("逾期未补正"),
    "AcceptedPosted": _("公示受理名单"),
    "ConfirmationAsked": _("请人确认"),
    "ConfirmationGiven": _("答复确认"),
    "DuplicateDecided": _("处理疑似重复"),
    "LaureatesImported": _("导入往届获奖"),
    "QuotaGranted": _("追加名额"),
    "QuotaRevoked": _("撤销追加名额"),
    "FactStated": _("填报单位情况"),
    "FileKept": _("收到文件"),
    "FileRefused": _("拒收文件"),
    "PanelsDrawn": _("抽取专家"),
    "PanelsChanged": _("调整专家组"),
    "PanelSizeSet": _("规定单项专家人数"),
    "LinkIssued": _("签发链接"),
    "LinkRevoked": _("撤销链接"),
    "AccessRefused": _("拒绝访问"),
    "DeviceAdded": _("新设备进入"),
    "SheetSaved": _("保存评分"),
    "SheetsSigned": _("签署评分"),
    "ReviewerRecused": _("专家回避"),
    "UnitsImported": _("导入单位对照表"),
    "RelationsImported": _("导入利益关系"),
    "ConflictDecided": _("处理利益关系"),
    "EntryTakenBack": _("收回申报项"),
    "AvoidanceAsked": _("申请专家回避"),
    "AvoidanceWithdrawn": _("撤回回避申请"),
    "AvoidanceDecided": _("处理回避申请"),
    "InvitationAnswered": _("答复邀请"),
    "ReviewerLapsed": _("自动改请他人"),
    "ReviewerReturned": _("专家重新参加"),
    "ReviewerKept": _("保留专家"),
    "AddressCorrected": _("更正专家邮箱"),
    "EntryAdmitted": _("补入申报项"),
    "SheetsExpired": _("未签署的评分表作废"),
    "SubstitutesDrawn": _("递补专家"),
    "RemindersQueued": _("发出提醒"),
    "RuleFrozen": _("冻结计分规则"),
    "ReasonAsked": _("请专家说明理由"),
    "ReasonGiven": _("说明评分理由"),
    "MarksComputed": _("汇总得分"),
    "ShortlistMade": _("生成入围名单"),
    "ShortlistReleased": _("名单送评委会"),
    "ShortlistChanged": _("变更入围名单"),
    "GroupsMerged": _("小组合并"),
    "LotSeedPublished": _("公布抽签种子"),
    "ReReviewOpened": _("并列项复评"),
    "AnswerGiven": _("提交意见"),
    "AnswersReopened": _("重新征求意见"),
    "NoticePosted": _("发布公示"),
    "ResultPublished": _("公布结果"),
    "ReopeningAsked": _("重新开放待确认"),
    "SheetReopened": _("重新开放评分表"),
    "MaterialFlagged": _("检查匿名文件"),
    "MailFailed": _("邮件发送失败"),
    "MailReturned": _("收到已失败邮件的退信报告"),
}


def both(words: Words | dict[str, str] | None) -> str:
    """A declared or stored text in the language of the page."""
    if words is None:
        return ""
    if isinstance(words, Words):
        return words.get(CURRENT.get())
    return words["zh"] if CURRENT.get().startswith("zh") else words["en"]


def one_of(chinese: str, english: object) -> str:
    """A sentence that was kept in both languages; English that was kept as an error prints itself becomes a sentence."""
    text = str(english).replace(" -> ", "; ")
    return chinese if not text or (chinese and CURRENT.get() == "zh_CN") else text[:1].upper() + text[1:]


def file_endings(field: FormField) -> str:
    """Endings of the files that a field takes, as a browser's choice of files understands them."""
    return ",".join(media.accepted(field.media or Media()))


def edition_title(edition: Edition) -> str:
    """Title of the process, with the label of the edition unless the title holds it."""
    title = both(edition.process.title)
    if edition.label in title:
        return title
    return f"{title}（{edition.label}）" if CURRENT.get() == "zh_CN" else f"{title} ({edition.label})"


def hosts(edition: Edition) -> str:
    """The bodies in whose name the edition runs, the leading one first."""
    ordered = sorted(edition.process.hosts, key=lambda host: not host.lead)
    return ("、" if CURRENT.get() == "zh_CN" else ", ").join(both(host.name) for host in ordered)


def stage_title(run: StageRun) -> str:
    """The declared title of a stage, or what its kind is called."""
    return both(run.declared.title) if run.declared.title else gettext(KINDS[run.declared.kind])


CSV_HEADS = (_("组别"), _("名次"), _("等级"), _("编号"), _("名称"), _("单位"), _("推荐单位"))
