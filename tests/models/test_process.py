import copy
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models import subjects
from models.declared import ClosingTime, Exact, LocalTime, Share
from models.process import FormField, Process
from models.stages import STAGE_CLASSES

PERSON = {"name": "person", "title": {"zh": "个人", "en": "Person"}, "subject": "person", "counter": "名", "awards": 2, "source": "办法"}
TEAM = {"name": "team", "title": {"zh": "团队", "en": "Team"}, "subject": "team", "counter": "支", "awards": 1, "source": "办法"}
SHEET = [{"name": "whole", "title": {"zh": "总分", "en": "Whole"}, "max": 100}]
DECLARED: dict[str, Any] = {
    "name": "sample",
    "title": {"zh": "示例", "en": "Sample"},
    "edition": "2026",
    "basis": {"document": "办法", "approved_by": "示例省科协"},
    "hosts": [{"name": {"zh": "示例省科协", "en": "Association"}}],
    "classes": [PERSON, TEAM],
    "nominators": {"society": {"title": {"zh": "学会", "en": "Society"}, "max": {"person": 1, "team": 1}}},
    "stages": [
        {"kind": "submission", "closes": "2026-03-01"},
        {"kind": "scoring", "closes": "2026-04-01", "criteria": SHEET},
        {"kind": "shortlisting", "counts": {"person": 3, "team": 2}},
        {"kind": "publication", "instrument": "recommendation"},
    ],
}
NOTICE = {"kind": "notice", "days": 5, "objections_to": {"zh": "办公室", "en": "Office"}}


def told(**changes: Any) -> list[tuple[str, str]]:
    """Path and message of everything that is refused."""
    with pytest.raises(ValidationError) as caught:
        Process.model_validate({**copy.deepcopy(DECLARED), **changes})
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in caught.value.errors()]


def stages(*kinds: str) -> list[dict[str, Any]]:
    made = {stage["kind"]: stage for stage in [*DECLARED["stages"], NOTICE, {"kind": "voting", "committee": 5}]}
    return [copy.deepcopy(made[kind]) for kind in kinds]


def test_the_sample_is_right() -> None:
    process = Process.model_validate(DECLARED)
    assert ([stage.name for stage in process.stages], process.total_awards) == (["submission", "scoring", "shortlisting", "publication"], 3)


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"awards": 3}, "awards", "`awards` stand at the process and at person, team; keep one of the two"),
        ({"classes": [PERSON, {**TEAM, "awards": None}]}, "classes", "give `awards` for the whole process or for every class"),
        (
            {"classes": [PERSON, {**TEAM, "source": None}]},
            "classes",
            "the number of awards needs a `source`; name the document that says it",
        ),
        ({"time_zone": "../etc"}, "time_zone", "'../etc' is not a time zone; write one such as Asia/Shanghai"),
        (
            {"hosts": [{"name": {"zh": "甲", "en": "A"}, "lead": True}, {"name": {"zh": "乙", "en": "B"}, "lead": True}]},
            "hosts.1",
            "two hosts have `lead: true`; keep one",
        ),
        (
            {"tiers": [{"name": "one", "title": {"zh": "一", "en": "1"}, "quota": q} for q in (1, 2)]},
            "tiers.1",
            "two tiers have the name 'one'; give each its own `name`",
        ),
        (
            {"nominators": {"society": {"title": {"zh": "学会", "en": "Society"}, "max": {"person": -1}}}},
            "nominators.society.max.person",
            "-1 is no number of entries; write 0 or more",
        ),
    ],
)
def test_a_process_that_does_not_fit_together_is_refused(changes: dict[str, Any], path: str, message: str) -> None:
    assert told(**changes) == [(path, message)]


@pytest.mark.parametrize(
    ("kinds", "path", "message"),
    [
        (("submission", "shortlisting", "scoring", "publication"), "stages.1", "a shortlisting needs a scoring before it; add or move one"),
        (("submission", "voting", "publication"), "stages.1", "a voting needs a shortlisting before it; add or move one"),
        (("submission", "scoring"), "stages.1", "the last stage, and no other, must be a publication"),
        (
            ("submission", "scoring", "shortlisting", "notice", "voting", "publication"),
            "stages.4",
            "a voting cannot follow a notice, which freezes the list; move it up",
        ),
    ],
)
def test_stages_in_an_order_without_sense_are_refused(kinds: tuple[str, ...], path: str, message: str) -> None:
    assert told(stages=stages(*kinds)) == [(path, message)]


def test_a_second_stage_of_a_kind_needs_a_name_of_its_own() -> None:
    notices = stages("submission", "scoring", "shortlisting", "notice", "notice", "publication")
    assert told(stages=notices) == [("stages.4", "two stages have the name 'notice'; give each its own `name`")]
    named = Process.model_validate({**DECLARED, "stages": [*notices[:4], {**NOTICE, "name": "again"}, notices[5]]})
    assert [stage.name for stage in named.stages][3:5] == ["notice", "again"]


@pytest.mark.parametrize("instrument", ["commendation_decision", "commendation_notice"])
def test_nobody_is_commended_without_a_public_notice(instrument: str) -> None:
    without = [*stages("submission", "scoring", "shortlisting"), {"kind": "publication", "instrument": instrument}]
    assert [path for path, _ in told(stages=without)] == ["stages.3.instrument"]
    Process.model_validate({**DECLARED, "stages": [*without[:3], NOTICE, without[3]]})


def test_counts_name_every_class_and_keep_enough() -> None:
    wrong = stages("submission", "scoring", "shortlisting", "publication")
    wrong[2]["counts"] = {"person": 1, "band": 2}
    assert told(stages=wrong) == [
        ("stages.2.counts.person", "shortlisting keeps 1 of person but 2 awards are promised; raise counts.person or lower awards"),
        ("stages.2.counts.band", "'band' is not a class; the classes are person, team"),
        ("stages.2.counts", "counts must name every class; add team"),
    ]


def test_score_sheets_by_class_name_every_class() -> None:
    wrong = stages("submission", "scoring", "shortlisting", "publication")
    wrong[1] = {"kind": "scoring", "closes": "2026-04-01", "criteria_by_class": {"person": SHEET}}
    assert told(stages=wrong) == [("stages.1.criteria_by_class", "criteria_by_class must name exactly the classes person, team")]


@pytest.mark.parametrize("name", ["comment", "advice", "fatal"])
def test_no_criterion_has_the_name_of_another_field_of_its_sheet(name: str) -> None:
    wrong = stages("submission", "scoring", "shortlisting", "publication")
    wrong[1]["criteria"] = [{**SHEET[0], "name": name}]
    said = f"{name!r} is another field of the score sheet; name the criterion otherwise"
    assert told(stages=wrong) == [("stages.1.scoring.criteria.0.name", said)]


def test_every_kind_of_stage_refuses_what_it_does_not_run_yet() -> None:
    for kind, owner in STAGE_CLASSES.items():
        later = [name for name, field in owner.model_fields.items() if "later" in (field.json_schema_extra or {})]
        assert later or kind in ("submission", "scoring", "shortlisting"), f"{kind} promises nothing"
        for name in later:
            with pytest.raises(ValidationError, match=f"{name}: not supported yet"):
                owner.model_validate({"kind": kind, name: {"some": "thing"}})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"kind": "choice"}, "kind"),
        ({"choices": ["a"]}, "kind"),
        ({"private": True, "published": True}, "published"),
        ({"kind": "phone", "published": True}, "published"),
        ({"kind": "id_number", "published": True}, "published"),
        ({"min": 1}, "min"),
        ({"eligible_min": 1}, "eligible_min"),
        ({"kind": "number", "min": 2, "max": 1}, "min"),
        ({"earliest": "2026-01-01"}, "earliest"),
        ({"kind": "date", "earliest": "2026-01-02", "latest": "2026-01-01"}, "earliest"),
    ],
)
def test_a_form_field_without_sense_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FormField.model_validate({"name": "thing", "title": {"zh": "事", "en": "Thing"}, **changes})
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [path]


@pytest.mark.parametrize(
    ("written", "opening", "closing"),
    [
        ("2026-05-26", datetime(2026, 5, 26), datetime(2026, 5, 27)),  # noqa: DTZ001
        ("2026-05-26 24:00", datetime(2026, 5, 27), datetime(2026, 5, 27)),  # noqa: DTZ001
        ("2026-05-26 12:00", datetime(2026, 5, 26, 12), datetime(2026, 5, 26, 12)),  # noqa: DTZ001
        ("2026-12-31 24:00", datetime(2027, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
        ("2026-05-26T18:00:00", datetime(2026, 5, 26, 18), datetime(2026, 5, 26, 18)),  # noqa: DTZ001
    ],
)
def test_a_bare_date_opens_at_its_start_and_closes_at_its_end(written: str, opening: datetime, closing: datetime) -> None:
    assert TypeAdapter(LocalTime).validate_python(written) == opening
    assert TypeAdapter(ClosingTime).validate_python(written) == closing


@pytest.mark.parametrize(
    "written",
    ["12:30", "20260526", "2026-W05-1", "2026-5-6", "2026-02-30", "2026-05-26 25:00", "2026-05-26 18:00+08:00", "9999-12-31 24:00", "", 7],
)
def test_what_is_no_local_time_is_refused(written: Any) -> None:
    for kind in (LocalTime, ClosingTime):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(written)


def test_the_end_of_all_days_is_refused() -> None:
    with pytest.raises(ValidationError, match="too far away"):
        TypeAdapter(ClosingTime).validate_python("9999-12-31")


@pytest.mark.parametrize("written", ["0", "-1/3", "3/2", "1/0", "half", 0.5, "nan"])
def test_what_is_no_share_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Share).validate_python(written)


def test_a_share_stays_exact() -> None:
    assert TypeAdapter(Share).validate_python("2/3") == Fraction(2, 3)


@pytest.mark.parametrize("written", ["nan", "Infinity", "1e", "", True])
def test_what_is_no_finite_number_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Exact).validate_python(written)


def test_a_number_stays_exact() -> None:
    assert TypeAdapter(Exact).validate_python("0.10") == Decimal("0.10")


def a_process(*own: dict[str, Any], **changes: Any) -> Process:
    return Process.model_validate({**DECLARED, "classes": [{**PERSON, "fields": list(own)}, TEAM], **changes})


def test_a_declared_field_takes_the_place_of_the_common_one() -> None:
    post = {"name": "post", "title": {"zh": "现任职务", "en": "Present post"}, "required": True}
    extra = {"name": "story", "title": {"zh": "事迹", "en": "Story"}}
    fields = subjects.fields_of(a_process(extra, post), "person")
    common = [field.name for field in subjects.COMMON_FIELDS["person"]]
    assert [field.name for field in fields] == [*common, "story"]
    assert next(field for field in fields if field.name == "post").title.zh == "现任职务"


def test_reviewers_see_no_private_field_and_in_double_blind_none_that_identifies() -> None:
    process = a_process()
    single = [field.name for field in subjects.fields_shown_to_reviewers(process, "person", "single")]
    double = [field.name for field in subjects.fields_shown_to_reviewers(process, "person", "double")]
    assert single == ["gender", "ethnic", "birth_month", "party", "post", "professional_title", "degree", "photo"]
    assert double == ["gender", "ethnic", "party", "professional_title", "degree"]


def test_only_whitelisted_fields_are_published() -> None:
    assert [field.name for field in subjects.published_fields(a_process(), "person")] == ["post"]
    assert [field.name for field in subjects.published_fields(a_process(), "team")] == ["leader"]


def test_no_common_field_publishes_a_number_by_which_a_person_is_reached() -> None:
    every = [field for kind in subjects.COMMON_FIELDS for field in (*subjects.CORE_COLUMNS[kind], *subjects.COMMON_FIELDS[kind])]
    reached = {field.name for field in every if field.kind in ("phone", "id_number", "email")}
    assert reached == {"mobile", "id_no", "email"}
    assert {field.name for field in every if field.private} == {"mobile", "id_no", "email", "uscc", "contact"}


@pytest.mark.parametrize("kind", list(subjects.COMMON_FIELDS))
def test_no_heading_means_two_columns(kind: subjects.SubjectKind) -> None:
    owners: dict[str, set[str]] = {}
    for field in (*subjects.CORE_COLUMNS[kind], *subjects.COMMON_FIELDS[kind]):
        for heading in (field.name, field.title.zh, field.title.en, *field.headers):
            owners.setdefault(heading, set()).add(field.name)
    assert {heading: names for heading, names in owners.items() if len(names) > 1} == {}


def test_every_kind_of_subject_has_the_same_core_columns() -> None:
    names = {tuple(field.name for field in columns) for columns in subjects.CORE_COLUMNS.values()}
    assert names == {("class", "title", "unit", "email", "nominator", "rank")}


@pytest.mark.parametrize(
    ("own", "changes", "paths"),
    [
        ({"name": "unit", "title": {"zh": "部门", "en": "Section"}}, {}, ["classes.0.fields.0"]),
        ({"name": "story", "title": {"zh": "姓名", "en": "Story"}}, {}, ["classes.0.fields.0"]),
        ({"name": "story", "title": {"zh": "事迹", "en": "Story"}}, {}, []),
    ],
)
def test_a_field_that_answers_to_the_heading_of_another_is_told(own: dict[str, Any], changes: dict[str, Any], paths: list[str]) -> None:
    assert [".".join(map(str, misfit.at)) for misfit in subjects.misfits(a_process(own, **changes))] == paths


def test_choices_that_no_group_takes_are_told() -> None:
    field = {"name": "age", "title": {"zh": "组别", "en": "Age"}, "kind": "choice", "choices": ["少年", "成人", "老年"]}
    groups = {"by": "age", "sets": [
        {"name": "young", "title": {"zh": "少", "en": "Y"}, "values": ["少年", "儿童"]},
        {"name": "old", "title": {"zh": "成", "en": "O"}, "values": ["成人"]},
    ]}  # fmt: skip
    process = a_process(field, classes=[{**PERSON, "fields": [field]}], groups=groups, nominators={
        "society": {"title": {"zh": "学会", "en": "Society"}, "max": {"person": 1}}},
        stages=[*stages("submission", "scoring"), {"kind": "shortlisting", "ratio": "1.5"}, *stages("publication")])  # fmt: skip
    assert [str(misfit) for misfit in subjects.misfits(process)] == [
        "'儿童' is not a choice of age; the choices are 少年, 成人, 老年",
        "no group takes 老年; add it to the values of one",
    ]


def test_an_award_without_a_basis_is_refused() -> None:
    without = {key: value for key, value in copy.deepcopy(DECLARED).items() if key != "basis"}
    with pytest.raises(ValidationError) as caught:
        Process.model_validate(without)
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [(("basis",), "missing")]
    assert told(basis={"document": "", "approved_by": "示例省科协"})[0][0] == "basis.document"
    assert told(basis={"document": "办法"})[0][0] == "basis.approved_by"


@pytest.mark.parametrize(
    "written", ["2026-05-26 24:00", "2026-05-26 24时", "2026年5月26日24时", "2026年5月26日", "2026-05-26", "２０２６年５月２６日 24:00"]
)
def test_24_00_is_the_first_moment_of_the_next_day_however_it_is_written(written: str) -> None:
    assert TypeAdapter(ClosingTime).validate_python(written) == datetime(2026, 5, 27)  # noqa: DTZ001


@pytest.mark.parametrize(
    "written", ["2026-05-26 中午12:00", "2026年5月26日中午12:00", "2026年5月26日 中午12：00", "2026-05-26 12时", "2026-05-26 中午12时"]
)
def test_noon_is_12_00(written: str) -> None:
    for kind in (LocalTime, ClosingTime):
        assert TypeAdapter(kind).validate_python(written) == datetime(2026, 5, 26, 12)  # noqa: DTZ001


@pytest.mark.parametrize("written", ["2026-05-26 下午6:00", "2026-05-26 中午1:00", "2026年2月30日", "2026年5月26日25时"])
def test_an_hour_that_may_mean_another_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ClosingTime).validate_python(written)


def submission(**more: Any) -> dict[str, Any]:
    return {"stages": [{**DECLARED["stages"][0], **more}, *DECLARED["stages"][1:]]}


def a_society(**more: Any) -> dict[str, Any]:
    return {"nominators": {"society": {"title": {"zh": "学会", "en": "Society"}, "max": {"person": 1, "team": 1}, **more}}}


LIMIT = {"field": "gender", "values": ["男"], "title": {"zh": "男性", "en": "men"}, "max_share": "1/2", "classes": ["person"]}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        (
            a_society(max_if={"big": {"people": 2}}),
            "nominators.society.max_if.big.people",
            "'people' is not a class; the classes are person, team",
        ),
        (a_society(max_if={"big": {"person": -1}}), "nominators.society.max_if.big.person", "-1 is no number of entries; write 0 or more"),
        (
            submission(reason_codes=[{"name": "a", "title": {"zh": "甲", "en": "A"}}] * 2),
            "stages.0.reason_codes.1",
            "two reasons have the name 'a'",
        ),
        (submission(accept_by="checker", reason_codes=[]), "stages.0.reason_codes", "form checkers need reasons to name"),
        (submission(four_eyes=True), "stages.0.four_eyes", "four eyes need form checkers; write `accept_by: checker` or drop four_eyes"),
        (submission(not_again={"classes": ["people"]}), "stages.0.not_again.classes", "'people' is not a class"),
        (submission(composition=[{**LIMIT, "classes": ["people"]}]), "stages.0.composition.0.classes", "'people' is not a class"),
        (submission(exclusive_with=["other", "sample"]), "stages.0.exclusive_with.1", "'sample' is this process; name another one"),
        (submission(exclusive_with=["other", "other"]), "stages.0.exclusive_with.1", "'other' stands twice; delete one"),
    ],
)
def test_what_a_submission_declares_fits_the_process(changes: dict[str, Any], path: str, message: str) -> None:
    ((found, what),) = told(**changes)
    assert (found, what[: len(message)]) == (path, message)


@pytest.mark.parametrize(
    ("limit", "key"),
    [
        ({"max_share": None}, "max_share"),
        ({"min_share": "2/3"}, "min_share"),
        ({"values": []}, "values"),
        ({"max_share": "0"}, "max_share"),
    ],
)
def test_a_limit_on_a_list_makes_sense_by_itself(limit: dict[str, Any], key: str) -> None:
    assert [path for path, _ in told(**submission(composition=[{**LIMIT, **limit}]))] == [f"stages.0.submission.composition.0.{key}"]


def a_choice(name: str = "group", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": {"zh": f"题{name}", "en": f"T {name}"}, "kind": "choice", "choices": ["甲", "乙"], **more}


def a_text(name: str = "consent", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": {"zh": f"题{name}", "en": f"T {name}"}, **more}


@pytest.mark.parametrize(
    ("own", "changes", "path", "message"),
    [
        (
            [a_text(when={"group": ["甲"]}), a_choice()],
            {},
            "classes.0.fields.0.when.group",
            "person, before consent, has no choice field 'group'",
        ),
        (
            [a_choice(), a_text(when={"group": ["丙"]})],
            {},
            "classes.0.fields.1.when.group",
            "'丙' is not a choice of group; the choices are 甲, 乙",
        ),
        (
            [a_choice(), a_text(when={"group": []})],
            {},
            "classes.0.fields.1.when.group",
            "name the values of group for which consent is asked",
        ),
        ([a_text(when={})], {}, "classes.0.fields.0.when", "consent: `when` names no field"),
        ([a_text(when={"post": ["甲"]})], {}, "classes.0.fields.0.when.post", "person, before consent, has no choice field 'post'"),
        (
            [],
            a_society(share={"by": "tier", "of": {"甲": "1/2"}}),
            "nominators.society.share.by",
            "no class of this type has a choice field 'tier'",
        ),
        (
            [a_choice()],
            a_society(share={"by": "group", "of": {"丙": "1/2"}}),
            "nominators.society.share.of.丙",
            "'丙' is not a choice of group",
        ),
        ([], submission(composition=[{**LIMIT, "field": "rank"}]), "stages.0.composition.0.field", "person has no choice field 'rank'"),
        (
            [],
            submission(composition=[{**LIMIT, "values": ["男", "男性"]}]),
            "stages.0.composition.0.values",
            "'男性' is not a choice of gender",
        ),
        ([], submission(excluded_genres=["综述"]), "stages.0.excluded_genres", "no class has a field `genre`"),
        ([a_choice("genre")], submission(excluded_genres=["甲", "丙"]), "stages.0.excluded_genres.1", "'丙' is not a choice of genre"),
    ],
)
def test_what_is_declared_of_fields_names_fields_and_values_that_are_there(
    own: list[dict[str, Any]], changes: dict[str, Any], path: str, message: str
) -> None:
    (found,) = subjects.misfits(a_process(*own, **changes))
    assert (".".join(map(str, found.at)), str(found)[: len(message)]) == (path, message)


def test_what_fits_is_not_complained_of() -> None:
    own = [a_choice(), a_text(when={"group": ["甲"], "gender": ["男"]}), a_choice("genre")]
    changes = {
        **submission(composition=[LIMIT], excluded_genres=["甲"], exclusive_with=["other"], not_again={"classes": ["person"]},
                     accept_by="checker", four_eyes=True, publicity_proof={"days": 5}),
        **a_society(max_if={"has_association": {"person": 2}}, share={"by": "group", "of": {"甲": "1/20"}}),
    }  # fmt: skip
    assert list(subjects.misfits(a_process(*own, **changes))) == []
    assert list(subjects.misfits(a_process(a_text("genre"), **submission(excluded_genres=["综述"])))) == []


def test_an_entry_is_never_grouped_by_a_field_that_it_may_not_be_asked() -> None:
    conditional = a_choice(when={"gender": ["男"]})
    groups = {"by": "group", "sets": [
        {"name": "a", "title": {"zh": "甲", "en": "A"}, "values": ["甲"]},
        {"name": "b", "title": {"zh": "乙", "en": "B"}, "values": ["乙"]},
    ]}  # fmt: skip
    process = a_process(
        classes=[{**PERSON, "fields": [conditional]}], groups=groups,
        nominators={"society": {"title": {"zh": "学会", "en": "S"}, "max": {"person": 1}}},
        stages=[*stages("submission", "scoring"), {"kind": "shortlisting", "ratio": "1.5"}, *stages("publication")],
    )  # fmt: skip
    assert [str(misfit) for misfit in subjects.misfits(process)] == ["group is not asked of every entry of person; drop its `when`"]


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (a_text(kind="declaration"), "kind"),
        (a_text(text={"zh": "承诺", "en": "P"}), "kind"),
        (a_text(kind="declaration", text={"zh": "承诺", "en": "P"}, published=True), "published"),
        (a_text(media={"types": ["pdf"]}), "media"),
        (a_text(kind="file", media={"types": []}), "media.types"),
        (a_text(kind="file", media={"min_mb": 3, "max_mb": 1}), "media.min_mb"),
        (a_text(kind="file", media={"types": ["pdf"], "captions": True}), "media.captions"),
    ],
)
def test_a_field_goes_with_what_belongs_to_its_kind(field: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FormField.model_validate(field)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [key]


def test_reviewers_are_not_shown_ticks_under_declarations() -> None:
    process = a_process(a_text(kind="declaration", text={"zh": "承诺", "en": "P"}))
    assert "consent" not in [field.name for field in subjects.fields_shown_to_reviewers(process, "person", "none")]


def test_a_field_of_a_declaration_can_be_asked_for_in_every_kind_of_subject() -> None:
    for kind, fields in subjects.COMMON_FIELDS.items():
        names = [field.name for field in (*subjects.CORE_COLUMNS[kind], *fields)]
        assert len(names) == len(set(names))
    wanted = {
        "person": {"gender", "ethnic", "birth_month", "party", "post", "degree", "mobile", "id_no", "photo", "professional_title"},
        "team": {"founded", "leader", "members", "size"},
        "organisation": {"uscc", "legal_rep", "contact"},
        "paper": {"title_en", "discipline", "authors", "corresponding_author", "journal", "issn", "issue", "published_on", "doi",
                  "indexed_in", "abstract", "full_text", "blind_text"},
        "artwork": {"authors", "advisor", "statement", "licence", "media"},
        "project": {"leader", "members", "period", "budget", "outputs"},
        "venue": {"venue_class", "area", "open_days", "visitors"},
    }  # fmt: skip
    assert {kind: {field.name for field in fields} for kind, fields in subjects.COMMON_FIELDS.items()} == wanted
