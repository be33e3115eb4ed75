"""Lists of earlier winners: read with every fault named, kept once, and told to those who hand in (rule N5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.asking import NotAgain
from models.edition import Edition, Entry
from models.errors import InputError, NotFound
from rules import laureates as rules_of
from tasks import laureates
from tasks.admission import winners
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=10)


@pytest.fixture
def edition(installed: Installation, clock: Clock) -> Edition:
    clock.now = OPEN
    process = builders.a_process(**builders.a_stage_change("submission", not_again={}))
    kept = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator("N01")])
    return kept


def a_list(tmp_path: Path, *rows: str, header: str = "类别,论文题目,第一作者单位,DOI") -> Path:
    path = tmp_path / "往届.csv"
    path.write_text("\n".join((header, *rows)) + "\n", "utf-8")
    return path


def take(edition: Edition, path: Path, label: str = "2022") -> int:
    return laureates.take_for(edition, label, path, name="往届名单.csv", actor="admin:a")


def known(installed: Installation, edition: Edition) -> list[tuple[str, str, str]]:
    with installed.database.read() as store:
        return [(one.label, one.class_name, one.title) for one in laureates.known(store, edition)]


def barred(installed: Installation, edition: Edition, title: str, doi: str = "", unit: str = "甲大学") -> str | None:
    fields: dict[str, Any] = {"doi": doi} if doi else {}
    entry = Entry("", edition.id, "", "", "paper", "", title, unit, "", "", None, fields)
    with installed.database.read() as store:
        found = rules_of.barring(NotAgain(), edition.process, entry, winners(store, edition), current=edition.label)
    return None if found is None else found.label


def test_a_list_is_kept_once_and_bars_by_doi_or_title(installed: Installation, edition: Edition, tmp_path: Path) -> None:
    path = a_list(tmp_path, "学术论文,渭河流域氮素迁移,甲大学,10.1/ABC", "科普美术,海洋之光,乙小学,")
    assert (take(edition, path), take(edition, path)) == (2, 0)
    assert known(installed, edition) == [("2022", "paper", "渭河流域氮素迁移"), ("2022", "artwork", "海洋之光")]
    assert barred(installed, edition, "另一题目", "https://doi.org/10.1/abc") == "2022"
    assert barred(installed, edition, "渭河流域 氮素迁移") == "2022"
    assert barred(installed, edition, "渭河流域磷素迁移") is None
    with installed.database.read() as store:
        kept = [(one.actor, dict(one.payload)) for one in store.events(edition.id, "LaureatesImported")]
        sources = {one.source for one in store.laureates("sample")}
    assert kept[0] == ("admin:a", {"file": "往届名单.csv", "count": 2, "new": 2})
    assert sources == {"往届名单.csv"}


def test_every_fault_of_a_list_is_named_and_nothing_is_kept(installed: Installation, edition: Edition, tmp_path: Path) -> None:
    path = a_list(tmp_path, "学术论文,好题目,甲大学,", "诗歌,题目,甲大学,", "科普美术,,乙小学,", "科普美术,无单位的画,,")
    with pytest.raises(InputError) as refused:
        take(edition, path)
    assert [(one.row, one.field) for one in refused.value.faults] == [(3, "class"), (4, "title"), (5, "unit")]
    assert known(installed, edition) == []


def test_a_list_without_names_or_with_a_strange_label_is_refused(edition: Edition, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no column"):
        take(edition, a_list(tmp_path, "学术论文,1", header="类别,序号"))
    path = a_list(tmp_path, "学术论文,好题目,甲大学,")
    for label in ("", "  ", "x" * 21, "20\n22"):
        with pytest.raises(InputError, match="no label"):
            take(edition, path, label)


def test_persons_are_known_by_name_and_unit_where_the_list_lacks_the_month(installed: Installation, clock: Clock, tmp_path: Path) -> None:
    clock.now = OPEN
    classes = [{"name": "person", "title": {"zh": "个人", "en": "Person"}, "subject": "person", "counter": "名", "awards": 1}]
    nominators = {"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"person": 1}}}
    stages = [{**one, "counts": {"person": 2}} if one["kind"] == "shortlisting" else one for one in builders.DECLARATION["stages"]]
    process = builders.a_process(name="people", classes=classes, nominators=nominators, stages=stages)
    kept = builders.keep(installed.database, builders.an_edition(process), at="submission")
    take(kept, a_list(tmp_path, "张 三,甲大学,", "李四,甲大学,1980-05", header="姓名,工作单位,出生年月"))

    def bars(name: str, month: str) -> bool:
        entry = Entry("", kept.id, "", "", "person", "", name, "甲大学", "", "", None, {"birth_month": month})
        with installed.database.read() as store:
            return rules_of.barring(NotAgain(), process, entry, winners(store, kept), current="2026") is not None

    assert [bars("张三", "1975-01"), bars("李四", "1980-05"), bars("李四", "1990-01")] == [True, True, False]


def test_winners_of_editions_that_ran_here_count(installed: Installation, edition: Edition) -> None:
    before = builders.keep(installed.database, builders.an_edition(builders.a_process(edition="2024")), at="submission")
    builders.put(
        installed.database, before.id, nominators=[builders.a_nominator("N01")], entries=[builders.an_entry("A01", title="获奖论文")]
    )
    with installed.database.write() as store:
        store.set_entry_states({f"{before.id}/e/A01": "awarded"})
    assert known(installed, edition) == []  # not published yet
    builders.go_to(installed.database, before.id, None)
    assert known(installed, edition) == [("2024", "paper", "获奖论文")]
    assert barred(installed, edition, "获奖论文") == "2024"


def test_a_row_that_looks_like_a_total_is_named_and_left_out(installed: Installation, edition: Edition, tmp_path: Path) -> None:
    path = a_list(tmp_path, "学术论文,渭河流域氮素迁移,甲大学,", "合计,1 项,,")
    assert take(edition, path) == 1
    named = "left out as totals or notes: row 3 (合计); if one of them is none, add a word to its name and send the file again"
    with installed.database.read() as store:
        said = laureates.left_out_last(store, edition.id)
    assert said is not None
    assert (said.en, said.zh[:27]) == (named, "以下各行像是合计或说明，没有采用：第 3 行（合计）。")
    take(edition, a_list(tmp_path, "学术论文,渭河流域氮素迁移,甲大学,"))
    with installed.database.read() as store:
        assert laureates.left_out_last(store, edition.id) is None
    path = a_list(tmp_path, "渭河流域氮素迁移,甲大学", "合计：1 项,", header="论文题目,第一作者单位")
    told = [laureates.take("papers", "2022", path, actor="cli", dry_run=dry) for dry in (True, False)]
    named = named.replace("合计", "合计：1 项")
    assert told == [
        f"往届.csv: 1 winners of papers 2022; {named} (dry run, nothing was kept)",
        f"往届.csv: 1 winners of papers 2022, 1 new; {named}",
    ]


def test_the_command_reads_by_the_declared_process(installed: Installation, tmp_path: Path) -> None:
    path = a_list(tmp_path, "渭河流域氮素迁移,甲大学", header="论文题目,第一作者单位")
    assert (
        laureates.take("papers", "2022", path, actor="cli", dry_run=True)
        == "往届.csv: 1 winners of papers 2022 (dry run, nothing was kept)"
    )
    with installed.database.read() as store:
        assert store.laureates("papers") == ()
    assert laureates.take("papers", "2022", path, actor="cli") == "往届.csv: 1 winners of papers 2022, 1 new"
    with pytest.raises(NotFound):
        laureates.take("poems", "2022", path, actor="cli")
