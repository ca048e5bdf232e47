"""A batch of readings becomes use, positions and accrued money."""

from datetime import date, timedelta

import pytest
from tests.usecases_billing.town import HOUR, Town, local, reading, rows, set_clock, use_of

from prewatt.access.audit import Actor
from prewatt.billing.models import Position
from prewatt.cases.models import Case
from prewatt.estate.models import GatewayLease
from prewatt.metering.errors import BatchTooLarge
from prewatt.metering.models import MeterState, Reading
from prewatt.tenancy.models import Tenancy
from prewatt.usecases.record_readings import record_readings

FLAT_BAND = 3


def test_a_reading_becomes_use_and_money(town: Town) -> None:
    room = town.add_room(opening_wh=1_000, multiplier=2)
    result = town.read(room, "2026-11-01T10:00", 6_000)
    assert (result.inserted, result.repeated, result.held) == (1, 0, 0)
    assert result.account_ids == {room.account.pk}
    assert use_of(room) == {(date(2026, 11, 1), FLAT_BAND): 10_000}
    position = Position.objects.get()
    assert (position.flat_wh, position.cost_nano, position.rounded) == (10_000, 8_000_000_000, 800)
    assert (position.period_start, position.unposted_from) == (date(2026, 11, 1), date(2026, 11, 1))
    assert town.accrued(room) == 800
    state = MeterState.objects.get()
    assert (state.last_total_wh, state.power_w) == (6_000, 1_000)
    assert state.moved_at == state.last_read_at


def test_the_same_reading_twice_costs_once(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    result = town.read(room, "2026-11-01T10:00", 9_000)
    assert (result.inserted, result.repeated) == (0, 1)
    assert town.accrued(room) == 400
    result = town.record(*[reading(room, "2026-11-01T11:00", 6_000)] * 2)
    assert (result.inserted, result.repeated) == (1, 0)
    assert town.accrued(room) == 480


def test_an_interval_over_midnight_and_month_is_split(town: Town) -> None:
    set_clock("2026-12-02T12:00")
    room = town.add_room(since=date(2026, 11, 30))
    town.read(room, "2026-11-30T18:00", 0)
    town.read(room, "2026-12-01T06:00", 12_000)
    assert use_of(room) == {(date(2026, 11, 30), FLAT_BAND): 6_000, (date(2026, 12, 1), FLAT_BAND): 6_000}
    assert [(p.period_start, p.flat_wh) for p in Position.objects.order_by("period_start")] == [
        (date(2026, 11, 1), 6_000),
        (date(2026, 12, 1), 6_000),
    ]


def test_late_readings_leave_the_same_use_in_any_order(town: Town) -> None:
    first, second = town.add_room(), town.add_room()
    times = [local("2026-11-02T00:00") + 7 * n * HOUR for n in range(10)]
    totals = [0, 100, 5_100, 9_000, 9_000, 9_100, 20_000, 31_000, 40_000, 60_000]
    pairs = list(zip(times, totals, strict=True))
    for at, total in pairs:
        town.read(first, at, total)
    for at, total in [*pairs[5:8], *pairs[:2], pairs[9], pairs[8], *pairs[2:5]]:
        town.read(second, at, total)
    assert use_of(first) == use_of(second)
    assert town.accrued(first) == town.accrued(second) == 4_800
    assert MeterState.objects.get(installation=second.installation).last_total_wh == 60_000


def test_a_late_batch_in_reverse_order_is_put_in_order(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-05T00:00", 50_000)
    late = [reading(room, local("2026-11-02T00:00") + n * HOUR, 10_000 + 100 * n) for n in range(30)]
    result = town.record(*reversed(late))
    assert (result.inserted, result.held) == (30, 0)
    assert sum(use_of(room).values()) == 50_000
    assert use_of(room)[date(2026, 11, 1), FLAT_BAND] == 10_000


def test_a_jump_is_held_and_what_follows_it(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    for n in range(3):
        result = town.read(room, f"2026-11-01T{11 + n}:00", 5_005_000 + n * 1_000)
        assert result.held == 1
    assert town.accrued(room) == 400
    case = Case.objects.get()
    assert (case.kind, case.hits, case.subject_label) == ("reading_held", 3, room.point.code)
    assert case.detail["cause"] == "jump"
    set_clock("2026-12-31T12:00")
    assert town.read(room, "2026-12-30T10:00", 5_900_000).held == 1, (
        "a jump stays held although time makes it plausible"
    )
    assert town.read(room, "2026-12-30T11:00", 6_000).held == 0, "the true line goes on"
    assert town.read(room, "2026-12-30T12:00", 7_000).held == 0
    assert {r.cause for r in Reading.objects.filter(quality=2)} == {"jump"}


def test_a_register_that_falls_is_held(town: Town) -> None:
    room = town.add_room(opening_wh=500_000)
    result = town.read(room, "2026-11-01T10:00", 400_000)
    assert result.held == 1
    assert town.read(room, "2026-11-01T11:00", 401_000).held == 1
    assert Case.objects.get().detail["cause"] == "rollback"
    assert use_of(room) == {}


def test_a_register_that_wraps_goes_on(town: Town) -> None:
    room = town.add_room(opening_wh=999_999_500)
    assert town.read(room, "2026-11-01T01:00", 700).held == 0
    assert sum(use_of(room).values()) == 1_200


def test_a_reading_from_the_future_is_held(town: Town) -> None:
    room = town.add_room()
    assert town.read(room, local("2026-11-20T12:00") + timedelta(minutes=6), 1_000).held == 1
    assert town.read(room, local("2026-11-20T12:00") + timedelta(minutes=4), 1_000).held == 0


def test_a_reading_before_the_meter_came_is_held(town: Town) -> None:
    room = town.add_room()
    assert town.read(room, "2026-10-31T12:00", 0).held == 1


def test_no_tariff_and_no_payer_hold_the_reading(town: Town) -> None:
    unpriced = town.add_room(tariff_code=None)
    assert town.read(unpriced, "2026-11-01T10:00", 0).held == 0, "nothing used, nothing to price"
    assert town.read(unpriced, "2026-11-01T11:00", 5_000).held == 1
    vacant = town.add_room()
    Tenancy.objects.filter(pk=vacant.tenancy.pk).update(period=(local("2026-11-02T00:00"), None))
    assert town.read(vacant, "2026-11-03T00:00", 5_000).held == 1
    assert sorted(Case.objects.values_list("kind", "detail__cause")) == [
        ("no_tariff", "no_payer"),
        ("no_tariff", "no_tariff"),
    ]
    town.assign(unpriced.tenancy, "shop")
    assert town.read(unpriced, "2026-11-01T12:00", 6_000).held == 0, "the next one carries the use since the last"
    assert sum(use_of(unpriced).values()) == 6_000


def test_two_payers_share_an_interval_at_the_change(town: Town) -> None:
    room = town.add_room()
    change = local("2026-11-01T06:00")
    Tenancy.objects.filter(pk=room.tenancy.pk).update(period=(local("2026-11-01T00:00"), change))
    successor = town.add_account()
    tenancy = Tenancy.objects.create(account=successor, metering_point=room.point, period=(change, None))
    town.assign(tenancy, "shop")
    result = town.read(room, "2026-11-01T08:00", 8_000)
    assert result.account_ids == {room.account.pk, successor.pk}
    assert town.accrued(room) == 480
    successor.refresh_from_db()
    assert successor.accrued == 160


def test_an_older_lease_writes_nothing(town: Town) -> None:
    room = town.add_room()
    GatewayLease.objects.create(gateway=town.bus.gateway, collector="b", epoch=5, until=local("2027-01-01T00:00"))
    assert town.read(room, "2026-11-01T10:00", 5_000, epoch=4).stale == 1
    assert not Reading.objects.exists()
    assert town.read(room, "2026-11-01T10:00", 5_000, epoch=5).inserted == 1
    state = MeterState.objects.get()
    assert (state.comm, state.last_ok_at) == ("online", local("2026-11-01T10:00"))


def test_the_meters_clock_is_compared(town: Town) -> None:
    room = town.add_room()
    one = reading(room, "2026-11-01T10:00", 10)
    town.record(type(one)(one.installation_id, 1, one.read_at, 10, (), one.read_at - timedelta(seconds=90)))
    assert MeterState.objects.get().clock_drift_s == -90


def test_foreign_meters_are_not_stored(town: Town) -> None:
    other = Town.build().add_room()
    assert town.record(reading(other, "2026-11-01T10:00", 5_000)).unknown == 1
    assert not Reading.objects.exists()


def test_a_standing_register_is_a_case_until_it_moves(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T10:00", 5_000)
    for day in range(2, 12):
        assert town.read(room, f"2026-11-{day:02d}T10:00", 5_000).held == 0
    case = Case.objects.get()
    assert (case.kind, case.hits) == ("meter_stuck", 1)
    town.read(room, "2026-11-12T10:00", 6_000)
    case.refresh_from_db()
    assert case.closed_at is not None


def test_own_use_is_rated_and_stands_still_in_peace(town: Town) -> None:
    room = town.add_room(own_use=True)
    town.read(room, "2026-11-01T10:00", 5_000)
    town.read(room, "2026-11-12T10:00", 5_000)
    assert town.accrued(room) == 400
    assert not Case.objects.exists()


def test_a_batch_has_a_limit_and_may_be_empty(town: Town) -> None:
    room = town.add_room()
    with pytest.raises(BatchTooLarge):
        town.record(*[reading(room, "2026-11-01T10:00", 1)] * 1_001)
    assert record_readings(actor=Actor("t"), site_id=town.site.pk, readings=[]).inserted == 0


def test_two_kinds_at_one_instant_count_once(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-02T00:00", 5_000)
    assert town.read(room, "2026-11-02T00:00", 5_000, (1_000, 2_000, 1_000, 1_000), kind=2).held == 0
    assert town.read(room, "2026-11-02T00:00", 5_010, kind=5).held == 1
    assert town.accrued(room) == 400
    assert MeterState.objects.get().last_rates_wh == [1_000, 2_000, 1_000, 1_000]


def test_what_is_accrued_is_the_sum_of_positions(town: Town) -> None:
    shared = town.add_account()
    one, two = town.add_room(account=shared), town.add_room(account=shared)
    town.record(reading(one, "2026-11-01T10:00", 3_333), reading(two, "2026-11-01T10:00", 4_444))
    assert town.accrued(one) == sum(p.rounded - p.posted for p in Position.objects.all())
    assert rows("SELECT count(*) FROM access_action WHERE verb = 'record_readings'") == [(0,)]  # nothing names one
