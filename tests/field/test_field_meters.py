"""Profiles, daily registers, clocks and plans: what differs from meter to meter."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.field.virtual_bus import ZONE, Estate, VirtualMeter, run

from prewatt.field.dlt645 import ask_registers
from prewatt.field.errors import UnknownProfile
from prewatt.field.health import LOST_AFTER, Health
from prewatt.field.profiles import get_profile
from prewatt.field.schedule import MIDNIGHT_QUIET, next_sweep_at, pause_s
from prewatt.field.times import Times
from prewatt.kernel.clock import EstateClock
from prewatt.link.messages import (
    Comm,
    CommandError,
    CommandReported,
    FieldFault,
    FieldRejected,
    MeterComm,
    MeterPlan,
    Password,
    Plan,
    ReadingReported,
    ReadKind,
    RelayReported,
    RelayState,
)
from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.frame import MORE_BIT, REPLY_BIT, Frame, encode
from prewatt.wire.dlt645.identifiers import (
    CLOCK,
    DATE,
    FORWARD_ENERGY_BLOCK,
    STATUS_WORD_3,
    TIME,
    daily_freeze_time,
)

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)


def planned(estate: Estate, change: Callable[[MeterPlan], MeterPlan]) -> Plan:
    """The estate's plan with every meter changed."""
    return Plan(
        tuple(
            replace(
                gateway,
                buses=tuple(replace(bus, meters=tuple(map(change, bus.meters))) for bus in gateway.buses),
            )
            for gateway in estate.plan().gateways
        )
    )


async def one_sweep(estate: Estate, change: Callable[[MeterPlan], MeterPlan]) -> None:
    estate.collector.hear(planned(estate, change))
    estate.confirm_leases()
    await asyncio.sleep(30)
    await estate.collector.stop()


def kinds(estate: Estate) -> list[ReadKind]:
    return [one.kind for one in estate.ear.all(ReadingReported)]


def test_a_base_meter_is_asked_for_date_and_time_and_no_freeze() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        meter = estate.buses[0].meters[0]
        meter.skew = timedelta(seconds=-90)
        await one_sweep(estate, lambda plan: replace(plan, profile="dlt645-2007-base"))
        assert kinds(estate) == [ReadKind.SCHEDULED]
        assert meter.asked[DATE] == meter.asked[TIME] == 1
        assert meter.asked[CLOCK] == meter.asked[daily_freeze_time(1)] == 0
        assert estate.ear.all(MeterComm)[-1].clock_drift_s in {-91, -90}

    run(main())


@pytest.mark.parametrize("refused", [TIME, DATE])
def test_a_clock_that_is_not_told_is_left_unknown(refused: int) -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        estate.buses[0].meters[0].refuses = {refused: 2}
        await one_sweep(estate, lambda plan: replace(plan, profile="dlt645-2007-base"))
        assert {one.clock_drift_s for one in estate.ear.all(MeterComm)} == {None}

    run(main())


def test_midnight_between_date_and_time_is_no_day_of_drift() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        meter = estate.buses[0].meters[0]
        real, days = meter.clock, iter([timedelta(), timedelta(days=1), timedelta(days=1)])
        meter.clock = lambda: real() + next(days, timedelta())  # type: ignore[method-assign]
        await one_sweep(estate, lambda plan: replace(plan, profile="dlt645-2007-base"))
        assert abs(estate.ear.all(MeterComm)[-1].clock_drift_s or 0) <= 1

    run(main())


def test_nothing_older_than_the_meters_stay_is_asked_of_its_memory() -> None:
    async def main() -> None:
        estate = Estate(meters=2)
        now = estate.times.estate_now()
        await one_sweep(estate, lambda plan: replace(plan, since_at=now))
        assert set(kinds(estate)) == {ReadKind.SCHEDULED}
        assert estate.buses[0].meters[0].asked[daily_freeze_time(1)] == 0

    run(main())


def test_a_freeze_of_another_midnight_is_not_taken_for_this_one() -> None:
    async def main() -> None:
        estate = Estate(meters=2)
        estate.buses[0].meters[0].skew = timedelta(days=-3)
        await one_sweep(estate, lambda plan: plan)
        daily = [one for one in estate.ear.all(ReadingReported) if one.kind is ReadKind.DAILY]
        assert [one.installation_id for one in daily] == [1]
        assert daily[0].meter_at == datetime(2026, 11, 22, tzinfo=ZONE)

    run(main())


def test_each_day_has_its_daily_register_and_clock_once() -> None:
    async def main() -> None:
        estate = Estate(meters=2, interval_s=3600)
        estate.start()
        await asyncio.sleep(16 * 3600)
        await estate.collector.stop()
        daily = [one for one in estate.ear.all(ReadingReported) if one.kind is ReadKind.DAILY]
        assert len(daily) == len({(one.installation_id, one.read_at) for one in daily}) == 4
        assert estate.buses[0].meters[0].asked[CLOCK] == 2

    run(main())


@pytest.mark.parametrize("skew_s", [-90, -50, -20, 20, 50])
def test_what_is_read_about_midnight_never_contradicts_what_the_meter_froze(skew_s: int) -> None:
    async def main() -> None:
        midnight = datetime(2026, 11, 23, tzinfo=ZONE)
        estate = Estate(meters=3, interval_s=5, begins=midnight - timedelta(seconds=150))
        for meter in estate.buses[0].meters:
            meter.skew, meter.wh_a_second = timedelta(seconds=skew_s), 10
        estate.start()
        await asyncio.sleep(360)
        await estate.collector.stop()
        for number in range(3):
            found = [one for one in estate.ear.all(ReadingReported) if one.installation_id == number]
            in_time = sorted(found, key=lambda one: one.read_at)
            assert [one.read_at for one in found if one.kind is ReadKind.DAILY][-1] == midnight
            if abs(skew_s) < MIDNIGHT_QUIET.total_seconds():
                assert [one.total_wh for one in in_time] == sorted(one.total_wh for one in found)

    run(main())


def test_a_meter_without_a_relay_is_not_asked_for_it() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        await one_sweep(estate, lambda plan: replace(plan, has_relay=False))
        assert not estate.ear.all(RelayReported)
        assert estate.buses[0].meters[0].asked[STATUS_WORD_3] == 0

    run(main())


def test_without_a_password_nothing_is_said() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        estate.collector.hear(planned(estate, lambda plan: replace(plan, password=None)))
        estate.confirm_leases()
        await asyncio.sleep(5)
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(5)
        await estate.collector.stop()
        assert estate.ear.all(CommandReported)[-1].error is CommandError.NO_PASSWORD
        assert estate.buses[0].meters[0].asked[0x1C] == 0

    run(main())


def test_an_unknown_profile_is_told_and_the_others_are_read() -> None:
    async def main() -> None:
        estate = Estate(meters=2)
        await one_sweep(estate, lambda plan: replace(plan, profile="modbus") if plan.installation_id == 0 else plan)
        (fault,) = estate.ear.all(FieldRejected)
        assert (fault.fault, fault.installation_id) == (FieldFault.UNKNOWN_PROFILE, 0)
        assert "dlt645-2007" in fault.detail
        assert {one.installation_id for one in estate.ear.all(ReadingReported)} == {1}

    run(main())


def test_the_permit_profile_allows_closing_instead_of_closing() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        estate.buses[0].meters[0].is_open = True
        estate.collector.hear(planned(estate, lambda plan: replace(plan, profile="dlt645-2007-permit")))
        estate.confirm_leases()
        await asyncio.sleep(5)
        estate.order(0, 0, RelayState.ON)
        await asyncio.sleep(5)
        await estate.collector.stop()
        said = [frame for _, frame in estate.buses[0].requests if frame.function == 0x1C]
        assert [frame.data[8] for frame in said] == [0x1B]

    run(main())


def test_an_answer_in_parts_is_put_together() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        bus = estate.buses[0]

        def in_parts(meter: VirtualMeter, frame: Frame, raw: bytes) -> list[tuple[float, bytes]] | None:
            di = frame.data[:4]
            if int.from_bytes(di, "little") != FORWARD_ENERGY_BLOCK:
                return None
            block = bytes.fromhex("00001000") * 5
            if frame.function == 0x11:
                return [(0, encode(Frame(meter.address, 0x11 | REPLY_BIT | MORE_BIT, di + block[:8])))]
            return [(0, encode(Frame(meter.address, 0x12 | REPLY_BIT, di + block[8:] + frame.data[4:5])))]

        bus.fault = in_parts
        await one_sweep(estate, lambda plan: plan)
        readings = [one for one in estate.ear.all(ReadingReported) if one.kind is ReadKind.SCHEDULED]
        assert [(one.total_wh, len(one.rates_wh)) for one in readings] == [(1_000_000, 4)]

    run(main())


def test_a_fault_of_ours_in_one_bus_is_told_and_the_bus_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=2, interval_s=10)
        estate.start()
        await asyncio.sleep(3)
        bus = estate.collector._sites[0].buses[0]
        broken = [True]
        judge = bus._judge

        def fail_once(sweep: object) -> None:
            if broken.pop() if broken else False:
                raise RuntimeError("a bug")
            judge(sweep)  # type: ignore[arg-type]

        monkeypatch.setattr(bus, "_judge", fail_once)
        await asyncio.sleep(60)
        before = len(estate.ear.all(ReadingReported))
        await asyncio.sleep(20)
        assert len(estate.ear.all(ReadingReported)) > before
        await estate.collector.stop()

    run(main())


def test_a_moved_gateway_is_left_and_found_again() -> None:
    async def main() -> None:
        estate = Estate(meters=2, interval_s=10)
        estate.start()
        await asyncio.sleep(5)
        plan = estate.plan()
        estate.collector.hear(Plan((replace(plan.gateways[0], host="elsewhere"),)))
        estate.confirm_leases()
        connects = len(estate.buses[0].connects)
        await asyncio.sleep(15)
        assert len(estate.buses[0].connects) == connects + 1
        estate.collector.hear(Plan())
        assert estate.collector.bus_count == 0
        await estate.collector.stop()

    run(main())


def test_a_confirmation_for_another_epoch_is_not_ours() -> None:
    async def main() -> None:
        estate = Estate(meters=1)
        estate.collector.hear(estate.plan())
        estate.epoch = 7
        estate.confirm_leases()
        assert not estate.collector._sites[0].gateway.lease.may_command
        await estate.collector.stop()

    run(main())


def test_a_filled_total_is_bad_data_and_a_filled_rate_leaves_the_rates_out() -> None:
    question = ask_registers(address="000000000001", profile=get_profile("dlt645-2007"))
    with pytest.raises(BadData):
        question.decode(b"\xff" * 20)
    registers = question.decode(bytes.fromhex("00010000") * 4 + b"\xff" * 4)
    assert (registers.total_wh, registers.rates_wh) == (1_000, ())


def test_a_question_does_not_show_what_it_carries() -> None:
    assert "request" not in repr(ask_registers(address="000000000001", profile=get_profile("dlt645-2007")))
    assert "864213" not in repr(Password(2, "864213"))


def test_an_unknown_profile_names_those_that_are_known() -> None:
    with pytest.raises(UnknownProfile, match="modbus"):
        get_profile("modbus")


def test_health_counts_cycles() -> None:
    health = Health()
    assert health.is_due()
    assert health.has_failed(AT)
    assert [health.is_due() for _ in range(3)] == [False, True, True]
    assert not health.has_failed(AT)
    assert health.has_failed(AT)
    assert (health.comm, health.failures) == (Comm.LOST, LOST_AFTER)
    assert not health.has_failed(AT)
    assert health.has_answered(AT)
    assert (health.comm, health.failures, health.last_ok_at) == (Comm.ONLINE, 0, AT)


@pytest.mark.parametrize(
    ("now", "interval_s", "expected"),
    [
        ("2026-11-22T08:00:00", 900, "2026-11-22T08:15:00"),
        ("2026-11-22T08:14:59", 900, "2026-11-22T08:15:00"),
        ("2026-11-22T23:50:00", 900, "2026-11-23T00:01:00"),
        ("2026-11-22T23:50:00", 7000, "2026-11-23T00:01:00"),
        ("2026-11-23T00:00:30", 20, "2026-11-23T00:01:00"),
        ("2026-11-22T08:00:00.5", 1, "2026-11-22T08:00:01"),
    ],
)
def test_sweeps_begin_at_multiples_and_a_minute_after_midnight(now: str, interval_s: int, expected: str) -> None:
    local = datetime.fromisoformat(now).replace(tzinfo=ZONE)
    found = next_sweep_at(now=local, interval_s=interval_s, zone=ZONE)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=ZONE)


def test_pauses_grow_and_spread() -> None:
    assert [pause_s(attempt=attempt, draw=1) for attempt in (1, 2, 3, 6, 7, 50)] == [0.5, 1, 2, 16, 30, 30]
    assert pause_s(attempt=7, draw=0) == 15


def test_times_come_from_the_processes_clocks() -> None:
    times = Times.of(EstateClock.real_time())
    assert times.machine_s_until(times.estate_now() - timedelta(seconds=1)) == 0
    assert 50 < times.machine_s_until(times.estate_now() + timedelta(seconds=60)) <= 60
