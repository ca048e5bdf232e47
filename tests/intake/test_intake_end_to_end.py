"""From the wire to the books and back to the relay: real sockets, a real database, nothing in between replaced."""

from pathlib import Path

import pytest
from tests.intake.live import ACTOR, SECRET, live_site, until

from prewatt.cases.models import Case
from prewatt.estate.models import GatewayLease, MeteringPoint
from prewatt.kernel.clock import machine_now
from prewatt.metering.models import BusState, CommState, GatewayState, MeterState, Reading
from prewatt.simulator.faults import FaultKind, Place
from prewatt.supply.models import Command, CommandState, Relay
from prewatt.usecases.disconnect_point import disconnect_point

pytestmark = pytest.mark.usefixtures("committed_database")


def _state(installation_id: int) -> MeterState:
    return MeterState.objects.get(pk=installation_id)


def disconnect(point_id: int) -> None:
    public_id = MeteringPoint.objects.get(pk=point_id).public_id
    disconnect_point(actor=ACTOR, point_public_id=public_id, reason="meter test")


def test_readings_reach_the_books_as_the_meter_counts_them(tmp_path: Path) -> None:
    with live_site(tmp_path) as live, live.collector():
        until(lambda: BusState.objects.count() == 1, "the first sweep is stored")
        until(lambda: Relay.objects.filter(reported="on").count() == 4, "every relay is proven")
        until(lambda: Reading.objects.filter(kind=1).count() >= 4, "every meter is read")
        for index in range(4):
            installation = live.installation(index)
            reading = Reading.objects.filter(installation_id=installation.pk, kind=1).latest("read_at")
            assert reading.quality == 1
            at_reading = live.loop.do(_truth_at(live, index, reading.read_at))
            assert abs(at_reading["total_wh"] - reading.total_wh) <= 40  # four registers of 10 Wh, one wire's time
            assert sum(reading.rates_wh) == reading.total_wh
            assert _state(installation.pk).comm == CommState.ONLINE
        daily = Reading.objects.filter(kind=2)
        assert daily.count() == 4
        assert all(one.read_at.hour == 16 and one.quality == 1 for one in daily)
        assert GatewayState.objects.get().comm == CommState.ONLINE
        assert abs(_state(live.installation(0).pk).clock_drift_s or 0) <= 1
        assert not Case.objects.filter(closed_at=None).exclude(kind="no_tariff").exists()


async def _truth_at(live: object, index: int, at: object) -> dict[str, int]:
    return live.sim.truth(live.sheet.meters[index].address, at=at)  # type: ignore[attr-defined, no-any-return]


def test_a_disconnection_at_the_desk_opens_the_relay_and_proves_it(tmp_path: Path) -> None:
    with live_site(tmp_path) as live, live.collector():
        until(lambda: Relay.objects.filter(reported="on").count() == 4, "every relay is proven")
        point = live.installation(1).metering_point_id
        at = machine_now()
        disconnect(point)
        until(lambda: Relay.objects.get(pk=point).reported == "off", "the relay is proven open")
        assert (machine_now() - at).total_seconds() < 2
        assert live.truth(1)["is_open"]
        until(lambda: Command.objects.get().state == CommandState.VERIFIED, "the command is verified")
        assert live.truth(0)["commands"] == {}


def test_a_gateway_that_goes_down_is_one_case_and_comes_back(tmp_path: Path) -> None:
    with live_site(tmp_path) as live, live.collector():
        until(lambda: BusState.objects.count() == 1, "the first sweep is stored")
        live.loop.do(live.sim.switch_on(FaultKind.GATEWAY_DOWN, place=Place()))
        until(lambda: GatewayState.objects.get().comm == CommState.LOST, "the gateway is known to be down")
        case = Case.objects.get(closed_at=None, kind="gateway_lost")
        assert case.hits == 1
        live.loop.loop.call_soon_threadsafe(live.sim.switch_off)
        until(lambda: GatewayState.objects.get().comm == CommState.ONLINE, "the gateway is back")
        case.refresh_from_db()
        assert case.closed_at is not None
        assert set(MeterState.objects.values_list("comm", flat=True)) == {CommState.ONLINE}


def test_the_estates_changes_reach_the_field(tmp_path: Path) -> None:
    with live_site(tmp_path) as live, live.collector():
        until(lambda: BusState.objects.count() == 1, "the first sweep is stored")
        first = BusState.objects.get().swept_at
        live.site.refresh_from_db()
        live.site.read_interval_s = 1
        live.site.save()
        until(lambda: BusState.objects.get().swept_at > first, "it sweeps by the new interval")


def test_leaving_gives_the_gateways_back_and_a_second_life_goes_on(tmp_path: Path) -> None:
    with live_site(tmp_path) as live:
        with live.collector():
            until(lambda: BusState.objects.count() == 1, "the first sweep is stored")
            assert GatewayLease.objects.get().epoch == 1
        assert GatewayLease.objects.get().until <= machine_now()
        assert (tmp_path / "c1.spool").stat().st_size == 0
        before = BusState.objects.get().swept_at
        with live.collector():
            until(lambda: BusState.objects.get().swept_at > before, "the second life sweeps")
        assert GatewayLease.objects.get().epoch == 2


def test_two_collectors_share_nothing(tmp_path: Path) -> None:
    with live_site(tmp_path, meters=8, per_bus=4) as live, live.collector("c1"):
        until(lambda: BusState.objects.count() == 2, "c1 has swept both")
        with live.collector("c2"):
            until(lambda: BusState.objects.count() == 2, "c2 is there")
            leases = set(GatewayLease.objects.values_list("collector", "epoch"))
            assert leases == {("c1", 1)}


def test_a_password_of_a_meter_is_in_no_file_and_no_row(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with live_site(tmp_path) as live, live.collector():
        until(lambda: Relay.objects.filter(reported="on").count() == 4, "every relay is proven")
        live.loop.do(live.sim.switch_on(FaultKind.ACCESS_REFUSED, place=Place()))
        point = live.installation(0).metering_point_id
        disconnect(point)
        until(lambda: Command.objects.get().state == CommandState.FAILED, "the command has failed")
        assert Command.objects.get().error.startswith("password_refused")
        assert live.truth(0)["passwords_refused"] == 1
    out = capfd.readouterr()
    forms = {SECRET, "134286", "467546", "467596"}
    for text in (out.out, out.err, (tmp_path / "c1.spool").read_text(), Command.objects.get().error):
        assert not [one for one in forms if one in text.replace(" ", "")]
