"""A18 to A20: registers that go back, leap, or begin again. Nothing is charged that a meter cannot have counted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound, broken
from tests.usecases_billing.town import Room, Town, reading, rows, set_clock, use_of
from tests.usecases_supply.mall import Mall

from prewatt.cases.models import Case
from prewatt.kernel.period import day_start
from prewatt.metering import chain, validation
from prewatt.metering.models import Reading
from prewatt.metering.validation import Accepted
from prewatt.simulator.estate import BusSpec, GatewaySpec, MeterSpec, VirtualEstate
from prewatt.simulator.loads import LoadKind
from prewatt.simulator.meters import VirtualMeter

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2026, 11, 1)
BEGIN = day_start(FIRST_DAY, ZONE)


@pytest.fixture(autouse=True)
def _late_in_november() -> None:
    set_clock(datetime(2026, 11, 30, tzinfo=UTC))


def meter_of(opening_wh: Sequence[int], *, seed: int = 1, mean_w: int = 2_000) -> VirtualMeter:
    spec = MeterSpec(
        address="000000000001", kind=LoadKind.SHOP, mean_w=mean_w, seed=seed, opening_wh=tuple(opening_wh)
    )  # fmt: skip
    bus = BusSpec(name="b", baud=2400, meters=(spec,))
    estate = VirtualEstate(zone="Asia/Shanghai", first_day=FIRST_DAY, gateways=(GatewaySpec(name="g", buses=(bus,)),))
    return VirtualMeter(spec=spec, estate=estate)


def room_behind(town: Town, meter: VirtualMeter) -> Room:
    opening = meter.registers(BEGIN)
    return town.add_room(opening_wh=opening.total_wh, rates_wh=opening.rates_wh, rated_power_w=20_000)


def read_all(town: Town, room: Room, meter: VirtualMeter, instants: Sequence[datetime], *, shift_wh: int = 0) -> int:
    """Read the meter as the field does, ``shift_wh`` beside the truth; return how many readings were held."""
    registers = [meter.registers(at) for at in instants]
    given = [
        reading(room, at, one.total_wh + shift_wh, (one.rates_wh[0] + shift_wh, *one.rates_wh[1:]))
        for at, one in zip(instants, registers, strict=True)
    ]
    return town.record(*given).held


def hours(first: int, count: int) -> list[datetime]:
    return [BEGIN + timedelta(hours=first + number) for number in range(count)]


def billed_wh(room: Room) -> int:
    return sum(use_of(room).values())


def true_wh(meter: VirtualMeter, at: datetime) -> int:
    return sum(wh // 10 * 10 for wh in meter.load.rates_wh(at))


def accept_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def believe(**_: object) -> Accepted:
        return Accepted()

    monkeypatch.setattr(chain, "validate_reading", believe)


def shown_too_low(number: int) -> tuple[Room, VirtualMeter, datetime]:
    """100 kWh too low for three sweeps in a row, then right again; ``number`` times over."""
    town, meter = Town.build(), meter_of((0, 0, 0, 250_000_000))
    room = room_behind(town, meter)
    for turn in range(number):
        read_all(town, room, meter, hours(1 + turn * 8, 5))
        read_all(town, room, meter, hours(6 + turn * 8, 3), shift_wh=-100_000)
    read_all(town, room, meter, last := hours(1 + number * 8, 2))
    return room, meter, last[-1]


@pytest.mark.faults("A18")
def test_a_register_that_goes_back_is_held_and_costs_nothing(faults: Faults) -> None:
    number = faults.times(short=3, full=40)
    room, meter, last = shown_too_low(number)
    faults.hit(Reading.objects.filter(quality=2, cause="rollback").count())
    assert Reading.objects.filter(quality=2).count() == 3 * number, "each was read again, and held again"
    assert billed_wh(room) == true_wh(meter, last)
    assert rows("SELECT count(*) FROM metering_dayusage WHERE quantity_wh < 0") == [(0,)]
    case = Case.objects.get()
    assert (case.kind, case.subject_label, case.detail["cause"]) == ("reading_held", room.point.code, "rollback")
    assert_sound()


@pytest.mark.faults("A18", control=True)
def test_undefended_what_fell_is_charged_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    accept_everything(monkeypatch)
    room, meter, last = shown_too_low(1)
    assert billed_wh(room) >= true_wh(meter, last) + 90_000


def mall_that_leaps() -> tuple[Mall, Room]:
    """A room with little money whose register is shown 5,000 kWh too high for two sweeps."""
    mall = Mall()
    room = mall.rooms[0]
    mall.town.assign(room.tenancy, "shop")
    mall.set_available(room, 100_000)  # a thousand, against four thousand for the leap
    mall.town.read(room, mall.now, 0)
    for total_wh in (1_000, 5_001_000, 5_002_000, 3_000):
        mall.wait(hours=1)
        mall.town.read(room, mall.now, total_wh)
    return mall, room


@pytest.mark.faults("A19")
def test_a_register_that_leaps_is_held_and_nobody_is_disconnected_for_it(faults: Faults) -> None:
    mall, room = mall_that_leaps()
    faults.hit(Reading.objects.filter(quality=2, cause="jump").count())
    assert billed_wh(room) == 3_000
    assert not mall.is_held(room)
    assert mall.commands(room) == []
    assert mall.notices(room) == []
    assert mall.cases() == ["reading_held"]


@pytest.mark.faults("A19")
def test_a_leap_at_any_time_is_held_and_the_true_line_goes_on(faults: Faults) -> None:
    town = Town.build()
    for number in range(faults.times(short=3, full=40)):
        meter = meter_of((0, 0, 0, 1_000_000), seed=number)
        room = room_behind(town, meter)
        read_all(town, room, meter, hours(1, 1 + number % 20))
        faults.hit(read_all(town, room, meter, hours(30, 3), shift_wh=5_000_000))
        assert read_all(town, room, meter, hours(33, 4)) == 0
        assert billed_wh(room) == true_wh(meter, hours(36, 1)[0])
    assert faults.hits == 3 * len(town.rooms)
    assert Case.objects.filter(closed_at=None).count() == len(town.rooms), "one a meter"
    assert_sound()


@pytest.mark.faults("A19", control=True)
def test_undefended_the_leap_is_charged_and_warns_the_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    accept_everything(monkeypatch)
    mall, room = mall_that_leaps()
    assert billed_wh(room) > 5_000_000
    assert mall.notices(room), "on the way to a disconnection"


def past_the_end(number: int) -> list[tuple[Room, VirtualMeter, datetime]]:
    """Registers that run from 999999.50 kWh past their end, each meter with a load of its own."""
    town, found = Town.build(), []
    for seed in range(number):
        opening = [(0, 0, 0, 999_999_500), (0, 0, 999_000_000, 999_500), (250_000_000,) * 3 + (249_999_990,)]
        meter = meter_of(opening[seed % 3], seed=seed)
        room = room_behind(town, meter)
        instants = hours(1, 30)[:: 1 + seed % 5]
        read_all(town, room, meter, instants)
        found.append((room, meter, instants[-1]))
    return found


@pytest.mark.faults("A20")
def test_a_register_that_begins_again_at_zero_loses_nothing(faults: Faults) -> None:
    for room, meter, last in past_the_end(faults.times(short=3, full=60)):
        assert meter.registers(BEGIN).total_wh > meter.registers(last).total_wh
        faults.hit()
        assert billed_wh(room) == true_wh(meter, last)
    assert not Reading.objects.filter(quality=2).exists()
    assert_sound()


@pytest.mark.faults("A20", control=True)
def test_undefended_the_wrap_is_held_and_its_energy_never_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        validation, "_counted", lambda first, second, _full: second - first if second >= first else None
    )
    [(room, meter, last)] = past_the_end(1)
    assert billed_wh(room) != true_wh(meter, last)


def test_the_oracle_would_see_a_charge_without_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    [(room, _meter, _last)] = past_the_end(1)
    Reading.objects.filter(installation_id=room.installation.pk).update(quality=3)
    assert [one for one in broken() if one.startswith("I4")]
