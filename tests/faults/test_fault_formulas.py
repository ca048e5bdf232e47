"""F8: a cell begins with what a table program would reckon. Such texts go through the database into both files."""

import csv
import random
import re
import zipfile
from io import BytesIO, StringIO
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from tests.console.conftest import build_town, make_user
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Town, set_clock
from xlsxwriter.worksheet import Worksheet

from prewatt.access.audit import record_action
from prewatt.kernel.clock import estate_now
from prewatt.reports.tables import sql
from prewatt.reports.tables.registry import get_report
from prewatt.reports.tables.report import Wanted
from prewatt.usecases.see_report import write_report_csv, write_report_workbook
from prewatt.usecases.see_site import get_site

SIGNS = "=+-@\t\r\n＝＋－＠"
LETTERS = "abc 019.,;:!'\"|\\/(){}<>&%_电表¥\t\n\r=+-@"
MARKED = (
    "+86 138 0000 0000",
    "-1",
    "@SUM(1)",
    "=cmd|'/C calc'!A0",
    '=HYPERLINK("http://evil.example")',
    "\t=1+1",
    "＝1+1",
)


@pytest.fixture
def town(db: None) -> Town:
    set_clock("2026-11-20T12:00")
    return build_town(rooms=1)


def _texts(count: int) -> list[str]:
    drawn = random.Random(random.randrange(2**32))
    return [
        *MARKED,
        *(
            drawn.choice(SIGNS) + "".join(drawn.choices(LETTERS, k=drawn.randrange(0, 40))) + str(number)
            for number in range(count)
        ),
    ]


def _told(town: Town, texts: list[str]) -> dict[str, Any]:
    """Let each text be the reason of an action, and ask for the log."""
    for text in texts:
        record_action(actor=ACTOR, verb="formula", now=estate_now(), scope=town.site.scope, reason=text)
    wanted = Wanted(estate_now().date(), estate_now().date(), text="formula", options={"by": "all"})
    return {
        "user": make_user(town, "administrator", username="looker"), "site": get_site(site_id=town.site.pk),
        "report": get_report("operator-log"), "wanted": wanted,
    }  # fmt: skip


def _reasons_in_text(asked: dict[str, Any]) -> list[str]:
    file = BytesIO()
    write_report_csv(**asked, file=file)
    rows = list(csv.reader(StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    return [row[rows[0].index("Reason")] for row in rows[1:]]


def _workbook(asked: dict[str, Any]) -> bytes:
    with write_report_workbook(**asked) as file:
        return file.read()


def _reckons(data: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(data)) as book:
        return any(re.search(rb"<f[ >]|<hyperlink", book.read(name)) for name in book.namelist())


@pytest.mark.faults("F8")
def test_no_cell_is_reckoned_and_none_is_lost(town: Town, faults: Faults) -> None:
    texts = _texts(faults.times(short=60, full=2_000))
    asked = _told(town, texts)
    written = _reasons_in_text(asked)
    assert not [one for one in written if one[:1] in set(SIGNS)]
    assert sorted(one.removeprefix("'") for one in written) == sorted(texts)
    data = _workbook(asked)
    assert not _reckons(data)
    sheet = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    shown = [str(row[sheet[0].index("Reason")]) for row in sheet[1:]]
    assert len(shown) == len(texts)
    assert {one for one in MARKED if one.strip() == one} <= set(shown)
    faults.hit(len(texts))
    assert_sound()


@pytest.mark.faults("F8", control=True)
def test_a_text_file_without_the_apostrophe_is_found(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "FORMULA_SIGNS", "\x7f")
    assert [one for one in _reasons_in_text(_told(town, list(MARKED))) if one[:1] in set(SIGNS)]


@pytest.mark.faults("F8", control=True)
def test_a_workbook_that_reckons_is_found(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _told(town, list(MARKED))
    bare = xlsxwriter.Workbook
    monkeypatch.setattr(xlsxwriter, "Workbook", lambda file, _options: bare(file))
    monkeypatch.setattr(Worksheet, "write_string", Worksheet.write)
    assert _reckons(_workbook(asked))
