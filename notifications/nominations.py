"""The mails around a nomination: confirmations by third parties, possible duplicates, further quotas, avoided reviewers, a later deadline.

Made like those of `messages`, through which they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.declared import Words
from models.edition import Edition, Entry, NewMail, Nominator, StageRun
from models.relations import BY_RULE, Avoidance
from models.stages import SubmissionStage
from models.submitting import Confirmation, QuotaGrant
from notifications.envelopes import digest as _digest
from notifications.envelopes import iso as _iso
from notifications.envelopes import to_nominator as _to_nominator
from notifications.envelopes import to_witness as _to_witness
from notifications.envelopes import words as _words

ZH = "zh_CN"
LISTED = 20
"""Lines that a mail about many entries holds; how many more there are is said below them."""


def confirmation_request(
    edition: Edition,
    run: StageRun,
    witness: Confirmation,
    entry: Entry,
    nominator: Nominator,
    turn: int,
    *,
    days_left: int | None = None,
    again: datetime | None = None,
    locale: str = ZH,
) -> NewMail:
    """Asks somebody outside the nominating unit to confirm something.

    Args:
        edition: The edition.
        run: Its submission stage.
        witness: Who is asked, and for what.
        entry: What it is about.
        nominator: The unit that put it forward.
        turn: Version of the personal link: a corrected address is asked anew.
        days_left: Days to the deadline, for a reminder.
        again: When the nominator had it sent once more.
        locale: Language of the mail.
    """
    cause = f"{run.name}:confirm:{witness.code}:{turn}"
    if days_left is not None:
        cause = f"{run.name}:reminder:{days_left}:{_stamp(run.closes_at)}:{witness.code}"
    elif again is not None:
        cause += f":{_stamp(again)}"
    return _to_witness(
        edition, witness, "confirmation_request", cause, locale, kind=witness.kind, title=entry.title, unit=entry.unit,
        nominator=nominator.name, closes=_iso(run.closes_at), days_left=days_left,
    )  # fmt: skip


def confirmation_refused(
    edition: Edition, run: StageRun, witness: Confirmation, entry: Entry, nominator: Nominator, *, locale: str = ZH
) -> NewMail:
    """Tells a nominator that somebody refused what was asked, and what follows."""
    cause = f"{run.name}:refused:{witness.code}:{_stamp(witness.answered_at)}"
    return _to_nominator(
        edition, nominator, "confirmation_refused", cause, locale, kind=witness.kind, title=entry.title, name=witness.name,
        text=witness.text, closes=_iso(run.closes_at),
    )  # fmt: skip


def confirmations_missing(
    edition: Edition, run: StageRun, nominator: Nominator, missing: Mapping[str, Sequence[Words]], days_left: int, *, locale: str = ZH
) -> NewMail:
    """Reminds a nominator of confirmations that have not come: title of the entry -> what it lacks."""
    lines = [{"title": title, "lacks": [_words(one) for one in lacks]} for title, lacks in missing.items()]
    cause = f"{run.name}:reminder:{days_left}:{_stamp(run.closes_at)}:missing"
    return _to_nominator(
        edition, nominator, "confirmations_missing", cause, locale, lines=lines, days_left=days_left, closes=_iso(run.closes_at)
    )  # fmt: skip


def duplicate_warning(
    edition: Edition, run: StageRun, nominator: Nominator, found: Sequence[tuple[Entry, str, str]], *, locale: str = ZH
) -> NewMail:
    """Tells a channel which of its entries may be put forward twice (rule N4); one mail for all that one arrival brought.

    Args:
        edition: The edition of the entries.
        run: Its submission stage.
        nominator: The channel.
        found: Its entry, the other channel, and the code of the other entry; the first `LISTED` entries and channels are named.
        locale: Language of the mail.
    """
    cause = f"{run.name}:duplicate:{_digest(*(f'{own.code}-{code}' for own, _, code in found))}"
    lines = [
        {"code": own.code, "title": own.title, "other_unit": unit, "own": unit == nominator.name}
        for own, unit in {(own.id, unit): (own, unit) for own, unit, _ in found}.values()
    ]
    return _to_nominator(
        edition, nominator, "duplicate_warning", cause, locale, lines=lines[:LISTED], more=len(lines[LISTED:]),
        title=lines[0]["title"], entries=len({own.id for own, _, _ in found}),
    )  # fmt: skip


def quota_granted(
    edition: Edition, run: StageRun, nominator: Nominator, grant: QuotaGrant, class_title: Words, now_allowed: int, *, locale: str = ZH
) -> NewMail:
    """Tells a nominator of further entries that it may put forward (rule N2); `now_allowed` counts all of the class."""
    counter = edition.process.class_named(grant.class_name).counter
    return _to_nominator(
        edition, nominator, "quota_granted", f"{run.name}:granted:{grant.id}", locale, class_title=_words(class_title), counter=counter,
        extra=grant.extra, reason=grant.reason, allowed=now_allowed, closes=_iso(run.closes_at),
    )  # fmt: skip


def avoidances_decided(
    edition: Edition, run: StageRun, nominator: Nominator, decided: Sequence[Avoidance], *, locale: str = ZH
) -> NewMail:  # fmt: skip
    """Tells a nominator what was decided about people whom it asked to avoid (rule R3): a line for each, and why it was refused.

    What was decided together is one mail; a request that is decided anew is told anew. `run` is the scoring stage. What nobody
    but the declared rule has decided is told as such.
    """
    cause = f"{run.name}:avoidances:{_digest(*(f'{one.id}:{one.state}:{_iso(one.decided_at)}' for one in decided))}"
    lines = [
        {"name": one.name, "unit": one.unit, "granted": one.state == "granted", "reason": "" if one.state == "granted" else one.decision}
        for one in decided
    ]
    return _to_nominator(
        edition, nominator, "avoidances_decided", cause, locale, lines=lines, granted=any(one["granted"] for one in lines),
        by_rule=all(one.by == BY_RULE for one in decided),
    )  # fmt: skip


def call_extended(edition: Edition, run: StageRun, nominator: Nominator, *, locale: str = ZH) -> NewMail:
    """Tells a nominator the new deadline; once per deadline."""
    cause = f"{run.name}:extended:{_stamp(run.closes_at)}"
    return _to_nominator(edition, nominator, "call_extended", cause, locale, closes=_iso(run.closes_at))


def asked_of(edition: Edition, run: StageRun, nominator: Nominator) -> list[Words]:
    """What a submission asks of a unit beside its entries, each as a sentence."""
    stage, kind = run.declared, edition.process.nominators.get(nominator.type)
    if not isinstance(stage, SubmissionStage):
        return []
    asked = []
    if kind is not None and kind.share is not None:
        zh, en = "先填报本单位初评项数，各等级名额按其比例计算", "first state the size of your own first round; shares are of it"
        asked.append(Words(zh=zh, en=en))
    if (proof := stage.publicity_proof) is not None:
        zh, en = ("个工作日", "working days") if proof.unit == "workday" else ("天", "days")
        zh, en = f"提交前在本单位公示不少于 {proof.days} {zh}，并提供证明", f"publish your list for {proof.days} {en} first, and prove it"
        asked.append(Words(zh=zh, en=en))
    if stage.ranked:
        asked.append(Words(zh="推荐项按先后排序，截止后不再调整", en="rank your entries; the order is frozen at the deadline"))
    if stage.consent:
        asked.append(Words(zh="由本人凭专用链接确认同意申报", en="the nominee agrees by a personal link"))
    if stage.unit_opinion:
        asked.append(Words(zh="由所在单位凭专用链接出具意见", en="the unit behind the entry gives its opinion by a personal link"))
    if stage.opinions:
        zh, en = f"由 {stage.opinions} 名专家凭专用链接署名出具意见", f"{stage.opinions} experts sign opinions by personal links"
        asked.append(Words(zh=zh, en=en))
    if stage.not_again is not None:
        asked.append(Words(zh="往届获奖者按规定不再参评", en="earlier winners cannot be put forward again"))
    if stage.classified:
        asked.append(Words(zh="涉密项目仅登记编号，不得填报内容", en="announce classified entries by their number only"))
    return asked


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y%m%dT%H%M%S}Z"
