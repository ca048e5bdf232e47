"""One meter's truth: registers, relay, clock and measurements over time."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulator.virtual import FIRST_DAY, NOW, ONE, TWO, estate, meter

from prewatt.simulator.errors import BadEstate
from prewatt.simulator.estate import BusSpec, MeterSpec, VirtualEstate, load, save
from prewatt.simulator.meters import REGISTER_END_WH, EventKind, MeterEvent, VirtualMeter

HOUR = timedelta(hours=1)
OPEN, CLOSED = EventKind.RELAY_OPENED, EventKind.RELAY_CLOSED


def virtual(spec: MeterSpec | None = None) -> VirtualMeter:
    return VirtualMeter(spec=spec or meter(), estate=estate())


def happen(subject: VirtualMeter, kind: EventKind, at: datetime, *values: int, cause: str = "command") -> None:
    subject.apply(MeterEvent(subject.spec.address, at, kind, values, cause))


def test_registers_are_opening_plus_load_in_steps_of_ten() -> None:
    subject = virtual()
    flowed = subject.load.rates_wh(NOW)
    shown = subject.registers(NOW)
    assert shown.rates_wh == tuple((10 * (n + 1) + wh) // 10 * 10 for n, wh in enumerate(flowed))
    assert shown.total_wh == sum(shown.rates_wh)
    assert subject.registers(subject.begins_at).rates_wh == (10, 20, 30, 40)


def test_a_current_transformer_divides() -> None:
    plain, behind = virtual(meter(opening_wh=(0,) * 4)), virtual(meter(opening_wh=(0,) * 4, multiplier=40))
    for rate, wh in enumerate(behind.registers(NOW).rates_wh):
        assert wh == plain.load.rates_wh(NOW)[rate] // 400 * 10


def test_nothing_flows_while_the_relay_is_open() -> None:
    subject, twin = virtual(), virtual()
    happen(subject, OPEN, NOW)
    held = subject.registers(NOW)
    assert subject.is_open
    assert subject.registers(NOW + 3 * HOUR) == held
    assert subject.measure(NOW + HOUR).powers_mw[0] == 0
    happen(subject, CLOSED, NOW + 3 * HOUR)
    assert not subject.is_open
    missed = twin.load.cumulative_wh(NOW + 3 * HOUR) - twin.load.cumulative_wh(NOW)
    gap = twin.registers(NOW + 9 * HOUR).total_wh - subject.registers(NOW + 9 * HOUR).total_wh
    assert abs(gap - missed) <= 40
    assert subject.registers(NOW - HOUR) == twin.registers(NOW - HOUR)  # the past stays what it was


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 400_000), st.booleans()), max_size=8), st.lists(st.integers(0, 600_000)))
def test_registers_never_fall_whatever_the_relay_does(moves: list[tuple[int, bool]], probes: list[int]) -> None:
    subject = virtual()
    for second, is_open in sorted(moves):
        happen(subject, OPEN if is_open else CLOSED, NOW + timedelta(seconds=second))
    shown = [subject.registers(NOW + timedelta(seconds=second)) for second in sorted(probes)]
    totals = [registers.total_wh for registers in shown]
    assert totals == sorted(totals)
    assert all(registers.total_wh == sum(registers.rates_wh) for registers in shown)


def test_a_clock_set_back_does_not_rewrite_the_past() -> None:
    subject = virtual()
    happen(subject, OPEN, NOW)
    happen(subject, CLOSED, NOW - HOUR)
    assert subject.opened_at == [NOW]
    assert subject.closed_at == [NOW]
    assert not subject.is_open


def test_registers_are_set_and_wrap() -> None:
    subject = virtual(meter(multiplier=10))
    happen(subject, EventKind.REGISTER_SET, NOW, 0, 0, 0, REGISTER_END_WH - 10)
    assert subject.registers(NOW).total_wh == REGISTER_END_WH - 10
    later = subject.registers(NOW + 12 * HOUR)
    assert later.rates_wh[3] < 1_000_000
    assert later.total_wh == sum(later.rates_wh) % REGISTER_END_WH
    assert later.total_wh < 1_000_000


def test_a_set_register_stands_still_behind_an_open_relay() -> None:
    subject = virtual()
    happen(subject, OPEN, NOW)
    happen(subject, EventKind.REGISTER_SET, NOW + HOUR, 0, 0, 0, 50)
    assert subject.is_open
    assert subject.registers(NOW + 5 * HOUR).rates_wh == (0, 0, 0, 50)


def test_status_word_follows_relay_command_and_keep_power() -> None:
    subject = virtual()
    assert subject.status_word_3() == 0
    happen(subject, EventKind.COMMANDED, NOW, 1)
    assert subject.status_word_3() == 0x40
    happen(subject, OPEN, NOW)
    assert subject.status_word_3() == 0x50
    happen(subject, EventKind.KEEP_POWER, NOW, 1)
    assert subject.status_word_3() == 0x1050


def test_clock_skew_and_settings() -> None:
    subject = virtual(meter(clock_skew_s=90))
    assert subject.clock(NOW).isoformat() == "2026-11-22T12:31:30+08:00"
    happen(subject, EventKind.CLOCK_SET, NOW, -5)
    assert subject.clock(NOW).isoformat() == "2026-11-22T12:29:55+08:00"
    assert subject.clock_set_on is None
    happen(subject, EventKind.CLOCK_SET, NOW, 0, cause="broadcast")
    assert subject.clock_set_on == NOW
    happen(subject, EventKind.TRIP_DELAY_SET, NOW, 5)
    happen(subject, EventKind.FROZEN, NOW)
    assert (subject.trip_delay_min, subject.frozen_at) == (5, [NOW])


def test_daily_freezes_are_local_midnights() -> None:
    subject = virtual()
    assert subject.daily_freeze_at(NOW, days_back=1) == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert subject.daily_freeze_at(NOW, days_back=3) == datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert subject.daily_freeze_at(NOW, days_back=53) == subject.begins_at
    assert subject.daily_freeze_at(NOW, days_back=54) is None


def test_measurements_agree_with_the_load() -> None:
    single, three = virtual(), virtual(meter(TWO, phases=3, multiplier=4))
    measured = single.measure(NOW)
    assert measured.voltages_mv[1:] == (None, None)
    assert measured.powers_mw[2:] == (None, None)
    volts, amps, watts = measured.voltages_mv[0], measured.currents_ma[0], measured.powers_mw[0]
    assert volts
    assert amps
    assert watts
    assert 215_000 < volts < 245_000
    assert abs(volts * amps * 95 // 100_000 - watts) < watts // 100
    assert abs(watts - single.load.power_w(NOW) * 1000) < 200
    wide = three.measure(NOW)
    assert None not in wide.voltages_mv
    assert wide.powers_mw[0] == sum(mw or 0 for mw in wide.powers_mw[1:])
    assert abs((wide.powers_mw[0] or 0) - three.load.power_w(NOW) * 250) < 400


def test_a_load_beyond_the_display_stays_on_it() -> None:
    measured = virtual(meter(mean_w=900_000)).measure(NOW)
    assert measured.powers_mw[0] == 79_999_900
    assert measured.currents_ma[0] is not None
    assert measured.currents_ma[0] <= 799_999


def test_an_estate_survives_json(tmp_path: Path) -> None:
    spec = estate(meter(phases=3, multiplier=30, reply_delay_ms=None), baud=2400)
    assert VirtualEstate.from_json(spec.to_json()) == spec
    save(spec, path=tmp_path / "estate.json")
    assert load(tmp_path / "estate.json") == spec
    assert (tmp_path / "estate.json").stat().st_mode & 0o077 == 0
    assert 20 <= spec.buses()[0].meters[0].delay_ms <= 180
    assert ACCESS_TEXT not in repr(spec)


ACCESS_TEXT = "123456"


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"zone": 1})])
def test_what_is_no_estate_is_refused(text: str) -> None:
    with pytest.raises(BadEstate):
        VirtualEstate.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "12"},
        {"address": "999999999999"},
        {"phases": 2},
        {"multiplier": 0},
        {"mean_w": -1},
        {"opening_wh": (0, 0, 0)},
        {"opening_wh": (0, 0, 0, 5)},
        {"answer_bytes_max": 0},
    ],
)
def test_impossible_meters_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEstate):
        meter(**changes)


def test_impossible_buses_are_refused() -> None:
    with pytest.raises(BadEstate, match="baud"):
        BusSpec(name="x", baud=2500, meters=())
    with pytest.raises(BadEstate, match="twice"):
        BusSpec(name="x", baud=2400, meters=(meter(), meter()))
    with pytest.raises(BadEstate):
        BusSpec(name="x", baud=2400, meters=tuple(meter(f"{number:012d}") for number in range(1, 34)))
    with pytest.raises(BadEstate, match="twice"):
        VirtualEstate(zone="UTC", first_day=FIRST_DAY, gateways=estate().gateways * 2)


def test_addresses_name_their_meter() -> None:
    assert [spec.address for spec in estate().buses()[0].meters] == [ONE, TWO]
