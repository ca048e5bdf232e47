"""G4 to G6: months, year ends, leap days, a change of tariff at midnight, days of 23 and 25 hours."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Room, Town, local, reading, rows, set_clock, use_of

from prewatt.billing.models import Position
from prewatt.kernel.period import day_start, days, month_start
from prewatt.rating import segments, usage
from prewatt.rating.bands import Band
from prewatt.rating.cost import rounded_minor
from prewatt.rating.tariff import Tariff
from prewatt.usecases.close_day import close_day

WINTER = (date(2027, 12, 1), date(2028, 3, 31))
ODD = Tariff.flat(currency="CNY", price=813_579)
"""A price at which hardly a day costs whole fen."""


# --- G4 -------------------------------------------------------------------------------------------------------------


def winter(
    rooms: int, *, first: date = WINTER[0], last: date = WINTER[1], every: int = 1
) -> tuple[Town, dict[str, dict[str, int]]]:
    """Read rooms each afternoon, close days as they end; return what was posted by account and month."""
    set_clock(local(f"{first}T12:00"))
    town = Town.build(tariffs={first: ODD})
    zone = ZoneInfo(town.site.time_zone)
    found = [town.add_room(since=first) for _ in range(rooms)]
    for past, day in enumerate(days(first, last), start=1):
        midnight = day_start(day + timedelta(days=1), zone)
        read_at = midnight if day == last else midnight - timedelta(hours=7, minutes=17)
        set_clock(midnight + timedelta(minutes=5))
        town.record(*[reading(room, read_at, past * (1_230 + 170 * place)) for place, room in enumerate(found)])
        if past % every == 0 or day == last:
            close_day(actor=ACTOR, site_id=town.site.pk, day=day)
    posted: dict[str, dict[str, int]] = {}
    for number, month, fen in rows(
        "SELECT memo ->> 'account', memo ->> 'period', sum(posting.amount) FROM ledger_journalentry entry"
        " JOIN ledger_posting posting ON posting.entry_id = entry.id AND posting.seq IS NULL"
        " WHERE entry.kind = 'usage' GROUP BY 1, 2"
    ):
        posted.setdefault(str(number), {})[str(month)] = int(str(fen))
    return town, posted


def days_of(room: Room, month: date) -> dict[date, int]:
    return {day: wh for (day, _), wh in use_of(room).items() if month_start(day) == month}


@pytest.mark.django_db
@pytest.mark.timeout(300)
@pytest.mark.faults("G4")
def test_g4_the_days_add_up_to_the_month_to_the_last_fen(faults: Faults) -> None:
    town, posted = winter(faults.times(short=1, full=12), every=faults.times(short=6, full=1))
    for room in town.rooms:
        for month, length in ((WINTER[0], 31), (date(2028, 1, 1), 31), (date(2028, 2, 1), 29), (date(2028, 3, 1), 31)):
            by_day = days_of(room, month)
            assert sorted(by_day) == list(days(month, month + timedelta(days=length - 1)))
            cost = sum(by_day.values()) * 813_579
            (position,) = Position.objects.filter(account=room.account, period_start=month)
            assert (position.flat_wh, position.cost_nano) == (sum(by_day.values()), cost)
            assert position.rounded == position.posted == posted[room.account.number][f"{month:%Y-%m}"]
            assert position.rounded == rounded_minor(cost, "CNY")
            faults.hit()
    assert_sound(seals=True)


@pytest.mark.django_db
@pytest.mark.faults("G4", control=True)
def test_g4_days_that_are_rounded_one_by_one_miss_the_month() -> None:
    month = date(2028, 2, 1)
    town, posted = winter(1, first=month, last=date(2028, 2, 29), every=29)
    room = town.rooms[0]
    one_by_one = sum(rounded_minor(wh * 813_579, "CNY") for wh in days_of(room, month).values())
    assert one_by_one != posted[room.account.number]["2028-02"]


# --- G5 -------------------------------------------------------------------------------------------------------------

OLD, NEW = 812_345, 1_234_567


def over_midnight(town: Town, day: date, number: int, minutes: tuple[int, int], wh: int) -> tuple[Room, Decimal]:
    """Read a room of its own before and after the midnight at which its price changes; return the exact cost."""
    code, change = f"t{number}", day_start(day, ZoneInfo(town.site.time_zone))
    town.publish(Tariff.flat(currency="CNY", price=OLD), day - timedelta(days=5), code)
    town.publish(Tariff.flat(currency="CNY", price=NEW), day, code)
    room = town.add_room(since=day - timedelta(days=5), tariff_code=code)
    town.read(room, change - timedelta(minutes=minutes[0]), 0)
    town.read(room, change + timedelta(minutes=minutes[1]), wh)
    nano = sum(position.cost_nano for position in Position.objects.filter(account=room.account))
    return room, Decimal(nano) / 10**9


def by_hand(minutes: tuple[int, int], wh: int) -> Decimal:
    """The energy in proportion to time, each watt-hour at the price of its side of midnight."""
    before = Fraction(wh * minutes[0], sum(minutes))
    price = (before * OLD + (wh - before) * NEW) / 10**9
    return Decimal(price.numerator) / Decimal(price.denominator)


@pytest.mark.django_db
@pytest.mark.faults("G5")
def test_g5_use_over_the_change_costs_what_each_side_costs(faults: Faults) -> None:
    set_clock("2026-12-31T12:00")
    town = Town.build()
    for number in range(faults.times(short=4, full=60)):
        minutes, wh = (10, 10 + 7 * number), 2_000 + 10 * number
        day = date(2026, 11, 10) + timedelta(days=number % 40)
        _, cost = over_midnight(town, day, number, minutes, wh)
        assert abs(cost - by_hand(minutes, wh)) <= Decimal("0.0005"), "a watt-hour at most falls to the other side"
        faults.hit()
    assert_sound()


@pytest.mark.django_db
@pytest.mark.faults("G5")
def test_g5_readings_ten_minutes_to_either_side(faults: Faults) -> None:
    set_clock("2026-12-31T12:00")
    town = Town.build()
    room, cost = over_midnight(town, date(2026, 12, 1), 0, (10, 10), 2_000)
    assert cost == Decimal(OLD + NEW) / 10**6, "1 kWh at each price, to the last digit"
    assert use_of(room) == {(date(2026, 11, 30), Band.FLAT): 1_000, (date(2026, 12, 1), Band.FLAT): 1_000}
    faults.hit()


@pytest.mark.django_db
@pytest.mark.faults("G5", control=True)
def test_g5_at_the_price_of_the_beginning_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    true_pieces = usage._pieces

    def unsplit(interval: Any, stretches: Sequence[Any]) -> list[Any]:
        first = true_pieces(interval, stretches)[0]
        return [first._replace(length_us=interval.to_us - interval.from_us)]

    monkeypatch.setattr(usage, "_pieces", unsplit)
    set_clock("2026-12-31T12:00")
    _, cost = over_midnight(Town.build(), date(2026, 12, 1), 0, (10, 10), 2_000)
    assert cost == Decimal(2 * OLD) / 10**6


# --- G6 -------------------------------------------------------------------------------------------------------------


SUMMER = timedelta(hours=2)


def daily_use(zone: str, day: date) -> int:
    """Read a room that uses 1 kWh an hour at each full hour around a day; return what the day was charged, in Wh."""
    set_clock(datetime(2028, 1, 1, tzinfo=UTC))
    town = Town.build(zone=zone)
    room = town.add_room(since=day - timedelta(days=1))
    begin = day_start(day - timedelta(days=1), ZoneInfo(zone))
    hours = [begin + timedelta(hours=hour) for hour in range(1, 74)]
    assert town.record(*[reading(room, at, place * 1_000) for place, at in enumerate(hours, start=1)]).held == 0
    assert sum(use_of(room).values()) == len(hours) * 1_000
    return use_of(room)[day, Band.FLAT]


CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28), 23_000), ("Europe/Berlin", date(2027, 10, 31), 25_000),
    ("Africa/Cairo", date(2027, 4, 30), 23_000), ("America/New_York", date(2027, 11, 7), 25_000),
    ("Australia/Lord_Howe", date(2027, 10, 3), 23_500), ("Asia/Shanghai", date(2027, 3, 28), 24_000),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.faults("G6")
def test_g6_a_day_of_23_or_25_hours_is_charged_so_many(faults: Faults) -> None:
    for zone, day, wh in CHANGES[: faults.times(short=2, full=len(CHANGES))]:
        assert daily_use(zone, day) == wh, zone
        faults.hit()
    assert_sound()


@pytest.mark.django_db
@pytest.mark.faults("G6", control=True)
def test_g6_days_of_24_hours_put_an_hour_on_the_wrong_day(monkeypatch: pytest.MonkeyPatch) -> None:
    def steady(day: date, _zone: ZoneInfo) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) - SUMMER

    monkeypatch.setattr(segments, "day_start", steady)
    assert daily_use("Europe/Berlin", date(2027, 10, 31)) == 24_000
