"""The caches agree with the readings, whatever the order of arrival; what does not is found and mended."""

import random
from datetime import date, timedelta

import pytest
from tests.usecases_billing.town import ACTOR, OPENED, Room, Town, local, reading, set_clock, use_of

from prewatt.billing.models import Position
from prewatt.ledger.values import Difference
from prewatt.metering.models import DayUsage, MeterState
from prewatt.rating.bands import Band, DayType
from prewatt.rating.tariff import BandSource, Slot, Tariff
from prewatt.tenancy.models import Account
from prewatt.usecases import rebuild_positions as module
from prewatt.usecases.close_day import close_day
from prewatt.usecases.rebuild_positions import rebuild_positions
from prewatt.usecases.work import Busy

DAYS = {
    DayType.WORKDAY: [Slot(0, 480, Band.VALLEY), Slot(480, 1200, Band.PEAK), Slot(1200, 1440, Band.FLAT)],
    DayType.WEEKEND: [Slot(0, 1440, Band.FLAT)],
}
PRICES = {Band.PEAK: 1_234_567, Band.FLAT: 812_345, Band.VALLEY: 401_234}
BY_CLOCK = Tariff.time_of_use(currency="CNY", prices=PRICES, days=DAYS)
BY_METER = Tariff.time_of_use(
    currency="CNY", prices=PRICES, days=DAYS, band_source=BandSource.METER,
    meter_rates=[Band.PEAK, Band.PEAK, Band.FLAT, Band.VALLEY],
)  # fmt: skip


def rebuild(town: Town, *, repair: bool = False) -> list[Difference]:
    return rebuild_positions(actor=ACTOR, site_id=town.site.pk, repair=repair)


def history(rng: random.Random, count: int) -> list[tuple[timedelta, int, tuple[int, ...]]]:
    """Registers over two weeks: seldom, often, standing still; the rates add up to the total."""
    rates = [0, 0, 0, 0]
    offset, found = timedelta(0), []
    for _ in range(count):
        step = timedelta(minutes=rng.choice([15, 60, 61, 997, 1440]))
        offset += step
        for place in range(4):
            rates[place] += rng.randrange(0, int(step.total_seconds() // 3600) * 2_000 + 10, 10)
        found.append((offset, sum(rates), tuple(rates)))
    return found


@pytest.mark.parametrize("tariff", [BY_CLOCK, BY_METER], ids=["clock", "meter"])
@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_gives_the_same_money(town: Town, seed: int, tariff: Tariff) -> None:
    """G7: three rooms with one history, one in order, two shuffled in batches; late batches meet a tariff change."""
    rng = random.Random(seed)
    set_clock("2026-12-31T12:00")
    town.publish(tariff, OPENED, "tou")
    town.publish(tariff.__class__.from_json(tariff.to_json() | {"prices": {"peak": 9, "flat": 8, "valley": 7}}),
                 date(2026, 11, 5), "tou")  # fmt: skip
    rooms = [town.add_room(tariff_code="tou", rates_wh=(0, 0, 0, 0), multiplier=3) for _ in range(3)]
    for room in rooms:
        room.point.rated_power_w = 100_000
        room.point.save()
    begin = local("2026-11-01T00:00")
    rows = [(begin + offset, total, rates) for offset, total, rates in history(rng, 20)]
    for place, room in enumerate(rooms):
        order = rows if place == 0 else rng.sample(rows, len(rows))
        while order:
            size = rng.choice([1, 2, 5])
            batch, order = order[:size], order[size:]
            assert town.record(*[reading(room, *row) for row in batch]).held == 0
    assert use_of(rooms[0]) == use_of(rooms[1]) == use_of(rooms[2])
    assert sum(use_of(rooms[0]).values()) == rows[-1][1] * 3
    assert town.accrued(rooms[0]) == town.accrued(rooms[1]) == town.accrued(rooms[2])
    assert rebuild(town) == []


def test_a_sound_site_has_no_differences(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    town.read(room, "2026-11-01T11:00", 5_000_000)
    close_day(actor=ACTOR, site_id=town.site.pk, day=OPENED)
    assert rebuild(town) == []
    assert rebuild_positions(actor=ACTOR, site_id=Town.build().site.pk) == []


@pytest.fixture
def used(town: Town) -> Room:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    return room


def test_what_was_tampered_with_is_found_and_mended(town: Town, used: Room) -> None:
    Position.objects.update(flat_wh=4_000)
    DayUsage.objects.filter(date=OPENED).update(quantity_wh=1)
    assert {one.kind for one in rebuild(town)} == {"day_usage", "position"}
    assert {one.kind for one in rebuild(town, repair=True)} == {"day_usage", "position"}
    assert rebuild(town) == []
    assert town.accrued(used) == 400


def test_a_wrong_cost_a_wrong_accrual_and_a_wrong_register_are_found(town: Town, used: Room) -> None:
    Position.objects.update(rounded=399)
    Account.objects.filter(pk=used.account.pk).update(accrued=398)
    MeterState.objects.update(last_total_wh=4_999)
    assert [(one.kind, one.found) for one in rebuild(town)] == [
        ("register", "4999"),
        ("cost", "(4000000000, 399)"),
        ("accrued", "398"),
    ]


def test_a_tariff_taken_away_is_told_and_nothing_is_written(town: Town, used: Room) -> None:
    used.tenancy.tariffs.all().delete()
    kinds = [one.kind for one in rebuild(town, repair=True)]
    assert kinds[0] == "unrated"
    assert town.accrued(used) == 400


def test_another_tariff_from_the_beginning_is_rated_again(town: Town, used: Room) -> None:
    town.publish(Tariff.flat(currency="CNY", price=1_000_000), OPENED, "dear")
    used.tenancy.tariffs.update(tariff_code="dear")
    close_day(actor=ACTOR, site_id=town.site.pk, day=OPENED)
    rebuild(town, repair=True)
    assert town.accrued(used) == 500 - 400, "the difference is posted by the next close"
    assert rebuild(town) == []


def test_an_account_in_use_is_waited_for(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    room = town.add_room()
    town.read(room, "2026-11-02T00:00", 5_000)
    real, tries = module._rebuild, []

    def busy_twice(*given: object, **named: object) -> object:
        tries.append(given)
        if len(tries) < 3:
            raise Busy("Somebody else is changing the same account.")
        return real(*given, **named)  # type: ignore[arg-type]  # handed on as given

    monkeypatch.setattr(module, "_rebuild", busy_twice)
    assert rebuild_positions(actor=ACTOR, site_id=town.site.pk) == []
    assert len(tries) == 3
    monkeypatch.setattr(module, "_rebuild", always_busy)
    with pytest.raises(Busy):
        rebuild_positions(actor=ACTOR, site_id=town.site.pk)


def always_busy(*_: object, **__: object) -> object:
    raise Busy("Somebody else is changing the same account.")
