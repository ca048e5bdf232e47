"""G1: the server's clock is set an hour ahead and an hour back while a bus is swept and its readings are rated."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.fault_rows import Faults
from tests.faults.counting import APART_WH, counting_estate
from tests.faults.invariants import assert_sound
from tests.field import virtual_bus
from tests.field.virtual_bus import START, loop_time, run
from tests.usecases_billing.town import Room, Town, reading, rows, set_clock, use_of

from prewatt.field.bus import Bus
from prewatt.field.schedule import MIDNIGHT_QUIET
from prewatt.field.times import Times
from prewatt.link.messages import BusSweep, ReadingReported, Upward
from prewatt.metering import chain
from prewatt.metering.validation import Accepted

pytestmark = pytest.mark.django_db
METERS = 3
INTERVAL_S = 300
CALM_S = 1_500
LAST_CALM_S = 3 * 3_600
HOUR = timedelta(hours=1)


@dataclass
class Swept:
    """What the field told, each with what the clock showed then; when sweeps ended, by a clock that is steady."""

    heard: list[tuple[datetime, ReadingReported]] = field(default_factory=list)
    sweeps_s: list[float] = field(default_factory=list)

    @property
    def longest_gap_s(self) -> float:
        return max(later - earlier for earlier, later in pairwise(self.sweeps_s))

    @property
    def backward_steps(self) -> int:
        return sum(later < earlier for (earlier, _), (later, _) in pairwise(self.heard))


def swept_under(jumps: list[timedelta], monkeypatch: pytest.MonkeyPatch) -> Swept:
    """Sweep a bus on virtual time while the system's clock is set, time and again."""
    ahead = timedelta()

    def now() -> datetime:
        return START + timedelta(seconds=loop_time() - 1000.0) + ahead

    monkeypatch.setattr(virtual_bus, "virtual_times", lambda _speed, **_: Times(now, now))
    swept = Swept()

    def hear(payload: Upward, *, epoch: int) -> bool:
        assert epoch
        if isinstance(payload, ReadingReported):
            swept.heard.append((now(), payload))
        if isinstance(payload, BusSweep):
            swept.sweeps_s.append(loop_time())
        return True

    async def main() -> Swept:
        nonlocal ahead
        estate = counting_estate(meters=METERS, interval_s=INTERVAL_S)
        monkeypatch.setattr(estate.ear, "report", hear)
        estate.start()
        for jump in jumps:
            await asyncio.sleep(CALM_S)
            ahead += jump
        await asyncio.sleep(LAST_CALM_S)
        await estate.collector.stop()
        return swept

    return run(main())


def recorded(swept: Swept) -> list[Room]:
    """Record what was heard as the core does: in the order of arrival, by the clock of that moment."""
    town = Town.build()
    rooms = [town.add_room(opening_wh=APART_WH * (1 + place)) for place in range(METERS)]
    for at in range(0, len(swept.heard), METERS):
        batch = swept.heard[at : at + METERS]
        set_clock(batch[-1][0])
        town.record(*[reading(rooms[one.installation_id], one.read_at, one.total_wh) for _, one in batch])
    return rooms


def counted_wh(swept: Swept, place: int) -> int:
    last = [one.total_wh for _, one in swept.heard if one.installation_id == place][-1]
    return last - APART_WH * (1 + place)


@pytest.mark.timeout(300)
@pytest.mark.faults("G1")
def test_g1_no_sweep_is_lost_and_no_time_is_rated_twice(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = [HOUR, -HOUR, -HOUR, HOUR] * faults.times(short=1, full=8)
    swept = swept_under(jumps, monkeypatch)
    faults.hit(len(jumps))
    assert swept.backward_steps == len(jumps) // 2, "the clock went back under the readings"
    longest_s = INTERVAL_S + MIDNIGHT_QUIET.total_seconds()  # the sweep of midnight begins a minute later
    assert swept.longest_gap_s <= longest_s, "intervals go by a clock that never jumps"
    rooms = recorded(swept)
    for place, room in enumerate(rooms):
        assert sum(use_of(room).values()) == counted_wh(swept, place)
    assert rows("SELECT count(*) FROM metering_dayusage WHERE quantity_wh < 0") == [(0,)]
    assert_sound()


@pytest.mark.faults("G1", control=True)
def test_g1_by_the_systems_clock_alone_the_bus_is_silent_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bus, "_was_set_back", lambda _bus: False)
    assert swept_under([-HOUR], monkeypatch).longest_gap_s > HOUR.total_seconds()


@pytest.mark.faults("G1", control=True)
def test_g1_without_validation_energy_falls_on_no_time_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "validate_reading", lambda **_: Accepted())
    swept = swept_under([HOUR, -HOUR], monkeypatch)
    with pytest.raises(ValueError, match="no interval with energy"):
        recorded(swept)
