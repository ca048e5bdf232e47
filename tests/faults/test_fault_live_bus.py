"""A1 to A15, A18, A19, A25, A26, H8 on real sockets: a simulated bus, a real collector, a real database.

One site for all of them: each fault is switched on until it has really hit, then the meters are read once more, and
every reading that was believed is compared with what the meter had counted. The counts of the list are reached by the
virtual buses; here it is proven that nothing lies in between.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound, password_forms
from tests.faults.processes import all_ended, has_swept, switch, truths, untrue_readings
from tests.intake.live import SECRET, LiveSite, live_site, until

from prewatt.cases.models import Case
from prewatt.estate.models import MeteringPoint
from prewatt.kernel.clock import machine_now
from prewatt.metering.models import CommState, GatewayState, MeterState, Reading
from prewatt.simulator.faults import FaultKind, Place
from prewatt.supply.models import Command, Relay

METERS = 4


@pytest.fixture(scope="module")
def live(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site that is swept all the time; what a test leaves behind, the next one finds."""
    folder: Path = tmp_path_factory.mktemp("live")
    with live_site(folder, meters=METERS, interval_s=1, apart_wh=50_000) as site, site.collector():
        until(lambda: Relay.objects.filter(reported="on").count() == METERS, "every relay is proven", within_s=30)
        yield site


def hits(live: LiveSite, kind: FaultKind) -> int:
    return live.sim.board.hits[kind]


def strike(live: LiveSite, kind: FaultKind, *, times: int, per_mille: int = 300, arg: int = 0, meter: int = -1) -> None:
    """Switch a fault on until it has hit so often, then off, and let the bus come to itself."""
    place = Place() if meter < 0 else Place(meter=live.sheet.meters[meter].address)
    before = hits(live, kind)
    live.loop.do(live.sim.switch_on(kind, place=place, per_mille=per_mille, arg=arg))
    until(lambda: hits(live, kind) - before >= times, f"{kind} hits {times} times", within_s=20 + times)
    heal(live)


def heal(live: LiveSite) -> None:
    async def off() -> int:
        return live.sim.switch_off()

    live.loop.do(off())
    healed = machine_now()
    until(lambda: has_swept(healed), "it sweeps again", within_s=30)
    until(
        lambda: (
            not MeterState.objects.exclude(comm=CommState.ONLINE).exists()
            and GatewayState.objects.get().comm == CommState.ONLINE
        ),
        "everybody answers again",
        within_s=60,
    )


def check(live: LiveSite, capfd: pytest.CaptureFixture[str]) -> None:
    out = capfd.readouterr()
    assert untrue_readings(live) == []
    assert_sound(
        truths=truths(live),
        secrets=password_forms(SECRET),
        texts=[out.out, out.err, (live.folder / "c1.spool").read_text()],
    )


LINE_FAULTS = {
    "A2": (FaultKind.LATE, 800),
    "A3": (FaultKind.GARBAGE, 0),
    "A4": (FaultKind.NOISE_BEFORE, 60),
    "A5": (FaultKind.TRUNCATED, 0),
    "A6": (FaultKind.BAD_CHECKSUM, 0),
    "A7": (FaultKind.BAD_BCD, 0),
    "A8": (FaultKind.WRONG_ADDRESS, 0),
    "A9": (FaultKind.WRONG_IDENTIFIER, 0),
    "A10": (FaultKind.DUPLICATE, 0),
    "A11": (FaultKind.ECHO, 0),
    "A12": (FaultKind.SPLIT, 2),
    "A14": (FaultKind.DISCONNECT_MID, 0),
}


@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.faults(row), id=row) for row in LINE_FAULTS])
def test_what_is_believed_is_true(row: str, live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]) -> None:
    kind, arg = LINE_FAULTS[row]
    before = hits(live, kind)
    strike(live, kind, times=faults.times(short=4, full=60), arg=arg, per_mille=1000 if row == "A11" else 300)
    faults.hit(hits(live, kind) - before)
    check(live, capfd)


@pytest.mark.faults("A1")
def test_a_silent_meter_is_the_only_one_that_is_missed(
    live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    address, before = live.sheet.meters[2].address, hits(live, FaultKind.SILENT)
    live.loop.do(live.sim.switch_on(FaultKind.SILENT, place=Place(meter=address)))
    silent = live.installation(2).pk
    until(lambda: MeterState.objects.get(pk=silent).comm == CommState.LOST, "it is known to be lost", within_s=60)
    assert set(MeterState.objects.exclude(pk=silent).values_list("comm", flat=True)) == {CommState.ONLINE}
    assert Case.objects.filter(kind="meter_lost", closed_at=None).count() == 1
    heal(live)
    faults.hit(hits(live, FaultKind.SILENT) - before)
    until(lambda: not Case.objects.filter(kind="meter_lost", closed_at=None).exists(), "its case is closed")
    check(live, capfd)


@pytest.mark.faults("A15")
def test_a_gateway_that_refuses_is_one_case_and_is_back_by_itself(
    live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    seconds, cases = faults.times(short=1, full=5), Case.objects.filter(kind="gateway_lost").count()
    live.loop.do(live.sim.switch_on(FaultKind.GATEWAY_DOWN, place=Place(), arg=seconds))
    until(lambda: GatewayState.objects.get().comm == CommState.LOST, "it is known to be down")
    faults.hit()
    down = machine_now()
    until(lambda: GatewayState.objects.get().comm == CommState.ONLINE, "it is back", within_s=40)
    assert (machine_now() - down).total_seconds() <= seconds + 10
    assert Case.objects.filter(kind="gateway_lost").count() == cases + 1, "others of this site had theirs"
    assert not Case.objects.filter(kind="meter_lost", closed_at=None).exists()
    heal(live)
    check(live, capfd)


@pytest.mark.parametrize(
    ("kind", "arg", "cause"),
    [
        pytest.param(FaultKind.VALUE_DROP, 100, "rollback", marks=pytest.mark.faults("A18"), id="A18"),
        pytest.param(FaultKind.VALUE_JUMP, 5_000, "jump", marks=pytest.mark.faults("A19"), id="A19"),
    ],
)
def test_an_impossible_register_is_held_and_becomes_one_case(
    kind: FaultKind, arg: int, cause: str, live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    installation = live.installation(1)
    before = Command.objects.count()
    strike(live, kind, times=3, per_mille=1000, arg=arg, meter=1)
    held = Reading.objects.filter(installation_id=installation.pk, quality=2, cause=cause)
    until(lambda: held.count() >= 2, "it was read again and held again")
    faults.hit(held.count())
    point = MeteringPoint.objects.get(pk=installation.metering_point_id)
    cases = Case.objects.filter(kind="reading_held", closed_at=None, subject_label=point.code)
    assert cases.count() == 1
    assert Command.objects.count() == before, "nobody is disconnected for it"
    check(live, capfd)


@pytest.mark.faults("A25")
def test_a_password_that_is_refused_is_said_once(
    live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    live.loop.do(live.sim.switch_on(FaultKind.ACCESS_REFUSED, place=Place(meter=live.sheet.meters[3].address)))
    switch(live, 3, off=True)
    until(all_ended, "the command has an end")
    assert Command.objects.latest("id").error.startswith("password_refused")
    assert live.truth(3)["passwords_refused"] == 1
    assert Case.objects.filter(kind="password_refused", closed_at=None).count() == 1
    faults.hit()
    switch(live, 3, off=False)
    heal(live)
    check(live, capfd)


@pytest.mark.faults("A26")
def test_a_relay_that_is_stuck_is_never_called_off(
    live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    before = hits(live, FaultKind.RELAY_STUCK)
    live.loop.do(live.sim.switch_on(FaultKind.RELAY_STUCK, place=Place(meter=live.sheet.meters[0].address)))
    point = live.installation(0).metering_point_id
    at = machine_now()
    switch(live, 0, off=True)
    until(lambda: Case.objects.filter(kind="command_failed", subject_id=point).exists(), "a person is called")
    assert (machine_now() - at).total_seconds() <= 6.5, "five for the relay, the rest for the line and the tables"
    assert not live.truth(0)["is_open"]
    assert Relay.objects.get(pk=point).reported == "on"
    faults.hit(hits(live, FaultKind.RELAY_STUCK) - before)
    switch(live, 0, off=False)
    heal(live)
    check(live, capfd)


@pytest.mark.faults("H8")
def test_a_relay_opened_by_hand_is_seen_within_a_cycle(
    live: LiveSite, faults: Faults, capfd: pytest.CaptureFixture[str]
) -> None:
    point, before = live.installation(2).metering_point_id, Command.objects.count()
    live.loop.do(live.sim.move_relay(live.sheet.meters[2].address, is_open=True))
    at = machine_now()
    until(lambda: Case.objects.filter(kind="relay_differs", subject_id=point).exists(), "somebody is told")
    assert (machine_now() - at).total_seconds() < 4
    faults.hit()
    until(all_ended, "what we said about it has an end")
    assert Command.objects.count() - before <= 1
    live.loop.do(live.sim.move_relay(live.sheet.meters[2].address, is_open=False))
    until(lambda: Relay.objects.get(pk=point).reported == "on", "it is on again")
    check(live, capfd)
