"""A nominator's spreadsheet of 900 papers: how long it takes to read, check and keep it, and what files beyond all limits cost.

Each figure comes from a process of its own, as a web process would do it: `python -m bench.intake import|<name of a bomb>`.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from bench.figures import Figure
from config import catalogue
from config.settings import Settings
from models.errors import InputError
from models.intake import NewNominator
from models.store import Database
from tasks import editions, installation, kept_tables, schema, table_checking, table_upload
from tasks.template_hints import example
from tasks.template_workbooks import columns_of

ROWS, TOO_MANY = 900, 20_000
SECONDS, MEGABYTES, REFUSAL_SECONDS = 5, 200, 10
_SIGNS = "煤层矿井粉尘防治水土流域承载评价方法识别微震前兆冲击地压智能监测控制材料合金催化电池光谱遥感农田灌溉作物育种疫苗"


def figures(*, quick: bool) -> list[Figure]:
    """All figures of the intake."""
    done = _run("import")
    found = [
        Figure(f"intake: {ROWS} papers read, checked and kept", done["seconds"], "s", SECONDS, f"{done['computed']:.1f} s of computing"),
        Figure(
            "intake: memory of the web process at its most", done["megabytes"], "MB", MEGABYTES, compared=f"before: {done['before']:.0f} MB"
        ),
        Figure("intake: memory of the reading process", done["reader"], "MB"),
    ]
    for name in BOMBS if not quick else ("long", "lie"):
        done = _run(name)
        what = f"intake: refused, {BOMBS[name][1]}"
        found.append(Figure(what, done["seconds"], "s", REFUSAL_SECONDS, compared=f"web process +{done['grown']:.0f} MB; {done['said']}"))
    return found


def _run(name: str) -> dict[str, Any]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JINBANG_", "PREFECT_"))}
    done = subprocess.run([sys.executable, "-m", "bench.intake", name], check=True, capture_output=True, text=True, env=kept)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# -- in a process of its own ----------------------------------------------------------------------------------------


def _desk(folder: Path) -> tuple[Database, str, str]:
    """An installation with one edition that takes nominations, and one unit without a limit worth speaking of."""
    settings = Settings(data_dir=folder)
    made = installation.Installation(settings, Database(settings.url))
    installation.installation = lambda: made  # type: ignore[assignment]
    schema.migrate(made.database)
    process = catalogue.load_processes(None)["papers"]
    kind = next(name for name, declared in process.nominators.items() if "paper" in declared.max)
    changed = process.nominators[kind].model_copy(update={"max": {"paper": 2 * TOO_MANY}, "share": None})
    stages = (process.stages[0].model_copy(update={"publicity_proof": None, "ranked": False, "consent": False}), *process.stages[1:])
    process = process.model_copy(update={"nominators": {kind: changed}, "stages": stages})
    now = datetime.now(UTC)
    edition = editions.plan(process, "0" * 64, now=now, label="bench", starts=now.date() + timedelta(days=2))
    with made.database.write() as store:
        store.add_edition(edition, process.model_dump(mode="json", exclude_unset=True))
        store.put_nominators(edition.id, [NewNominator("N01", "示例省学会", kind, "n01@example.org")])
        lease = store.take_lease(edition.id, "bench", store.real_now)
        assert lease is not None
        for state in ("opening", "open"):
            current = store.edition(edition.id)
            store.move_stage(lease, current.stages[0], state, version=current.version)
    return made.database, edition.id, f"{edition.id}/n/N01"


def _table(rows: int) -> bytes:
    """A workbook with so many papers: what the template's example says, with titles that are not alike and a long abstract."""
    dice = random.Random(1)
    process = catalogue.load_processes(None)["papers"]
    fields = {field.name: field for field in columns_of(process, "paper") if field.required}
    line = {name: example(field, fields, ["110 数学"], "zh") for name, field in fields.items()}
    line["abstract"] = "本文针对示例问题提出一种方法，给出理论分析。" * 12
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("申报表")
    page.write_row(0, 0, [field.title.zh for field in fields.values()])
    for number in range(1, rows + 1):
        own = {"title": "".join(dice.choices(_SIGNS, k=18)), "email": f"author{number}@example.org"}
        page.write_row(number, 0, list((line | own).values()))
    book.close()
    return target.getvalue()


def _import() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        database, edition, unit = _desk(Path(folder))
        content = _table(ROWS)
        before = _peak(resource.RUSAGE_SELF)
        started, computed = time.perf_counter(), time.process_time()
        table = table_upload.begin(edition, unit, "paper", "论文.xlsx", io.BytesIO(content))
        with database.read() as store:
            seen = table_checking.look(store, kept_tables.find(table, unit))
        done = table_upload.confirm(table, unit, seen.digest)
        seconds, computed = time.perf_counter() - started, time.process_time() - computed
        assert done.result == {"new": ROWS, "update": 0, "unchanged": 0, "faulty": 0}, (done.result, seen.faults[:3])
        database.close()
    peaks = {"megabytes": _peak(resource.RUSAGE_SELF), "before": before, "reader": _peak(resource.RUSAGE_CHILDREN)}
    return {"seconds": seconds, "computed": computed, **peaks}


def _refuse(name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database, edition, unit = _desk(Path(folder))
        content = BOMBS[name][0]()
        before = _peak(resource.RUSAGE_SELF)
        started = time.perf_counter()
        try:
            table_upload.begin(edition, unit, "paper", "论文.xlsx", io.BytesIO(content))
            said = "NOT refused"
        except InputError as refusal:
            said = refusal.faults[0].what if len(refusal.faults) == 1 else f"{len(refusal.faults)} messages"
        seconds = time.perf_counter() - started
        database.close()
    return {"seconds": seconds, "grown": _peak(resource.RUSAGE_SELF) - before, "said": said}


def _peak(who: int) -> float:
    """Megabytes at the most."""
    return resource.getrusage(who).ru_maxrss / 1024


# -- bombs ----------------------------------------------------------------------------------------------------------


def _repacked(**parts: bytes) -> bytes:
    """A small workbook with the named parts replaced."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    new = {names[key]: content for key, content in parts.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_table(1))) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in old.namelist():
            packed.writestr(name, new.get(name, old.read(name)))
    return target.getvalue()


def _long() -> bytes:
    return _table(TOO_MANY)


def _rows() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (number, number) for number in range(1, 1_000_001))
    return _repacked(
        sheet=b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )


def _string() -> bytes:
    return _repacked(strings=b"<sst><si><t>" + b"x" * 300_000_000 + b"</t></si></sst>")


def _lie() -> bytes:
    text = b"<sst><si><t>" + b"x" * 300_000_000 + b"</t></si></sst>"
    return _repacked(strings=text).replace(struct.pack("<I", len(text)), struct.pack("<I", 1000))


def _entities() -> bytes:
    levels = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    return _repacked(strings=f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a0 "lol">{levels}]><sst><si><t>&a11;</t></si></sst>'.encode())


def _far() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("表")
    page.write_row(0, 0, ["论文题目", "作者"])
    page.write(1_048_575, 16_383, "x")
    book.close()
    return target.getvalue()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "long": (_long, "20,000 rows"),
    "rows": (_rows, "a million rows in 46 MB of XML"),
    "string": (_string, "one text of 300 MB"),
    "lie": (_lie, "the same, with a directory that lies about its size"),
    "entities": (_entities, "entities within entities"),
    "far": (_far, "one cell at the far corner of the sheet"),
}

if __name__ == "__main__":
    print(json.dumps(_import() if sys.argv[1] == "import" else _refuse(sys.argv[1])))
