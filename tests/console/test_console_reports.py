"""Reports on the desk: the list, each page, what a wrong filter says, and the files."""

import asyncio
import csv
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils.translation import override
from python_calamine import CalamineWorkbook
from tests.console.conftest import pay

from prewatt.console.files import SheetResponse
from prewatt.reports.models import SavedReport
from prewatt.reports.tables.registry import reports

CODES = list(reports())
WHOLE = {"from_day": "2026-11-01", "to_day": "2026-11-20"}


def _report(code):
    return reverse("console:report", args=[code])


def _file(code, form):
    return reverse("console:report_file", args=[code, form])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_report_answers_in_both_languages(town, admin, language):
    pay(town.rooms[0])
    admin.cookies["prewatt_language"] = language
    index = admin.get(reverse("console:reports")).content.decode()
    for code, report in reports().items():
        assert _report(code) in index
        answer = admin.get(_report(code), WHOLE)
        text = answer.content.decode()
        assert answer.status_code == 200, code
        assert 'style="' not in text
        assert "onclick=" not in text
        with override(language):
            assert str(report.title) in text, code


def test_a_page_shows_totals_a_chart_and_the_way_to_the_files(town, admin):
    text = admin.get(_report("energy"), WHOLE | {"per": "unit", "by": "day"}).content.decode()
    assert 'data-chart="report"' in text
    assert 'aria-describedby="pw-report-table"' in text
    assert "<tfoot>" in text
    assert f"{_file('energy', 'xlsx')}?from_day=2026-11-01&amp;to_day=2026-11-20&amp;per=unit&amp;by=day" in text


def test_a_long_report_is_paged_and_says_so(town, admin, monkeypatch):
    monkeypatch.setattr("prewatt.usecases.see_report.PAGE", 2)
    monkeypatch.setattr("prewatt.usecases.see_report.see_report.__kwdefaults__", {"page": 1, "limit": 2})
    monkeypatch.setattr("prewatt.console.views.reports.PAGE", 2)
    asked = WHOLE | {"by": "all", "per": "unit"}
    first = admin.get(_report("energy"), asked).content.decode()
    assert "1 to 2 of 3 rows" in first
    assert "page=2" in first
    second = admin.get(_report("energy"), asked | {"page": "2"}).content.decode()
    assert "3 to 3 of 3 rows" in second
    assert "1#-003" in second
    assert "1#-001" not in second.split("<tbody>")[1]
    for odd in ("0", "-1", "x", "9" * 30, "999"):
        assert admin.get(_report("energy"), asked | {"page": odd}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from_day": "2026-11-20", "to_day": "2026-11-01"}, "It lies before the first day."),
        ({"from_day": "2019-01-01", "to_day": "2026-11-01"}, "three years at most"),
        ({"block": "9#"}, "Select a valid choice"),
        ({"from_day": "yesterday"}, "Enter a valid date"),
    ],
)
def test_a_wrong_filter_is_named_at_its_field_and_gives_no_file(town, admin, asked, said):
    answer = admin.get(_report("energy"), asked)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert admin.get(_file("energy", "xlsx"), asked).status_code == 422


def test_files_hold_what_the_page_shows(town, admin):
    pay(town.rooms[0], 12_345)
    asked = WHOLE | {"channel": "cash"}
    sheet = admin.get(_file("top-ups", "xlsx"), asked)
    assert sheet["Content-Disposition"] == 'attachment; filename="top-ups-2026-11-01-2026-11-20.xlsx"'
    assert sheet["Cache-Control"] == "no-store"
    rows = CalamineWorkbook.from_filelike(BytesIO(b"".join(sheet))).get_sheet_by_index(0).to_python()
    assert rows[0][7] == "Amount, CNY"
    assert rows[1][7] == 123.45
    text = b"".join(admin.get(_file("top-ups", "csv"), asked)).decode("utf-8-sig")
    lines = list(csv.reader(text.splitlines()))
    assert lines[1][7] == "123.45"
    assert lines[1][0].startswith("2026-11-20 12:0")


def test_there_is_no_other_form_and_no_other_report(town, admin):
    assert admin.get(_file("energy", "pdf")).status_code == 404
    assert admin.get(_report("nothing")).status_code == 404
    assert admin.get(_file("nothing", "csv")).status_code == 404


def test_a_role_reads_its_own_reports_alone(sign_in):
    engineer = sign_in("engineer")
    index = engineer.get(reverse("console:reports")).content.decode()
    assert _report("energy") in index
    assert _report("takings") not in index
    for code in ("takings", "balances", "operator-log"):
        assert engineer.get(_report(code)).status_code == 403
        assert engineer.get(_file(code, "csv")).status_code == 403
    cashier = sign_in("cashier")
    assert cashier.get(reverse("console:reports")).status_code == 403


def test_a_file_is_read_in_pieces_by_an_asynchronous_server():
    async def read():
        answer = SheetResponse(BytesIO(b"x" * 600_000), filename="a.csv", content_type="text/csv")
        return [len(part) async for part in answer]

    assert asyncio.run(read()) == [262_144, 262_144, 75_712]


def test_a_report_is_saved_mailed_and_removed_from_the_list(town, admin):
    where = reverse("console:save_report") + "?report=takings&period=month&per=cashier"
    assert admin.get(where).status_code == 200
    assert admin.post(where, {"name": ""}).status_code == 422
    assert admin.post(where, {"name": "Desk", "is_shared": "on"}).status_code == 302
    assert admin.post(where, {"name": "Desk"}).status_code == 422
    saved = SavedReport.objects.get()
    index = admin.get(reverse("console:reports")).content.decode()
    assert f"{_report('takings')}?period=month&amp;by=day&amp;per=cashier" in index
    mail = reverse("console:mail_report", args=[saved.public_id])
    asked = {"every": "week", "hour": "7", "form": "xlsx", "recipients": "boss@example.org"}
    assert admin.get(mail).status_code == 200
    assert admin.post(mail, asked | {"recipients": "boss"}).status_code == 422
    assert admin.post(mail, asked).status_code == 302
    index = admin.get(reverse("console:reports")).content.decode()
    assert "Every Monday 07:00" in index
    assert "boss@example.org" in index
    remove = reverse("console:remove_report", args=[saved.public_id])
    assert admin.get(remove).status_code == 200
    assert admin.post(remove).status_code == 302
    assert "Desk" not in admin.get(reverse("console:reports")).content.decode()
    assert admin.get(mail).status_code == 404


def test_who_may_not_share_saves_for_oneself_and_mails_nothing(sign_in):
    auditor = sign_in("auditor")
    where = reverse("console:save_report") + "?report=energy"
    assert "is_shared" not in auditor.get(where).content.decode()
    assert auditor.post(where, {"name": "Mine", "is_shared": "on"}).status_code == 302
    saved = SavedReport.objects.get()
    assert not saved.is_shared
    assert auditor.get(reverse("console:mail_report", args=[saved.public_id])).status_code == 403
