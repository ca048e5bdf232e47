"""H4, the form: a meter is moved on the console to a wrong address, line or baud. Nothing is saved that was not tried.

Real pages, a real collector, the simulator behind it. The plan is made wrong by hand where a story needs a meter that
hangs elsewhere than the plan says.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.intake.live import ACTOR, LiveSite, live_site, until

from prewatt.access import services as access
from prewatt.access.audit import Actor
from prewatt.access.models import Action, User
from prewatt.estate.errors import PlaceChanged
from prewatt.estate.models import Bus, MeterInstallation, TrialRead
from prewatt.estate.services import trials
from prewatt.metering.models import MeterState
from prewatt.supply.models import Relay
from prewatt.usecases import record_trial_reports as recording
from prewatt.usecases.move_meter import move_meter
from prewatt.usecases.see_trial import Stand, see_trial
from prewatt.usecases.work import unit_of_work

METERS = 4
PER_BUS = 2
BAUD = 9600


class Desk:
    """An engineer's browser before a live site of two lines with two meters each."""

    def __init__(self, live: LiveSite) -> None:
        self.live = live
        with unit_of_work(actor=ACTOR, verb="test"):
            access.ensure_roles()
            self.user: User = access.create_login(username="engineer", password="correct horse")
            access.grant(user=self.user, role_code="engineer", scope=live.site.scope)
        self.client = Client()
        self.client.force_login(self.user)

    def place(self, index: int) -> tuple[int, str]:
        row = MeterInstallation.objects.get(meter__serial=self.live.sheet.meters[index].serial)
        return row.bus_id, row.address

    def bus_of(self, index: int) -> Bus:
        """The line on which the meter really hangs."""
        return Bus.objects.order_by("pk")[index // PER_BUS]

    def point(self, index: int) -> UUID:
        return MeterInstallation.objects.get(
            meter__serial=self.live.sheet.meters[index].serial
        ).metering_point.public_id  # fmt: skip

    def ask(self, index: int, bus: Bus, address: str, baud: int | str = "") -> UUID:
        """Fill in the form, and return the trial that it leads to."""
        answer = self.client.post(
            f"/rooms/{self.point(index)}/meter",
            {"bus": str(bus.public_id), "address": address, "baud": baud, "reason": "found it elsewhere"},
        )
        assert answer.status_code == 302, answer.content.decode()
        return UUID(answer["Location"].rsplit("/", 1)[1])

    def ended(self, trial: UUID) -> tuple[Stand, str]:
        until(lambda: not see_trial(user=self.user, public_id=trial).is_open, "the trial has ended", within_s=120)
        view = see_trial(user=self.user, public_id=trial)
        return view.stand, view.finding

    def save(self, trial: UUID) -> str:
        """Press the button, whether it is offered or not, and return what the page says."""
        return self.client.post(f"/trials/{trial}", {"save": "1"}, follow=True).content.decode()


@pytest.fixture(scope="module")
def running_desk(
    module_database: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("live")
    with (
        django_db_blocker.unblock(),
        live_site(folder, meters=METERS, per_bus=PER_BUS, baud=BAUD, interval_s=10, apart_wh=50_000_000) as live,
        live.collector(),
    ):
        until(lambda: Relay.objects.filter(reported="on").count() == METERS, "all are read", within_s=30)
        yield Desk(live)


@pytest.fixture
def desk(running_desk: Desk, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """Every meter hangs where the plan says, before and after."""
    with django_db_blocker.unblock():
        yield running_desk
        for index, row in enumerate(running_desk.live.sheet.meters):
            hang(running_desk, index, running_desk.bus_of(index), row.address)


def hang(desk: Desk, index: int, bus: Bus, address: str) -> None:
    """Make the plan wrong by hand, as if it had been saved blind."""
    MeterInstallation.objects.filter(meter__serial=desk.live.sheet.meters[index].serial).update(
        bus=bus, address=address
    )  # fmt: skip


@pytest.mark.faults("H4")
def test_h4_nothing_is_saved_that_no_trial_has_proven(desk: Desk, faults: Faults) -> None:
    first, second = desk.bus_of(0), desk.bus_of(2)
    addresses = [row.address for row in desk.live.sheet.meters]
    hang(desk, 3, second, "000000000099")  # so that its address is free in the plan, and another meter's in truth
    wrong: list[tuple[int, Bus, str, int | str, str]] = [
        (0, first, f"{int(addresses[0]) + 70:012d}", "", "silent"),
        (0, first, addresses[0], 2400, "other_pace"),
        (2, second, addresses[3], "", "other_meter"),
        (0, second, addresses[0], "", "silent"),
    ]
    for index, bus, address, baud, finding in wrong[: faults.times(short=3, full=4)]:
        before = desk.place(index), list(Bus.objects.order_by("pk").values_list("baud", flat=True))
        trial = desk.ask(index, bus, address, baud)
        assert desk.ended(trial) == (Stand.FAILED, finding)
        page = desk.client.get(f"/trials/{trial}").content.decode()
        assert "Save the move" not in page
        assert "has not answered at this place" in desk.save(trial)
        assert (desk.place(index), list(Bus.objects.order_by("pk").values_list("baud", flat=True))) == before
        faults.hit()
    right = desk.ask(3, second, addresses[3])
    assert desk.ended(right) == (Stand.PROVEN, "")
    assert "Save the move" in desk.client.get(f"/trials/{right}/live").content.decode()
    lapse(right)
    assert "too long ago" in desk.save(right)
    assert desk.place(3) == (second.pk, "000000000099"), "a stale trial proves nothing"
    faults.hit()
    again = desk.client.post(f"/trials/{right}", {"again": "1"})
    fresh = UUID(again["Location"].rsplit("/", 1)[1])
    assert desk.ended(fresh) == (Stand.PROVEN, "")
    seen = MeterState.objects.get(installation__meter__serial=desk.live.sheet.meters[3].serial).last_read_at
    assert "Saved" in desk.save(fresh)
    assert desk.place(3) == (second.pk, addresses[3])
    until(
        lambda: MeterState.objects.get(installation__address=addresses[3]).last_read_at > seen,
        "it is read at its new place", within_s=30,
    )  # fmt: skip
    action = Action.objects.filter(verb="move_meter", outcome="done").latest("pk")
    assert (action.actor, action.reason) == (desk.user, "found it elsewhere")
    assert_sound()


def lapse(trial: UUID) -> None:
    row = TrialRead.objects.get(public_id=trial)
    assert row.ended_at is not None
    row.ended_at -= trials.FRESH_FOR + timedelta(seconds=1)
    row.save()


@pytest.mark.faults("H4")
def test_h4_of_two_moves_at_once_one_is_saved(desk: Desk, faults: Faults) -> None:
    first, second = desk.bus_of(0), desk.bus_of(2)
    address = desk.live.sheet.meters[0].address
    for _ in range(faults.times(short=1, full=5)):
        hang(desk, 0, second, address)
        both = [desk.ask(0, first, address), desk.ask(0, first, address)]
        assert [desk.ended(one) for one in both] == [(Stand.PROVEN, "")] * 2
        said: list[str] = []

        def press(trial: UUID, said: list[str] = said) -> None:
            try:
                move_meter(actor=Actor(process="test", user=desk.user), trial_public_id=trial)
                said.append("saved")
            except PlaceChanged as refusal:
                said.append(refusal.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=press, args=(one,)) for one in (*both, both[0])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(said) == ["place_changed", "place_changed", "saved"]
        assert desk.place(0) == (first.pk, address)
        faults.hit()
    hang(desk, 0, second, address)
    trial = desk.ask(0, first, address)
    assert desk.ended(trial) == (Stand.PROVEN, "")
    Bus.objects.filter(pk=first.pk).update(baud=4800)
    assert "changed since the trial" in desk.save(trial), "the line is not the one that was tried"
    assert desk.place(0) == (second.pk, address)
    faults.hit()
    Bus.objects.filter(pk=first.pk).update(baud=BAUD)
    hang(desk, 0, first, address)
    assert_sound()


@pytest.mark.faults("H4", control=True)
def test_h4_without_the_comparison_another_meter_is_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "goes_on", lambda **_given: True)
    second = desk.bus_of(2)
    addresses = [row.address for row in desk.live.sheet.meters]
    hang(desk, 3, second, "000000000099")
    trial = desk.ask(2, second, addresses[3])
    assert desk.ended(trial) == (Stand.PROVEN, "")
    desk.save(trial)
    assert desk.place(2) == (second.pk, addresses[3])


@pytest.mark.faults("H4", control=True)
def test_h4_without_the_proof_it_is_saved_blind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "require_proof", lambda _trial: None)
    wrong = "000000000088"
    trial = desk.ask(0, desk.bus_of(0), wrong)
    assert desk.ended(trial) == (Stand.FAILED, "silent")
    desk.save(trial)
    assert desk.place(0)[1] == wrong
