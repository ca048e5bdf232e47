"""Every report with every answer to its options, on one town whose figures can be reckoned by hand."""

import csv
import itertools
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook
from tests.console.conftest import build_town, make_user, pay
from tests.usecases_billing.town import ACTOR, ZONE, Town, set_clock

from prewatt.access import services as access
from prewatt.access.models import User
from prewatt.access.queries import get_user_permissions
from prewatt.cases.kinds import Kind as CaseKind
from prewatt.cases.models import Severity
from prewatt.cases.services import open_case
from prewatt.estate.models import Place, PlaceKind
from prewatt.kernel.errors import NotPermitted
from prewatt.kernel.money import Money
from prewatt.metering.models import CommState
from prewatt.payments.models import PaymentChannel, RefundLife
from prewatt.rating.bands import Band
from prewatt.reports.errors import TooManyFiles, TooManyRows
from prewatt.reports.tables import words
from prewatt.reports.tables.asking import BadFilter, ReportForm, days_of
from prewatt.reports.tables.columns import Column, Kind, Words
from prewatt.reports.tables.registry import UnknownReport, get_report, open_to, reports
from prewatt.reports.tables.report import Wanted
from prewatt.reports.tables.workbook import write_workbook
from prewatt.supply.models import CommandState
from prewatt.tenancy.models import Customer
from prewatt.usecases.close_day import close_day
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.see_report import (
    iterate_report,
    list_blocks,
    see_report,
    write_report_csv,
    write_report_workbook,
)
from prewatt.usecases.see_site import SiteView, get_site
from prewatt.usecases.work import unit_of_work

NOVEMBER = Wanted(date(2026, 11, 1), date(2026, 11, 20))
FORMULA = "=1+1"


class Books:
    """A town, its site and a login that may read everything."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.site: SiteView = get_site(site_id=town.site.pk)
        self.reader: User = make_user(town, "administrator", username=f"reader-{town.site.code}")

    def rows(self, code: str, wanted: Wanted = NOVEMBER, **options: str) -> list[dict[str, object]]:
        asked = Wanted(wanted.from_day, wanted.to_day, wanted.block, wanted.text, options)
        page = see_report(user=self.reader, site=self.site, report=get_report(code), wanted=asked)
        return [dict(zip([one.name for one in page.columns], row, strict=True)) for row in page.rows]


@pytest.fixture(scope="module")
def books(module_database: str) -> Books:
    set_clock("2026-11-20T12:00")
    town = build_town()
    Customer.objects.filter(accounts=town.rooms[0].account).update(name=FORMULA)
    for room in town.rooms[:2]:
        pay(room, 10_000)
    refund_balance(
        actor=ACTOR, account_id=town.rooms[0].account.pk, amount=Money(1_000, "CNY"), reason="left", channel="cash",
        token="refund",
    )  # fmt: skip
    for day in range(1, 20):
        close_day(actor=ACTOR, site_id=town.site.pk, day=date(2026, 11, day))
    with unit_of_work(actor=ACTOR, verb="test") as work:
        open_case(
            scope=town.site.scope, kind="meter_lost", subject_kind="metering_point", subject_id=town.rooms[0].point.pk,
            severity="urgent", now=work.now, subject_label=town.rooms[0].point.code,
        )  # fmt: skip
    return Books(town)


REPORTS = list(reports().values())


def _answers(report):
    """Each way of answering its options, of a long list of choices the first alone."""
    answers = [[(option.name, one.code) for one in option.choices[:6]] for option in report.options]
    return [dict(chosen) for chosen in itertools.product(*answers)]


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.code)
def test_page_and_stream_agree_whatever_is_asked(books, report):
    for options in _answers(report):
        wanted = Wanted(NOVEMBER.from_day, NOVEMBER.to_day, options=options)
        asked = {"user": books.reader, "site": books.site, "report": report, "wanted": wanted}
        page = see_report(**asked)
        assert page.count == len(page.rows) == len(list(iterate_report(**asked))), options
        assert all(len(row) == len(page.columns) for row in page.rows), options
        for name, total in page.totals.items():
            place = [one.name for one in page.columns].index(name)
            assert (total or 0) == sum(row[place] or 0 for row in page.rows), (options, name)


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.code)
def test_workbook_and_text_hold_the_same_rows(books, report):
    asked = {"user": books.reader, "site": books.site, "report": report, "wanted": NOVEMBER}
    page = see_report(**asked)
    with write_report_workbook(**asked) as file:
        sheet = CalamineWorkbook.from_filelike(BytesIO(file.read())).get_sheet_by_index(0).to_python()
    text = BytesIO()
    write_report_csv(**asked, file=text)
    lines = list(csv.reader(text.getvalue().decode("utf-8-sig").splitlines()))
    assert len(sheet) == len(lines) == page.count + 1
    for place, column in enumerate(page.columns):
        if column.kind is Kind.MONEY:
            stored = [row[place] for row in page.rows]
            assert [round(float(str(row[place] or 0)) * 100) for row in sheet[1:]] == [one or 0 for one in stored]
            assert [row[place] for row in lines[1:]] == ["" if one is None else f"{one / 100:.2f}" for one in stored]


def test_energy_adds_up_however_it_is_split(books):
    total = books.rows("energy", by="all")[0]["energy"]
    assert total == 3 * 24_000
    for by, per in itertools.product(("day", "month", "year", "all"), ("none", "unit", "block", "customer", "band")):
        assert sum(row["energy"] for row in books.rows("energy", by=by, per=per)) == total, (by, per)
    assert [row["room"] for row in books.rows("energy", by="all", per="unit")] == ["1#-001", "1#-002", "1#-003"]


def test_charges_are_what_the_closes_booked(books):
    booked = books.rows("charges", by="all")[0]
    assert booked["charged"] > 0
    assert sum(row["charged"] for row in books.rows("charges", by="day", per="unit")) == booked["charged"]


def test_takings_tell_what_came_in_and_what_went_out(books):
    (cash,) = books.rows("takings", by="all", per="channel")
    assert (cash["channel"], cash["taken"], cash["refunded"], cash["net"]) == ("cash", 20_000, -1_000, 19_000)
    assert [row["amount"] for row in books.rows("top-ups")] == [10_000, 10_000]
    assert all(row["receipt"].startswith("R-2026-") for row in books.rows("top-ups"))
    (refund,) = books.rows("refunds")
    assert (refund["amount"], refund["state"], refund["reason"]) == (1_000, "paid_out", "left")


def test_arrears_have_an_age(books):
    by_account = books.rows("balances", show="arrears")
    assert [row["account"] for row in by_account] == [books.town.rooms[2].account.number]
    assert by_account[0]["arrears"] == -by_account[0]["balance"] > 0
    (owed,) = books.rows("balances", per="age", show="arrears")
    assert (owed["age"], owed["accounts"], owed["arrears"]) == ("2", 1, by_account[0]["arrears"])


def test_alarms_and_the_log_name_what_happened(books):
    (alarm,) = books.rows("alarms", state="open")
    assert (alarm["subject"], alarm["kind"], alarm["closed_at"]) == ("1#-001", "meter_lost", None)
    assert books.rows("alarms", state="closed") == []
    verbs = {row["verb"] for row in books.rows("operator-log", by="programs")}
    assert {"take_payment", "close_day"} <= verbs


def test_a_balance_of_energy_names_what_was_not_read(books):
    (block,) = books.rows("energy-balance")
    assert (block["block"], block["tenants"], block["main"], block["loss"], block["unread"]) == (
        "1#", 3 * 24_000, None, None, 0,
    )  # fmt: skip


def test_words_typed_find_rooms_and_customers(books):
    named = Wanted(NOVEMBER.from_day, NOVEMBER.to_day, text="#-002")
    assert [row["room"] for row in books.rows("energy", named, by="all", per="unit")] == ["1#-002"]
    for text in ("%", "_", "' OR true --", "\\"):
        nobody = Wanted(NOVEMBER.from_day, NOVEMBER.to_day, text=text)
        assert books.rows("energy", nobody, by="day", per="unit") == []


def test_a_name_like_a_formula_stays_text_in_every_file(books):
    wanted = Wanted(NOVEMBER.from_day, NOVEMBER.to_day, options={"by": "all", "per": "customer"})
    asked = {"user": books.reader, "site": books.site, "report": get_report("energy"), "wanted": wanted}
    text = BytesIO()
    write_report_csv(**asked, file=text)
    assert f"'{FORMULA}" in text.getvalue().decode()
    with write_report_workbook(**asked) as file:
        rows = CalamineWorkbook.from_filelike(BytesIO(file.read())).get_sheet_by_index(0).to_python()
    assert FORMULA in {row[0] for row in rows}


def test_a_file_that_is_too_long_is_refused_and_not_cut(books, monkeypatch):
    monkeypatch.setattr("prewatt.usecases.see_report.FILE_ROWS_MAX", 1)
    asked = {"user": books.reader, "site": books.site, "report": get_report("top-ups"), "wanted": NOVEMBER}
    with pytest.raises(TooManyRows):
        write_report_workbook(**asked)
    with pytest.raises(TooManyRows):
        write_report_csv(**asked, file=BytesIO())
    monkeypatch.setattr("prewatt.usecases.see_report.FILE_ROWS_MAX", 2)
    write_report_csv(**asked, file=BytesIO())
    write_report_workbook(**asked).close()


def test_who_comes_when_all_turns_are_taken_is_told_to_come_again(books, monkeypatch):
    turns = BoundedSemaphore(1)
    monkeypatch.setattr("prewatt.usecases.see_report.WAIT_S", 0)
    monkeypatch.setattr("prewatt.usecases.see_report._turns", turns)
    asked = {"user": books.reader, "site": books.site, "report": get_report("top-ups"), "wanted": NOVEMBER}
    with turns, pytest.raises(TooManyFiles):
        write_report_csv(**asked, file=BytesIO())
    for _again in range(2):
        write_report_csv(**asked, file=BytesIO())
        write_report_workbook(**asked).close()


def test_a_table_goes_on_upon_the_next_sheet():
    columns = [Column("name", "Name"), Column("day", "Day", Kind.DAY), Column("at", "At", Kind.INSTANT)]
    rows = [(f"row {number}", date(2026, 11, number), datetime(2026, 11, 1, 17, tzinfo=UTC)) for number in (1, 2, 3)]
    with write_workbook(title="A/B", columns=columns, rows=rows, zone=ZoneInfo(ZONE), rows_a_sheet=2) as file:
        book = CalamineWorkbook.from_filelike(BytesIO(file.read()))
    assert book.sheet_names == ["AB", "AB 2"]
    assert book.get_sheet_by_index(0).to_python()[1] == ["row 1", date(2026, 11, 1), datetime(2026, 11, 2, 1)]  # noqa: DTZ001
    assert len(book.get_sheet_by_index(1).to_python()) == 2


def test_a_block_shows_its_own_rows_and_nobody_sees_another_blocks(books):
    with unit_of_work(actor=ACTOR, verb="test"):
        scope = access.create_scope(kind="building", name="2#", parent=books.town.site.scope)
        Place.objects.create(site=books.town.site, kind=PlaceKind.BUILDING, scope=scope, code="2#")
        keeper = access.create_login(username="keeper", password="correct horse", name="Keeper")
        access.grant(user=keeper, role_code="administrator", scope=scope)
    assert list_blocks(user=keeper, site=books.site, permission="reports.view") == ["2#"]
    for report in reports().values():
        asked = {"site": books.site, "report": report}
        mine = see_report(user=keeper, wanted=NOVEMBER, **asked)
        assert mine.rows == [], report.code
        theirs = Wanted(NOVEMBER.from_day, NOVEMBER.to_day, block="1#")
        assert see_report(user=keeper, wanted=theirs, **asked).rows == [], report.code
        if report.has_block and report.code != "alarms":
            every, one = (see_report(user=books.reader, wanted=some, **asked).count for some in (NOVEMBER, theirs))
            assert every >= one, report.code


def test_who_may_not_read_money_reads_none(books):
    engineer = make_user(books.town, "engineer")
    codes = {one.code for one in open_to(get_user_permissions(user=engineer))}
    assert {"energy", "alarms"} <= codes
    assert not {"takings", "balances", "operator-log"} & codes
    with pytest.raises(NotPermitted):
        see_report(user=engineer, site=books.site, report=get_report("takings"), wanted=NOVEMBER)
    with pytest.raises(NotPermitted):
        next(iterate_report(user=engineer, site=books.site, report=get_report("takings"), wanted=NOVEMBER))


def test_every_code_has_a_word():
    pairs: list[tuple[Words, list[str]]] = [
        (words.CHANNELS, PaymentChannel.values), (words.BANDS, [str(band.value) for band in Band]),
        (words.SEVERITIES, Severity.values), (words.COMM, CommState.values), (words.CASES, list(CaseKind)),
        (words.COMMANDS, CommandState.values), (words.REFUNDS, RefundLife.values),
    ]  # fmt: skip
    for known, codes in pairs:
        assert set(codes) <= set(known)


def test_an_unknown_report_is_not_found():
    with pytest.raises(UnknownReport):
        get_report("nothing")


class TestAsking:
    today = date(2026, 11, 20)

    def form(self, code="energy", **asked):
        return ReportForm(asked, report=get_report(code), blocks=["1#"], today=self.today)

    def test_left_out_it_is_this_month(self):
        wanted = self.form().wanted()
        assert (wanted.from_day, wanted.to_day) == (date(2026, 11, 1), self.today)
        assert wanted.options == {"by": "day", "per": "none"}

    def test_one_day_alone_is_enough(self):
        assert self.form(from_day="2026-10-05").wanted().to_day == self.today
        assert self.form(to_day="2026-10-05").wanted().from_day == date(2026, 10, 1)

    @pytest.mark.parametrize(
        ("period", "first", "last"),
        [
            ("today", date(2026, 11, 20), date(2026, 11, 20)),
            ("yesterday", date(2026, 11, 19), date(2026, 11, 19)),
            ("week", date(2026, 11, 14), date(2026, 11, 20)),
            ("month", date(2026, 11, 1), date(2026, 11, 20)),
            ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
            ("year", date(2026, 1, 1), date(2026, 11, 20)),
        ],
    )
    def test_a_stretch_moves_with_the_day(self, period, first, last):
        assert days_of(period, self.today) == (first, last)
        wanted = self.form(period=period).wanted()
        assert (wanted.from_day, wanted.to_day) == (first, last)

    def test_dates_typed_go_before_the_stretch_that_the_form_stood_on(self):
        kept = self.form(period="month", from_day="2026-11-01", to_day="2026-11-20")
        assert kept.stretch == "month"
        moved = self.form(period="month", from_day="2026-10-05", to_day="2026-11-20")
        assert (moved.stretch, moved.wanted().from_day) == ("", date(2026, 10, 5))

    @pytest.mark.parametrize(
        "asked",
        [
            {"from_day": "2026-11-20", "to_day": "2026-11-01"},
            {"from_day": "2020-01-01", "to_day": "2026-11-01"},
            {"from_day": "the first"},
            {"block": "9#"},
            {"by": "week"},
            {"per": "unit; DROP TABLE x"},
            {"q": "x" * 61},
            {"period": "always"},
        ],
    )
    def test_what_cannot_be_is_named(self, asked):
        with pytest.raises(BadFilter, match="The filter cannot be used"):
            self.form(**asked).wanted()

    def test_a_report_without_period_asks_for_none(self):
        form = self.form("balances")
        assert not {"from_day", "to_day", "period"} & set(form.fields)
        assert form.wanted().to_day - form.wanted().from_day <= timedelta(days=31)
