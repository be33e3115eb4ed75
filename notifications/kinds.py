"""The mails there are: which page each leads to, and what happens when nobody knows whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

OnUncertain = Literal["resend", "ask"]

LOCALES = ("zh_CN", "en")
PARTS = ("subject.txt.j2", "body.txt.j2", "body.html.j2")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    name: str
    media_type: str
    """Such as `application/pdf`."""
    content: bytes


@dataclass(frozen=True, slots=True)
class MailKind:
    """What is fixed about all mails of one template."""

    page: str | None = None
    """Path of the public page to which the mail leads; None = it leads to the recipient's personal link."""
    beyond: str = ""
    """What follows the personal link, for mails that lead to another page than that of the role; `{code}` is the mail's own `code`."""
    on_uncertain: OnUncertain = "resend"

    def target(self, link: str, params: Mapping[str, Any]) -> str:
        """Where a mail leads whose recipient has this personal link."""
        return link + self.beyond.format_map({name: quote(str(value), safe="") for name, value in params.items()})


MAIL_KINDS: Mapping[str, MailKind] = {
    "call_opened": MailKind(),
    "call_reminder": MailKind(),
    "entries_received": MailKind(),
    "form_result": MailKind(),
    "correction_asked": MailKind(beyond="/corrections/{code}"),
    "correction_lapsed": MailKind(),
    "review_invitation": MailKind(),
    "review_more": MailKind(),
    "review_less": MailKind(),
    "review_reminder": MailKind(),
    "reply_reminder": MailKind(),
    "begin_reminder": MailKind(),
    "review_lapsed": MailKind(),
    "review_closed": MailKind(),
    "review_thanks": MailKind(),
    "sheet_reopened": MailKind(),
    "reason_asked": MailKind(beyond="/reasons/{code}"),
    "shortlist_packet": MailKind(),
    "shortlist_changed": MailKind(),
    "ballot_reminder": MailKind(),
    "signoff_request": MailKind(),
    "signoff_reminder": MailKind(),
    "notice_opened": MailKind(page="/notices/{edition}"),
    "result_winner": MailKind(page="/results/{edition}", on_uncertain="ask"),
    "result_nominator": MailKind(page="/results/{edition}", on_uncertain="ask"),
    "stage_blocked": MailKind(page="/admin/editions/{edition}"),
    "seats_empty": MailKind(page="/admin/editions/{edition}/healing"),
    "file_quarantined": MailKind(page="/admin/editions/{edition}/uploads"),
    "admin_sign_in": MailKind(),
    "link_again": MailKind(),
    "link_code": MailKind(page="/review/code"),
    "new_device": MailKind(beyond="/device"),
    "confirmation_request": MailKind(),
    "confirmation_refused": MailKind(),
    "confirmations_missing": MailKind(),
    "duplicate_warning": MailKind(),
    "quota_granted": MailKind(),
    "avoidances_decided": MailKind(),
    "call_extended": MailKind(),
}


def on_uncertain(template: str) -> OnUncertain:
    """What to do when the connection died after the text was handed over.

    A second invitation does no harm; a second result letter is a matter for a person.
    """
    return MAIL_KINDS[template].on_uncertain
