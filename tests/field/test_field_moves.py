"""A place is tried before a meter is moved there: within the bus's own task, or alone where no meter hangs yet."""

import asyncio

import pytest
from tests.field.virtual_bus import Estate, Fault, VirtualMeter, loop_time, run

from prewatt.link.messages import (
    CommandReported,
    CommandStep,
    Finding,
    Plan,
    ReadingReported,
    ReadItem,
    RelayState,
    TrialOrder,
    TrialReported,
)
from prewatt.wire.dlt645.frame import Frame
from prewatt.wire.dlt645.identifiers import FORWARD_ENERGY, FORWARD_ENERGY_BLOCK

REGISTERS = frozenset({ReadItem.REGISTERS})


def order(
    estate: Estate, bus: int, address: str, *, baud: int = 2400, profile: str = "dlt645-2007", epoch: int = 1
) -> None:
    gateway = bus - bus % estate.per_gateway
    estate.collector.hear(TrialOrder(gateway, 9, bus, f"g{gateway}", bus, baud, address, profile, epoch))


def newcomer(estate: Estate, bus: int = 0, refuses: dict[int, int] | None = None) -> VirtualMeter:
    """A meter that hangs on the bus and is in no plan."""
    meter = VirtualMeter("000000000077", estate.times, total_wh=7_770_000, refuses=refuses or {})
    estate.buses[bus].meters.append(meter)
    return meter


async def told(estate: Estate, *, within_s: float = 60) -> TrialReported:
    end = loop_time() + within_s
    while not (heard := estate.ear.all(TrialReported)):
        assert loop_time() < end, "the trial was never told"
        await asyncio.sleep(0.1)
    return heard[0]


def tried(
    *,
    address: str = "000000000077",
    baud: int = 2400,
    fault: Fault | None = None,
    refuses: dict[int, int] | None = None,
) -> TrialReported:
    async def main() -> TrialReported:
        estate = Estate(meters=4, items=REGISTERS, interval_s=1)
        estate.start()
        await asyncio.sleep(5)
        newcomer(estate, refuses=refuses)
        estate.buses[0].fault = fault
        order(estate, 0, address, baud=baud)
        found = await told(estate)
        estate.buses[0].fault = None
        before = len(estate.ear.all(ReadingReported))
        await asyncio.sleep(10)
        await estate.collector.stop()
        assert len(estate.ear.all(ReadingReported)) > before + 4, "the sweep goes on"
        assert {one.total_wh for one in estate.ear.all(ReadingReported)} == {1_000_000}
        assert estate.buses[0].collisions == 0
        assert len(estate.buses[0].connects) == 1
        assert len(estate.ear.all(TrialReported)) == 1
        return found

    return run(main())


def test_a_meter_that_answers_is_told_with_its_register() -> None:
    found = tried()
    assert (found.trial_id, found.finding, found.total_wh) == (9, None, 7_770_000)


def test_a_wrong_address_is_silent() -> None:
    assert tried(address="000000000078").finding is Finding.SILENT


@pytest.mark.parametrize("baud", [1200, 9600])
def test_another_baud_is_told_by_the_pace(baud: int) -> None:
    found = tried(baud=baud)
    assert (found.finding, found.words) == (Finding.OTHER_PACE, "2400")


def test_noise_is_told() -> None:
    def noise(meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]] | None:
        return [(0.0, b"\x68\x00\x16")] if meter.address == "000000000077" else None

    assert tried(fault=noise).finding is Finding.GARBLED


def test_a_meter_without_a_block_says_its_total() -> None:
    assert tried(refuses={FORWARD_ENERGY_BLOCK: 2}).total_wh == 7_770_000


def test_a_meter_that_says_no_register_cannot_be_known() -> None:
    found = tried(refuses={FORWARD_ENERGY_BLOCK: 2, FORWARD_ENERGY: 2})
    assert (found.finding, found.total_wh) == (Finding.NO_REGISTER, None)


def test_a_profile_that_nobody_knows_stops_no_bus() -> None:
    async def main() -> None:
        estate = Estate(meters=2, items=REGISTERS, interval_s=1)
        estate.start()
        order(estate, 0, "000000000077", profile="abacus")
        assert (await told(estate)).finding is Finding.NO_REGISTER
        await asyncio.sleep(5)
        assert estate.ear.all(ReadingReported)
        await estate.collector.stop()

    run(main())


def test_commands_go_before_a_trial() -> None:
    async def main() -> None:
        estate = Estate(meters=4, items=REGISTERS)
        estate.start()
        await asyncio.sleep(20)
        order(estate, 0, "000000000078")
        await asyncio.sleep(0.2)
        estate.order(0, 1, RelayState.OFF)
        await asyncio.sleep(1.5)  # the frame in flight, and the command's own
        assert CommandStep.ACKNOWLEDGED in {one.step for one in estate.ear.all(CommandReported)}
        assert not estate.ear.all(TrialReported)
        assert (await told(estate)).finding is Finding.SILENT
        await estate.collector.stop()

    run(main())


def test_a_line_that_is_down_or_goes_down_is_told_at_once() -> None:
    async def main() -> None:
        estate = Estate(meters=1, items=REGISTERS)
        estate.start()
        await asyncio.sleep(5)
        newcomer(estate)
        estate.buses[0].is_down = True

        def drop(_meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]]:
            estate.buses[0].drop()
            return []

        estate.buses[0].fault = drop
        order(estate, 0, "000000000077")
        found = await told(estate, within_s=5)
        assert (found.finding, "refused" in found.words) == (Finding.NO_LINE, True)
        order(estate, 0, "000000000077")
        assert len(estate.ear.all(TrialReported)) == 2, "known to be down"
        estate.buses[0].fault, estate.buses[0].is_down = None, False
        await asyncio.sleep(60)
        assert len(estate.ear.all(TrialReported)) == 2, "what was given back is not tried any more"
        await estate.collector.stop()

    run(main())


def test_a_line_that_is_lost_again_and_again_under_the_trial_is_told() -> None:
    async def main() -> None:
        estate = Estate(meters=1, items=REGISTERS)
        estate.start()
        await asyncio.sleep(5)
        newcomer(estate)

        def drop(meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]] | None:
            if meter.address != "000000000077":
                return None
            estate.buses[0].drop()
            return []

        estate.buses[0].fault = drop
        order(estate, 0, "000000000077")
        assert (await told(estate)).finding is Finding.NO_LINE
        await estate.collector.stop()

    run(main())


def test_a_line_without_a_meter_of_the_plan_is_tried_alone() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=1, items=REGISTERS)
        whole = estate.plan()
        estate.collector.hear(Plan(whole.gateways[:1]))
        estate.confirm_leases()
        newcomer(estate, 1)
        order(estate, 1, "000000000077")
        order(estate, 1, "000000000078")
        await asyncio.sleep(1)
        estate.collector.hear(whole)  # now a bus begins there: it waits for the trials
        estate.confirm_leases()
        await asyncio.sleep(30)
        assert [one.finding for one in estate.ear.all(TrialReported)] == [None, Finding.SILENT]
        assert estate.buses[1].collisions == 0
        assert 100 in {one.installation_id for one in estate.ear.all(ReadingReported)}
        await estate.collector.stop()

    run(main())


def test_a_line_that_is_not_there_is_told_and_a_stop_ends_a_trial() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=1, items=REGISTERS)
        estate.collector.hear(Plan())
        estate.buses[1].is_down = True
        order(estate, 1, "000000000077")
        found = await told(estate)
        assert (found.finding, found.gateway_id) == (Finding.NO_LINE, 1)
        order(estate, 0, "000000000077")
        await asyncio.sleep(0.3)
        await estate.collector.stop()
        assert len(estate.ear.all(TrialReported)) == 1

    run(main())


def test_an_order_under_an_older_lease_is_not_followed() -> None:
    async def main() -> None:
        estate = Estate(meters=1, items=REGISTERS)
        estate.start()
        order(estate, 0, "000000000077", epoch=0)
        await asyncio.sleep(20)
        assert not estate.ear.all(TrialReported)
        await estate.collector.stop()

    run(main())
