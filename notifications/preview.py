"""Every mail with invented people, for the documentation, the admin's preview and the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from models.declared import Words
from models.edition import Edition, Entry, Mail, Member, NewMail, Nominator, Reviewer, StageRun
from models.process import Process
from models.relations import Avoidance
from models.submitting import Confirmation, Correction, Finding, QuotaGrant
from notifications import messages
from notifications.kinds import MAIL_KINDS, Attachment
from notifications.render import render

BASE_URL = "https://awards.example.org"
SENDER = "示例省科学技术协会 <awards@example.org>"
LINK = f"{BASE_URL}/l/k1_PreviewPreviewPreviewPreviewPreviewPreviewPre"
CREATED = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)

_ID = "papers-2026"
_PROCESS: dict[str, Any] = {
    "name": "sample",
    "title": {"zh": "示例省自然科学优秀学术论文评选", "en": "Example Province outstanding papers in natural science"},
    "edition": "2026",
    "basis": {"document": "样例批文", "approved_by": "示例省科学技术协会"},
    "hosts": [
        {"name": {"zh": "示例省人力资源和社会保障厅", "en": "Example Province Department of Human Resources"}},
        {"name": {"zh": "示例省科学技术协会", "en": "Example Province Association for Science and Technology"}, "lead": True},
    ],
    "awards": 10,
    "source": "样例办法第三条",
    "classes": [{"name": "sample", "title": {"zh": "优秀学术论文", "en": "Outstanding paper"}, "subject": "paper", "counter": "篇"}],
    "tiers": [{"name": "first", "title": {"zh": "一等奖", "en": "First prize"}, "quota": 10}],
    "nominators": {"society": {"title": {"zh": "省级学会", "en": "Society"}, "max": {"sample": 15}}},
    "stages": [
        {"kind": "submission", "closes": "2026-04-15"},
        {
            "kind": "scoring",
            "closes": "2026-04-30",
            "criteria": [{"name": "merit", "title": {"zh": "学术水平", "en": "Merit"}, "max": "100"}],
        },
        {"kind": "shortlisting", "ratio": "1.2"},
        {"kind": "voting", "committee": 9, "closes": "2026-05-20"},
        {
            "kind": "signoff",
            "closes": "2026-06-01",
            "overdue": "agree",
            "parties": [
                {"name": "lead", "title": {"zh": "示例省人力资源和社会保障厅", "en": "Example Province Department of Human Resources"}}
            ],
        },
        {
            "kind": "notice",
            "days": 5,
            "objections_to": {"zh": "示例省科协评选工作办公室，电话 000-0000", "en": "Award Office of the Association, telephone 000-0000"},
        },
        {"kind": "publication"},
    ],
}
_DEADLINES = {
    "submission": datetime(2026, 4, 15, 16, tzinfo=UTC),
    "scoring": datetime(2026, 4, 30, 16, tzinfo=UTC),
    "voting": datetime(2026, 5, 20, 10, tzinfo=UTC),
    "signoff": datetime(2026, 6, 1, 16, tzinfo=UTC),
}


def example_edition() -> Edition:
    """A small edition with every stage kind, all stages open."""
    process = Process.model_validate(_PROCESS)
    runs = tuple(
        StageRun(_ID, place, stage, "open", None, _DEADLINES.get(stage.kind), CREATED, None, False, 0, 0, None)
        for place, stage in enumerate(process.stages)
    )
    return Edition(_ID, "2026", process, "0" * 64, "running", 1, False, 1, timedelta(), CREATED, runs)


def example_reviewer() -> Reviewer:
    """Somebody who scores."""
    return Reviewer("r1", _ID, "R001", "李泾川", "渭北理工大学", "li@example.org", title="教授")


def example_member() -> Member:
    """A committee member."""
    return Member("m1", _ID, "M01", "欧阳谷雨", "秦巴医科大学", "ouyang@example.org")


def _avoidances() -> list[Avoidance]:
    """Two requests of one unit, decided together."""
    people = (
        ("孙陇东", "秦岭农业大学", "granted", "情况属实"),
        ("钱朔方", "河套工业大学", "refused", "所述合作已满五年，不属于应当回避的情形"),
    )
    return [
        Avoidance(f"a{at}", _ID, "n1", name, unit, "有学术争议", state, CREATED, said, "admin@example.org", CREATED)  # type: ignore[arg-type]
        for at, (name, unit, state, said) in enumerate(people)
    ]


def example_mail(template: str, locale: str) -> NewMail:
    """One mail of a template, made by its own function."""
    edition = example_edition()
    run, tier = edition.run_of, Words(zh="一等奖", en="First prize")
    paper, party = (
        edition.process.classes[0].title,
        Words(zh="示例省人力资源和社会保障厅", en="Example Province Department of Human Resources"),
    )
    unit = Nominator("n1", _ID, "N01", "示例省水利学会", "society", "society@example.org")
    expert, member = example_reviewer(), example_member()
    signatory = Member("s1", _ID, "S01", "王渭", "示例省人力资源和社会保障厅", "wang@example.org", role="party", party="lead")
    titles = ["黄土高原小流域水土保持措施的减沙效应", "渭河流域氮素迁移的同位素示踪"]
    entry = Entry("e1", _ID, "L0042", "k", "sample", "sample", titles[0], "渭北理工大学", "author@example.org", "n1", 1)
    witness = Confirmation(
        f"{_ID}/e/L0042/w/1", _ID, f"{_ID}/e/L0042", "expert", "赵汉江", "渭北理工大学", "zhao@example.org", "asked", "", "",
        CREATED, CREATED,
    )  # fmt: skip
    grant = QuotaGrant("g1", _ID, "n1", "sample", 1, "承办单位，增补一篇", "admin@example.org", CREATED)
    sent_back = Correction(
        _ID, entry.id, 1, ("abstract",), (Finding("incomplete", "abstract"),), CREATED, datetime(2026, 4, 20, 16, tzinfo=UTC)
    )
    lacking = Words(zh="填报不全（摘要）：缺少研究方法", en="Form incomplete (Abstract): the method is missing")
    made: dict[str, Any] = {
        "call_opened": (edition, run("submission"), unit, {"sample": 15}),
        "call_reminder": (edition, run("submission"), unit, 7),
        "entries_received": (edition, unit, titles),
        "form_result": (edition, unit, [("L0042", titles[0])], [(titles[1], ["发表时间不在规定范围内", "缺少查新报告"])]),
        "correction_asked": (edition, run("submission"), unit, entry, sent_back, [lacking]),
        "correction_lapsed": (edition, run("submission"), unit, entry, sent_back),
        "review_invitation": (edition, run("scoring"), expert, 18),
        "review_more": (edition, run("scoring"), expert, 3, 1),
        "review_less": (edition, run("scoring"), expert, ["L0042", "L0107"], "example"),
        "review_reminder": (edition, run("scoring"), expert, 5, 2),
        "reply_reminder": (edition, run("scoring"), expert, 18, datetime(2026, 4, 10, 16, tzinfo=UTC)),
        "begin_reminder": (edition, run("scoring"), expert, 12, datetime(2026, 4, 20, 16, tzinfo=UTC)),
        "review_lapsed": (edition, run("scoring"), expert, "no_answer", 18, CREATED),
        "review_closed": (edition, run("scoring"), expert, ["L0042", "L0107"], ["L0042"]),
        "review_thanks": (edition, run("scoring"), expert, 18),
        "sheet_reopened": (edition, run("scoring"), expert, ["L0042", "L0107"], "两项的分数疑似填反，请核对。", 3),
        "reason_asked": (edition, run("scoring"), expert, "L0042", datetime(2026, 5, 4, 1, 30, tzinfo=UTC)),
        "shortlist_packet": (edition, run("voting"), member, 12, 1),
        "shortlist_changed": (edition, run("voting"), member, 2, 11, "推荐单位来函撤回该项申报。", [], [f"L0042 {titles[0]}"]),
        "ballot_reminder": (edition, run("voting"), member, 2),
        "signoff_request": (edition, run("signoff"), signatory, party, 1),
        "signoff_reminder": (edition, run("signoff"), signatory, party, 2),
        "notice_opened": (edition, run("notice"), unit, "2026-06-04", "2026-06-10", 10),
        "result_winner": (edition, entry, tier, paper),
        "result_nominator": (edition, unit, [(titles[0], tier, paper)]),
        "stage_blocked": (edition, run("scoring"), "admin@example.org", "申报项 L0007 需要 3 份有效评分，现有 2 份；请增加评审专家。"),
        "seats_empty": (edition, run("scoring"), "admin@example.org", ["L0007", "L0042"]),
        "file_quarantined": (edition, "admin@example.org", unit, "0" * 32, "Win.Test.EICAR_HDB-1"),
        "admin_sign_in": ("admin@example.org",),
        "link_again": (edition, expert, CREATED),
        "link_code": (edition, expert, "00000000", 10),
        "new_device": (edition, expert, "0" * 64, CREATED),
        "confirmation_request": (edition, run("submission"), witness, entry, unit, 1),
        "confirmation_refused": (edition, run("submission"), replace(witness, state="refused", text="未参与该研究。"), entry, unit),
        "confirmations_missing": (edition, run("submission"), unit, {titles[0]: [Words(zh="专家意见 1/3", en="expert opinions 1/3")]}, 7),
        "duplicate_warning": (edition, run("submission"), unit, [(entry, "示例省地理学会", "L0107")]),
        "quota_granted": (edition, run("submission"), unit, grant, paper, 16),
        "avoidances_decided": (edition, run("scoring"), unit, _avoidances()),
        "call_extended": (edition, run("submission"), unit),
    }
    further: dict[str, dict[str, Any]] = {"admin_sign_in": {"minutes": 15}, "shortlist_changed": {"means": "struck"}}
    extra = further.get(template, {})
    mail: NewMail = getattr(messages, template)(*made[template], locale=locale, **extra)
    return mail


def as_row(new: NewMail, *, mail_id: str = "preview", created_at: datetime = CREATED) -> Mail:
    """The outbox row that a new mail becomes."""
    return Mail(
        mail_id, _ID, new.template, new.cause, new.to_name, new.to_address, new.role, new.person, new.locale, new.params,
        created_at, "pending", 0, "",
    )  # fmt: skip


def render_preview(template: str, locale: str) -> EmailMessage:
    """A mail as its recipient would see it, with invented values and a link that opens nothing."""
    kind, row = MAIL_KINDS[template], as_row(example_mail(template, locale))
    paper = Attachment("入围名单.txt", "text/plain", "样张".encode()) if template in ("shortlist_packet", "signoff_request") else None
    return render(
        row,
        link=kind.target(LINK, row.params) if kind.page is None else None,
        base_url=BASE_URL,
        sender=SENDER,
        zone="Asia/Shanghai",
        attachments=(paper,) if paper else (),
    )
