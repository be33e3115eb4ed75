from __future__ import annotations

import inspect
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models.declared import Words
from models.edition import NewMail
from notifications import kinds, messages, preview

TEMPLATES = list(kinds.MAIL_KINDS)
EDITION = preview.example_edition()


def test_every_mail_has_one_function_and_every_function_a_mail() -> None:
    functions = {name for name, one in vars(messages).items() if inspect.isfunction(one) and not name.startswith("_")}
    assert functions == set(TEMPLATES)


def test_every_folder_of_templates_belongs_to_a_mail() -> None:
    folder = Path(kinds.__file__).parent / "templates"
    assert {one.name for one in folder.iterdir() if not one.name.startswith("_")} == set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", kinds.LOCALES)
def test_a_mail_holds_plain_values_and_no_link(template: str, locale: str) -> None:
    mail = preview.example_mail(template, locale)
    text = json.dumps(dict(mail.params), ensure_ascii=False)
    assert json.loads(text) == mail.params
    assert "http" not in text
    assert "/l/" not in text
    assert (mail.template, mail.locale) == (template, locale)
    personal = kinds.MAIL_KINDS[template].page is None and template != "admin_sign_in"
    assert (mail.role is not None, mail.person is not None) == (personal, personal)
    assert len(mail.cause) <= 120


def test_causes_name_the_stage_and_what_is_told() -> None:
    assert {template: preview.example_mail(template, "en").cause for template in TEMPLATES} == {
        "call_opened": "submission:opened",
        "call_reminder": "submission:reminder:7:20260415T1600Z",
        "entries_received": "submission:received:1d5c2d94a189",
        "form_result": "submission:form_result",
        "correction_asked": "submission:correction:L0042:1",
        "correction_lapsed": "submission:correction_lapsed:L0042:1",
        "review_invitation": "scoring:invitation",
        "review_more": "scoring:more:1",
        "review_less": "scoring:less:ba5e7aa136de",
        "review_reminder": "scoring:reminder:2:20260430T1600Z",
        "reply_reminder": "scoring:reply:20260410T1600Z",
        "begin_reminder": "scoring:begin:20260420T1600Z",
        "review_lapsed": "scoring:lapsed:1fb71bd890ee",
        "review_closed": "scoring:expired:0",
        "review_thanks": "scoring:thanks:0",
        "sheet_reopened": "scoring:reopened:3:009d8532e0b0",
        "reason_asked": "scoring:reason:L0042",
        "shortlist_packet": "voting:packet",
        "shortlist_changed": "voting:packet",
        "ballot_reminder": "voting:reminder:2:20260520T1000Z",
        "signoff_request": "signoff:request:1",
        "signoff_reminder": "signoff:reminder:2:20260601T1600Z",
        "notice_opened": "notice:opened:2026-06-04",
        "result_winner": "publication:result:L0042",
        "result_nominator": "publication:result",
        "seats_empty": "scoring:short:00fefe0077a7",
        "stage_blocked": "scoring:blocked:0:84a9a448c0fe",
        "file_quarantined": "submission:quarantine:00000000000000000000000000000000",
        "admin_sign_in": "admin:sign_in",
        "link_again": "link:again:20260401T013000.000000",
        "link_code": "link:code",
        "new_device": "link:device:cf19dbcdf6c8",
        "confirmation_request": "submission:confirm:L0042-1:1",
        "confirmation_refused": "submission:refused:L0042-1:20260401T013000Z",
        "confirmations_missing": "submission:reminder:7:20260415T160000Z:missing",
        "duplicate_warning": "submission:duplicate:0ca9953d045c",
        "quota_granted": "submission:granted:g1",
        "avoidances_decided": "scoring:avoidances:4d1c39831aa2",
        "call_extended": "submission:extended:20260415T160000Z",
    }


def test_the_same_thing_told_again_has_the_same_cause_in_any_language() -> None:
    for template in TEMPLATES:
        assert preview.example_mail(template, "zh_CN").cause == preview.example_mail(template, "en").cause


def _reminder(days: int = 2, later: timedelta = timedelta()) -> NewMail:
    run = EDITION.run_of("scoring")
    assert run.closes_at is not None
    moved = replace(run, closes_at=run.closes_at + later)
    return messages.review_reminder(EDITION, moved, preview.example_reviewer(), 5, days)


def test_a_deadline_that_is_moved_is_reminded_of_again() -> None:
    causes = [_reminder(2).cause, _reminder(0).cause, _reminder(2, timedelta(days=3)).cause]
    assert causes == ["scoring:reminder:2:20260430T1600Z", "scoring:reminder:0:20260430T1600Z", "scoring:reminder:2:20260503T1600Z"]


def test_a_new_version_of_the_shortlist_is_a_new_mail() -> None:
    first, second = (
        messages.shortlist_packet(EDITION, EDITION.run_of("voting"), preview.example_member(), 12, version) for version in (1, 2)
    )
    assert (first.cause, first.version, second.cause, second.version) == ("voting:packet", 1, "voting:packet", 2)


def test_only_results_ask_a_person_after_an_uncertain_crash() -> None:
    assert {name for name in TEMPLATES if kinds.on_uncertain(name) == "ask"} == {"result_winner", "result_nominator"}


def test_the_label_of_the_edition_is_not_said_twice() -> None:
    titled = EDITION.process.model_copy(update={"title": Words(zh="2026年度示例评选", en="Example awards")})
    mail = messages.review_invitation(replace(EDITION, process=titled), EDITION.run_of("scoring"), preview.example_reviewer(), 1)
    assert mail.params["process"] == {"zh": "2026年度示例评选", "en": "Example awards (2026)"}


def test_the_leading_body_signs_first() -> None:
    assert [host["zh"] for host in preview.example_mail("review_thanks", "en").params["hosts"]] == [
        "示例省科学技术协会",
        "示例省人力资源和社会保障厅",
    ]
