"""A1, A14, A15: meters and gateways that are not there. The others must not notice."""

import asyncio
import random

import pytest
from tests.fault_rows import Faults
from tests.faults.counting import blamed, counting_estate, readings, wrong_readings
from tests.field.virtual_bus import Estate, Spoken, VirtualMeter, loop_time, run

from prewatt.field import bus as buses
from prewatt.field import exchange, health
from prewatt.link.messages import BusSweep, Comm, GatewayComm, MeterComm
from prewatt.wire.dlt645.frame import Frame

METERS = 26
CYCLES = 3
READ_S = (20 + 40) * 11 / 2400 + 0.1
"""Question and answer on the wire, and the meter's own time before it answers."""


def silent_share(number: int) -> tuple[Estate, set[int], float]:
    """5 % of the meters say nothing for three cycles; return the estate, who was silent, and cycle / limit."""

    async def main() -> tuple[Estate, set[int], float]:
        estate = counting_estate(buses=number, meters=METERS, interval_s=60)
        everybody = [(bus, meter) for bus in range(number) for meter in range(METERS)]
        silent = set(random.Random(5).sample(everybody, round(len(everybody) * 0.05)))
        dead = {estate.buses[bus].meters[meter].address for bus, meter in silent}
        for bus in estate.buses:
            bus.fault = lambda meter, _frame, _raw: [] if meter.address in dead else None
        estate.start()
        await asyncio.sleep(60 * CYCLES - 5)
        await estate.collector.stop()
        took_s = sum(one.sweep_ms for one in estate.ear.all(BusSweep)) / 1000
        return estate, {bus * 100 + meter for bus, meter in silent}, took_s / (len(readings(estate)) * READ_S)

    return run(main())


@pytest.mark.faults("A1")
def test_silent_meters_hardly_slow_the_others(faults: Faults) -> None:
    number = faults.times(short=4, full=26)
    estate, silent, ratio = silent_share(number)
    faults.hit(sum(1 for bus in estate.buses for _, frame in bus.requests if _index(frame) in silent))
    assert len(estate.ear.all(BusSweep)) == CYCLES * number
    assert ratio <= 1.25
    assert len(readings(estate)) == (number * METERS - len(silent)) * CYCLES
    assert wrong_readings(estate) == []
    assert blamed(estate) == silent, "all that are silent and nobody else"
    assert {one.comm for one in estate.ear.all(GatewayComm)} == {Comm.ONLINE}


@pytest.mark.faults("A1", control=True)
def test_a_fixed_time_out_without_back_off_slows_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "REPLY_DELAY_S", 3.0)
    monkeypatch.setattr(health, "BACK_OFF", (1,) * 5)
    assert silent_share(4)[2] > 1.25


def _index(frame: Frame) -> int:
    return int(frame.address[:6]) * 100 + int(frame.address[6:])


def cut_in_the_middle(*, share: float, seconds: float) -> tuple[Estate, list[float]]:
    """A gateway closes the connection in the middle of answers; return the estate and the instants of the cuts."""
    cuts: list[float] = []

    async def main() -> Estate:
        estate = counting_estate(meters=10, interval_s=10)
        bus, draw, loop = estate.buses[0], random.Random(5), asyncio.get_running_loop()

        def cut(_meter: VirtualMeter, _frame: Frame, raw: bytes) -> Spoken | None:
            if draw.random() >= share:
                return None
            cuts.append(loop.time() + 0.25)
            loop.call_later(0.25, bus.drop)
            return [(-0.1, raw[: draw.randrange(1, len(raw))])]

        bus.fault = cut
        estate.start()
        await asyncio.sleep(seconds)
        await estate.collector.stop()
        return estate

    return run(main()), cuts


def _longest_away_s(estate: Estate, cuts: list[float]) -> float:
    connects = estate.buses[0].connects
    return max(min((at - cut for at in connects if at >= cut), default=float("inf")) for cut in cuts[:-1])


@pytest.mark.faults("A14")
def test_a_connection_lost_in_mid_answer_is_made_again_and_the_question_put_once_more(faults: Faults) -> None:
    seconds = faults.times(short=300, full=3_600)
    estate, cuts = cut_in_the_middle(share=0.02, seconds=seconds)
    faults.hit(len(cuts))
    assert len(cuts) > 4
    assert _longest_away_s(estate, cuts) <= 2
    assert wrong_readings(estate) == []
    assert len(readings(estate)) >= seconds - len(cuts) // 10 - 1, "nearly each of them was answered in the end"
    assert blamed(estate) == set()
    assert [one.comm for one in estate.ear.all(GatewayComm)] == [Comm.ONLINE]


@pytest.mark.faults("A14", control=True)
def test_a_fixed_long_pause_keeps_the_bus_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "pause_s", lambda **_: 30.0)
    estate, cuts = cut_in_the_middle(share=0.02, seconds=300)
    assert _longest_away_s(estate, cuts) > 2


def refused(*, seconds: float, is_down: bool = True) -> Estate:
    """Of two gateways one refuses for a while, then takes connections again."""

    async def main() -> Estate:
        estate = counting_estate(buses=2, meters=METERS, interval_s=12)
        estate.start()
        await asyncio.sleep(14)
        bus = estate.buses[0]
        bus.is_down = is_down
        if is_down:
            bus.drop()
        await asyncio.sleep(seconds)
        bus.is_down = False
        back = loop_time()
        await asyncio.sleep(70)
        await estate.collector.stop()
        estate.buses[0].useful_s = min((at for at, _ in bus.requests if at >= back), default=float("inf")) - back
        return estate

    return run(main())


def _other(estate: Estate) -> list[int]:
    return [one.sweep_ms for one in estate.ear.all(BusSweep) if one.bus_id == 1]


@pytest.mark.faults("A15")
@pytest.mark.parametrize("seconds", [5, 300])
def test_a_gateway_that_refuses_is_asked_less_and_less_and_the_others_are_untouched(
    seconds: int, faults: Faults
) -> None:
    estate, healthy = refused(seconds=seconds), refused(seconds=seconds, is_down=False)
    tries = estate.buses[0].connects[1:]
    faults.hit(len(tries))
    assert 2 <= len(tries) <= 6 + seconds // 15
    assert _other(estate) == pytest.approx(_other(healthy), rel=0.005)
    assert estate.buses[0].useful_s <= 30, "back as soon as the longest pause"
    states = [one for one in estate.ear.all(GatewayComm) if one.gateway_id == 0]
    assert [one.comm for one in states] == [Comm.ONLINE, Comm.LOST, Comm.ONLINE]
    assert "refused" in states[1].note
    assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE], "one alarm, not one a meter"
    assert wrong_readings(estate) == []


@pytest.mark.faults("A15", control=True)
def test_without_back_off_the_gateway_is_stormed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "pause_s", lambda **_: 0.05)
    assert len(refused(seconds=60).buses[0].connects) > 100
