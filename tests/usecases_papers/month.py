"""A month that was lived through: rooms that are read, tenants who pay, days that close."""

from collections.abc import Sequence
from datetime import date, timedelta

from tests.usecases_billing.town import ACTOR, Room, Town, reading, set_clock

from prewatt.access.audit import Actor
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.values import PaymentResult
from prewatt.rating.bands import Band, DayType
from prewatt.rating.tariff import BandSource, Slot, Tariff
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.take_payment import take_payment

NOVEMBER = date(2026, 11, 1)
LATE = date(2026, 11, 28)
"""Where a story needs no whole month its site begins late in one: each day is a close."""
TOU = Tariff.time_of_use(
    currency="CNY",
    prices={Band.PEAK: 1_140_500, Band.FLAT: 691_200, Band.VALLEY: 312_000},
    days={DayType.WORKDAY: [Slot(0, 360, Band.VALLEY), Slot(360, 960, Band.FLAT), Slot(960, 1440, Band.PEAK)]},
)
BY_METER = Tariff.time_of_use(
    currency="CNY",
    prices={Band.SHARP: 1_300_000, Band.PEAK: 1_140_500, Band.FLAT: 691_200, Band.VALLEY: 312_000},
    days={DayType.WORKDAY: [Slot(0, 360, Band.VALLEY), Slot(360, 960, Band.FLAT), Slot(960, 1440, Band.PEAK)]},
    band_source=BandSource.METER,
)


def step_wh(room: Room, day: int) -> int:
    """What a room uses on a day: odd numbers, so that rounding has something to do."""
    return 10_000 + (room.installation.pk * 37 + day * 7_919) % 9_973


def live_through(town: Town, rooms: Sequence[Room], *, first: date, days: int, at: str = "00:00") -> None:
    """Read every room once a day, at midnight or another hour, and close each day on the next."""
    total = {room.installation.pk: room.installation.opening_total_wh for room in rooms}
    for number in range(1, days + 1):
        day = first + timedelta(days=number)
        set_clock(f"{day}T12:00")
        readings = []
        for room in rooms:
            total[room.installation.pk] += step_wh(room, number)
            readings.append(reading(room, f"{day}T{at}", total[room.installation.pk], kind=2))
        town.record(*readings)
        close_due_days(actor=ACTOR)


def begin_late(town: Town) -> None:
    """Let the site keep books from the last days of the month on."""
    town.site.first_day = LATE
    town.site.save()


def pay(room: Room, minor: int, at: str, *, actor: Actor = ACTOR, channel: str = "cash") -> PaymentResult:
    set_clock(at)
    return take_payment(
        actor=actor, account_id=room.account.pk, amount=Money(minor, room.account.currency), channel=channel, till="T1",
        token=str(uuid7()),
    )  # fmt: skip
