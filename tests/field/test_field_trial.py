"""A line and its meters are tried before they are stored: on a virtual clock, to the millisecond."""

import pytest
from tests.field.virtual_bus import Estate, VirtualMeter, run

from prewatt.field.trial import Failed, TrialLine, TrialMeter, try_lines
from prewatt.link.messages import Finding
from prewatt.wire.dlt645.frame import Frame
from prewatt.wire.dlt645.identifiers import FORWARD_ENERGY_BLOCK

PROFILE = "dlt645-2007"


def tried(
    *, baud: int = 2400, typed: int | None = None, address: str = "", refuses: bool = False, **bus: object
) -> list[Failed]:
    """Try a line of three meters, the last of which is typed otherwise where ``address`` says so."""

    async def main() -> list[Failed]:
        estate = Estate(buses=2, meters=3, baud=baud)
        for name, value in bus.items():
            setattr(estate.buses[1], name, value)
        if refuses:
            for meter in estate.buses[1].meters:
                meter.refuses[FORWARD_ENERGY_BLOCK] = 2
        addresses = [meter.address for meter in estate.buses[1].meters]
        addresses[2] = address or addresses[2]
        line = TrialLine("g1", 1, typed or baud, tuple(TrialMeter(one, PROFILE) for one in addresses))
        return await try_lines(lines=[TrialLine("g0", 0, baud, ()), line], connector=estate, times=estate.times)

    return run(main())


@pytest.mark.parametrize("baud", [600, 1200, 2400, 4800, 9600, 19200])
def test_what_is_typed_right_stands(baud: int) -> None:
    assert tried(baud=baud) == []


def test_a_wrong_address_is_silent() -> None:
    assert tried(address="000000000099") == [Failed(1, 2, Finding.SILENT)]


@pytest.mark.parametrize(
    ("baud", "typed"), [(2400, 1200), (2400, 4800), (2400, 9600), (4800, 2400), (9600, 2400), (9600, 1200)]
)
def test_another_pace_than_the_typed_bauds_is_told(baud: int, typed: int) -> None:
    assert tried(baud=baud, typed=typed) == [Failed(1, None, Finding.OTHER_PACE, str(baud))]


def test_a_line_that_is_not_there_is_told_with_its_reason() -> None:
    (failed,) = tried(is_down=True)
    assert (failed.line, failed.meter, failed.finding) == (1, None, Finding.NO_LINE)
    assert "refused" in failed.words


def test_a_meter_that_will_not_is_a_meter_that_is_there() -> None:
    assert tried(refuses=True) == []


def test_noise_instead_of_answers_is_told() -> None:
    def noise(_meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, b"\x68\x00\x16")]

    assert {failed.finding for failed in tried(fault=noise)} == {Finding.GARBLED}


def test_a_line_that_ends_under_the_trial_is_no_line() -> None:
    async def main() -> list[Failed]:
        estate = Estate(meters=1)

        def drop(_meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]]:
            estate.buses[0].drop()
            return []

        estate.buses[0].fault = drop
        line = TrialLine("g0", 0, 2400, (TrialMeter(estate.buses[0].meters[0].address, PROFILE),))
        return await try_lines(lines=[line], connector=estate, times=estate.times)

    (failed,) = run(main())
    assert (failed.finding, failed.words) == (Finding.NO_LINE, "closed by the gateway")


def test_one_bad_answer_does_not_cost_the_import() -> None:
    async def main() -> list[Failed]:
        estate = Estate(meters=2)
        bus, silent = estate.buses[0], [0]

        def first_two(_meter: VirtualMeter, _frame: Frame, _raw: bytes) -> list[tuple[float, bytes]] | None:
            silent[0] += 1
            return [] if silent[0] <= 2 else None

        bus.fault = first_two
        line = TrialLine("g0", 0, 2400, tuple(TrialMeter(meter.address, PROFILE) for meter in bus.meters))
        return await try_lines(lines=[line], connector=estate, times=estate.times)

    assert run(main()) == []
