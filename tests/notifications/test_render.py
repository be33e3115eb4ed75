from __future__ import annotations

import html
import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from models.edition import Mail
from models.errors import DeclarationError, InputError
from notifications import preview, texts
from notifications.kinds import LOCALES, MAIL_KINDS, PARTS, Attachment
from notifications.render import check_templates, missing_templates, render

TEMPLATES = list(MAIL_KINDS)
EVERY = [(template, locale) for template in TEMPLATES for locale in LOCALES]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def a_mail(template: str = "review_invitation", locale: str = "zh_CN", **changes: Any) -> Mail:
    return replace(preview.as_row(preview.example_mail(template, locale), mail_id="m1"), **changes)


def rendered(mail: Mail, *, link: str | None = preview.LINK, attachments: tuple[Attachment, ...] = ()) -> EmailMessage:
    return render(mail, link=link, base_url=preview.BASE_URL, sender=preview.SENDER, zone="Asia/Shanghai", attachments=attachments)


def received(message: EmailMessage) -> Any:
    """What a mail program makes of it."""
    return message_from_bytes(message.as_bytes(), policy=default)


def body(message: Any, kind: str) -> str:
    return str(message.get_body((kind,)).get_content()).replace("\r\n", "\n")


def visible(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<body")[2].partition(">")[2]))


def test_every_mail_is_complete_in_every_language() -> None:
    assert missing_templates() == []
    check_templates()


def test_a_missing_or_broken_template_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    read = texts.read_template

    def fewer(name: str) -> str | None:
        if name == "review_more/en/subject.txt.j2":
            return None
        return "{% if %}" if name == "review_thanks/zh_CN/body.html.j2" else read(name)

    monkeypatch.setattr(texts, "read_template", fewer)
    texts._environment.cache_clear()
    try:
        assert [line.partition(":")[0] for line in missing_templates()] == [
            "review_more/en/subject.txt.j2",
            "review_thanks/zh_CN/body.html.j2",
        ]
        with pytest.raises(DeclarationError, match=r"notifications/templates/review_more/en/subject\.txt\.j2: the file is missing"):
            check_templates()
    finally:
        monkeypatch.undo()
        texts._environment.cache_clear()


@pytest.mark.parametrize(("template", "locale"), EVERY)
def test_a_mail_has_all_that_a_mail_needs(template: str, locale: str) -> None:
    sent = preview.render_preview(template, locale)
    assert sent.as_bytes().isascii()
    message = received(sent)
    assert message["Message-ID"] == "<preview.v1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == {"zh_CN": "zh-CN", "en": "en"}[locale]
    assert message["Date"].datetime == preview.CREATED
    assert str(message["From"]) == preview.SENDER
    assert len(message["To"].addresses) == 1
    assert [part.get_content_type() for part in message.walk() if part.get_content_maintype() == "text"][:2] == ["text/plain", "text/html"]
    assert not any(part.defects for part in message.walk())
    assert max(len(line) for line in sent.as_bytes().split(b"\r\n")) <= 78 + 20
    assert 8 <= len(message["Subject"]) <= 120
    assert (CHINESE.search(message["Subject"]) is not None) == (locale == "zh_CN")


@pytest.mark.parametrize(("template", "locale"), EVERY)
def test_text_and_html_hold_one_and_the_same_link(template: str, locale: str) -> None:
    message = received(preview.render_preview(template, locale))
    page = MAIL_KINDS[template].page
    beyond = {"correction_asked": "/corrections/L0042", "reason_asked": "/reasons/L0042", "new_device": "/device"}.get(template, "")
    link = preview.LINK + beyond if page is None else preview.BASE_URL + page.format(edition="papers-2026")
    assert re.findall(r"https?://\S+", body(message, "plain")) == [link]
    assert re.findall(r"https?://[^\s<]+", visible(body(message, "html"))) == [link]
    assert re.findall(r'(?:href|src)="([^"]*)"', body(message, "html")) == [link]


@pytest.mark.parametrize(("template", "locale"), EVERY)
def test_text_and_html_say_the_same(template: str, locale: str) -> None:
    message = received(preview.render_preview(template, locale))
    seen = re.sub(r"\s+", "", visible(body(message, "html")))
    for line in filter(None, body(message, "plain").split("\n")):
        assert re.sub(r"\s+", "", line.removeprefix("- ")).rstrip(":：") in seen, line


@pytest.mark.parametrize(("template", "locale"), EVERY)
def test_no_mail_shows_traces_of_its_template(template: str, locale: str) -> None:
    message = received(preview.render_preview(template, locale))
    whole = str(message["Subject"]) + body(message, "plain") + visible(body(message, "html"))
    assert not re.search(r"\{\{|\{%|\}\}|%\}|\*\*|None|Undefined|\[\]", whole)
    assert "\n\n\n" not in body(message, "plain")


@pytest.mark.parametrize(("template", "locale"), EVERY)
@pytest.mark.parametrize("filled", [False, True])
def test_mails_without_deadline_list_or_tier_are_whole_sentences_too(template: str, locale: str, filled: bool) -> None:
    mail = a_mail(template, locale)
    turned = {"closes": None, "opens": None, "tier": None, "objections_to": None, "minutes": None}
    empty = {"awards": [], "refused": [], "accepted": [], "days_left": 0, "round": 0, "count": 1, "missing": 1, "honorific": ""}
    changes = {name: value for name, value in (turned | ({} if filled else empty)).items() if name in mail.params}
    message = received(rendered(replace(mail, params={**mail.params, **changes, "rehearsal": True}), link=preview.LINK))
    whole = str(message["Subject"]) + body(message, "plain")
    assert not re.search(r"None(?! of)|\[\]| ,|，，|。。|（）|\(\)", whole)
    assert str(message["Subject"]).startswith({"zh_CN": "【预演】", "en": "[Rehearsal] "}[locale])


def test_deadlines_are_local_and_midnight_is_the_end_of_the_day() -> None:
    text = body(received(rendered(a_mail())), "plain")
    assert "评审时间：自 2026年4月1日 星期三 09:30（北京时间）起，至 2026年4月30日 星期四 24:00（北京时间）止。" in text
    english = body(received(rendered(a_mail(locale="en"))), "plain")
    assert "from 09:30 on Wednesday, 1 April 2026 (Beijing time) until 24:00 on Thursday, 30 April 2026 (Beijing time)." in english


def test_other_zones_are_called_by_their_own_name() -> None:
    message = render(a_mail(), link=preview.LINK, base_url=preview.BASE_URL, sender=preview.SENDER, zone="Europe/Berlin")
    assert "至 2026年4月30日 星期四 18:00（中欧时间）止" in body(received(message), "plain")


def test_the_same_row_gives_the_same_bytes() -> None:
    paper = Attachment("入围名单.pdf", "application/pdf", b"%PDF-1.7\x00\xff")
    first, second = (rendered(a_mail("shortlist_packet"), attachments=(paper,)).as_bytes() for _ in range(2))
    assert first == second


def test_an_attachment_travels_with_its_chinese_name() -> None:
    paper = Attachment("入围/名单\r\n.pdf", "application/pdf", b"%PDF-1.7\x00\xff")
    (part,) = received(rendered(a_mail("shortlist_packet"), attachments=(paper,))).iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == ("入围_名单 .pdf", "application/pdf", b"%PDF-1.7\x00\xff")


NASTY = [
    "李\r\nBcc: evil@example.org",
    "李\x00\u2028Bcc: evil@example.org",
    "李\u202e\u200b泾\ufeff川",
    'a", evil@example.org, "b',
    "<evil@example.org>",
]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("locale", LOCALES)
def test_no_name_adds_a_recipient_or_a_header(name: str, locale: str) -> None:
    mail = a_mail(locale=locale)
    params = {**mail.params, "process": {"zh": name, "en": name}, "honorific": name}
    message = received(rendered(replace(mail, to_name=name, params=params)))
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"
    }  # fmt: skip
    assert [one.addr_spec for one in message["To"].addresses] == ["li@example.org"]
    whole = str(message["Subject"]) + str(message["To"]) + body(message, "plain") + body(message, "html")
    assert not re.search("[\x00\u2028\u202e\u200b\ufeff]", whole)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.c, evil@x",
        "a@example.org\r\nBcc: evil@example.org",
        "a@example.org\x00",
        "a\u200b@example.org",
        "张@example.org",
        "a@",
        "@b",
        "x",
        "a b@c.org",
        "a@b@c",
    ],
)
def test_an_address_that_is_not_exactly_one_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is not an e-mail address"):
        rendered(a_mail(to_address=address))


def test_a_chinese_domain_is_written_in_ascii() -> None:
    assert received(rendered(a_mail(to_address="a@例子.org")))["To"].addresses[0].addr_spec == "a@xn--fsqu00a.org"


def test_html_in_a_title_stays_text() -> None:
    mail = a_mail("entries_received")
    message = received(rendered(replace(mail, params={**mail.params, "titles": ["<script>alert(1)</script> & {{ link }}"]})))
    assert "- <script>alert(1)</script> & {{ link }}" in body(message, "plain")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ link }}" in body(message, "html")
    assert "<script>" not in body(message, "html")


def test_a_missing_value_is_an_error_and_never_a_gap() -> None:
    mail = a_mail()
    with pytest.raises(DeclarationError, match="count"):
        rendered(replace(mail, params={name: value for name, value in mail.params.items() if name != "count"}))


@pytest.mark.parametrize(
    "link", [None, "https://evil.example.net/l/x", "https://awards.example.org.evil.example.net/l/x", 'https://awards.example.org/l/"x']
)
def test_a_personal_link_must_be_there_and_lead_here(link: str | None) -> None:
    with pytest.raises(InputError):
        rendered(a_mail(), link=link)


def test_a_mail_to_a_public_page_never_shows_a_personal_link() -> None:
    text = body(received(rendered(a_mail("notice_opened"), link=preview.LINK)), "plain")
    assert preview.LINK not in text
    assert "https://awards.example.org/notices/papers-2026" in text


def test_an_unknown_mail_or_language_is_refused() -> None:
    for mail in (replace(a_mail(), template="../../etc"), replace(a_mail(), locale="fr")):
        with pytest.raises(DeclarationError, match="there is no mail"):
            rendered(mail)


def test_parts_are_the_three_of_a_mail() -> None:
    assert PARTS == ("subject.txt.j2", "body.txt.j2", "body.html.j2")
