"""A month that is paid ahead: asked for, used, settled, closed."""

from datetime import date, timedelta

import pytest
from tests.usecases_billing.town import ACTOR, Room, Town, reading, set_clock

from prewatt.billing.errors import MonthClosed, MonthNotOver, MonthNotSettled, NotMonthAhead
from prewatt.billing.models import AccountMonth, MonthAhead
from prewatt.cases.models import Case
from prewatt.kernel.money import Money
from prewatt.ledger.models import Document
from prewatt.notices.models import Notice
from prewatt.payments.errors import ReasonMissing
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.keep_month_ahead import end_month_ahead, keep_month_ahead
from prewatt.usecases.request_month import request_due_months, request_month
from prewatt.usecases.settle_month import MonthTotals, close_month, settle_month
from prewatt.usecases.take_payment import take_payment

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def pay(room: Room, yuan: int, token: str) -> None:
    take_payment(
        actor=ACTOR, account_id=room.account.pk, amount=Money(yuan * 100, "CNY"), channel="cash", token=token, till="T1"
    )


def plan(room: Room, surplus: str = "carry", fixed: int | None = None) -> None:
    fixed_estimate = None if fixed is None else Money(fixed, "CNY")
    keep_month_ahead(
        actor=ACTOR, account_id=room.account.pk, surplus=surplus, reason="contract", fixed_estimate=fixed_estimate
    )


def use(town: Town, room: Room, first: date, last: date, wh_a_day: int, begin_wh: int = 0) -> int:
    """Let a room use the same each day: read at each midnight. Returns where the register ends."""
    days = (last - first).days + 1
    town.record(
        *(
            reading(room, f"{first + timedelta(days=number)}T00:00", begin_wh + number * wh_a_day)
            for number in range(1, days + 1)
        )
    )
    return begin_wh + days * wh_a_day


def month_of(room: Room, month: date) -> AccountMonth:
    return AccountMonth.objects.get(account=room.account, month=month)


@pytest.fixture
def asked(town: Town) -> tuple[Town, Room, int]:
    """A room that used ¥8 a day in November, paid ¥300, and was asked for December."""
    room = town.add_room()
    set_clock("2026-11-01T01:00")
    pay(room, 300, "november")
    set_clock("2026-11-25T09:00")
    plan(room)
    total = use(town, room, NOVEMBER, date(2026, 11, 24), 10_000)
    close_due_days(actor=ACTOR)
    assert request_due_months(actor=ACTOR) == 1
    return town, room, total


def test_a_month_is_asked_for_once_by_the_accounts_own_use(asked: tuple[Town, Room, int]) -> None:
    _, room, _ = asked
    row = month_of(room, DECEMBER)
    # 24 days at 8.00 = 192.00; 31 days = 248.00, up to 250.00; left on 1 December: 300 - 192 - 6 * 8 = 60.00
    assert (row.estimate, row.days_counted, row.requested, row.due_on) == (25_000, 24, 19_000, date(2026, 11, 30))
    assert request_due_months(actor=ACTOR) == 0
    notice = Notice.objects.get(kind="request")
    assert "190.00" in notice.body
    assert "2026-12" in notice.body


def test_december_is_settled_by_real_use_and_closed_once(asked: tuple[Town, Room, int]) -> None:
    town, room, total = asked
    pay(room, 190, "december")
    set_clock("2027-01-01T09:00")
    total = use(town, room, date(2026, 11, 25), date(2026, 11, 30), 10_000, total)
    use(town, room, DECEMBER, date(2026, 12, 31), 9_000, total)
    with pytest.raises(MonthNotOver):
        settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER)
    close_due_days(actor=ACTOR)
    with pytest.raises(MonthNotSettled):
        close_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER, reason="looked at")
    first = settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER)
    row = month_of(room, DECEMBER)
    # opening 300 + 190 - 30 * 8 = 250.00; used 31 * 7.20 = 223.20
    assert (row.opening, row.paid, row.used, row.closing) == (25_000, 0, -22_320, 2_680)
    assert first == MonthTotals(1, 2_680, 0)
    assert settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER) == first
    assert close_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER, reason="looked at") == first
    paper = Document.objects.get(kind="settlement")
    assert paper.content["surplus"] == [2_680, "CNY"]
    assert paper.content["used"] == [-22_320, "CNY"]
    assert month_of(room, DECEMBER).document_id == paper.pk
    with pytest.raises(MonthClosed):
        settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER)
    assert close_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER, reason="again").accounts == 0
    assert Document.objects.filter(kind="settlement").count() == 1


def test_money_for_the_next_month_is_no_surplus_and_what_is_given_back_is_asked_for(
    asked: tuple[Town, Room, int],
) -> None:
    town, room, total = asked
    plan(room, surplus="refund", fixed=20_000)
    set_clock("2026-12-26T09:00")
    total = use(town, room, date(2026, 11, 25), date(2026, 12, 25), 5_000, total)
    close_due_days(actor=ACTOR)
    request_due_months(actor=ACTOR)
    january = month_of(room, JANUARY)
    # 84 - 25 * 4 = -16 now, 6 days more: 40 will be owed
    assert (january.estimate, january.requested) == (20_000, 24_000)
    pay(room, 200, "january")
    set_clock("2027-01-01T09:00")
    use(town, room, date(2026, 12, 26), date(2026, 12, 31), 5_000, total)
    close_due_days(actor=ACTOR)
    settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER)
    row = month_of(room, DECEMBER)
    # 108 - 6 * 4 = 84 at the beginning; 31 * 4 = 124 used; 200 paid for January, 40 of use never paid
    assert (row.opening, row.used, row.ahead, row.closing) == (8_400, -12_400, 20_000, 16_000)
    close_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER, reason="looked at")
    assert not Case.objects.filter(kind="surplus_to_refund").exists()
    again = Notice.objects.filter(kind="request").latest("pk")
    assert "40.00" in again.body  # 200 are needed, 160 are there


def test_a_surplus_to_give_back_becomes_a_case(asked: tuple[Town, Room, int]) -> None:
    town, room, total = asked
    plan(room, surplus="refund")
    set_clock("2027-01-01T09:00")
    use(town, room, date(2026, 11, 25), date(2026, 12, 31), 1_000, total)
    close_due_days(actor=ACTOR)
    settle_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER)
    close_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER, reason="looked at")
    case = Case.objects.get(kind="surplus_to_refund")
    assert case.detail["amount"] == month_of(room, DECEMBER).closing > 0


def test_without_a_past_a_person_says_the_amount(town: Town) -> None:
    young, fixed = town.add_room(), town.add_room()
    plan(young)
    plan(fixed, fixed=12_345)
    assert request_month(actor=ACTOR, site_id=town.site.pk, month=DECEMBER) == 2
    assert (month_of(young, DECEMBER).estimate, month_of(young, DECEMBER).requested) == (None, 0)
    assert (month_of(fixed, DECEMBER).estimate, month_of(fixed, DECEMBER).requested) == (12_345, 12_345)
    assert Notice.objects.filter(kind="request").count() == 1


def test_nobody_is_asked_before_the_day_or_outside_the_plan(town: Town) -> None:
    room, other = town.add_room(), town.add_room()
    assert keep_month_ahead(actor=ACTOR, account_id=room.account.pk, surplus="carry", reason="contract") == DECEMBER
    set_clock("2026-11-24T23:59")
    assert request_due_months(actor=ACTOR) == 0
    set_clock("2026-11-25T00:00")
    assert request_due_months(actor=ACTOR) == 1
    assert not AccountMonth.objects.filter(account=other.account).exists()
    end_month_ahead(actor=ACTOR, account_id=room.account.pk, reason="ended")
    assert MonthAhead.objects.get(account=room.account).to_month == DECEMBER
    assert request_month(actor=ACTOR, site_id=town.site.pk, month=JANUARY) == 0
    with pytest.raises(NotMonthAhead):
        end_month_ahead(actor=ACTOR, account_id=room.account.pk, reason="ended")
    plan(room)
    assert MonthAhead.objects.get(account=room.account).to_month is None


def test_a_plan_needs_a_reason_and_a_way_that_exists(town: Town) -> None:
    room = town.add_room()
    with pytest.raises(ReasonMissing):
        keep_month_ahead(actor=ACTOR, account_id=room.account.pk, surplus="carry", reason=" ")
    with pytest.raises(NotMonthAhead):
        keep_month_ahead(actor=ACTOR, account_id=room.account.pk, surplus="burn", reason="contract")
