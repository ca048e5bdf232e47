"""The worker as it runs: threads, their own connections, the database's calls, an end within its time."""

from threading import Event, Thread

import pytest
from django.db import connection
from tests.usecases_billing.town import ACTOR, Town, set_clock
from tests.usecases_supply.mall import Mall

from prewatt.jobs.ear import Ear
from prewatt.jobs.lanes import Job, Lane
from prewatt.jobs.worker import lanes_of, machine_pace_s, run_worker
from prewatt.kernel import clock
from prewatt.kernel.clock import monotonic_s
from prewatt.notices.models import Notice
from prewatt.supply.models import Command


def wait_until(condition, *, timeout_s: float = 10.0) -> bool:
    """Look until it is so; the pace is that of the worker, not of a sleep."""
    pause, end_s = Event(), monotonic_s() + timeout_s
    while monotonic_s() < end_s:
        if condition():
            return True
        pause.wait(0.02)
    return False


def test_the_pace_follows_the_estates_speed_down_to_a_second():
    now = clock.machine_now()
    clock.install(clock.EstateClock(now, now, 60))
    assert machine_pace_s(120) == pytest.approx(2.0)
    assert machine_pace_s(5) == 1.0


@pytest.mark.django_db(transaction=True)
def test_a_last_call_is_delivered_and_the_room_cut_without_anybody_asking():
    mall = Mall(last_call_s=0)
    room = mall.rooms[0]
    stopping = Event()
    worker = Thread(target=run_worker, kwargs={"stopping": stopping}, daemon=True)
    worker.start()
    try:
        mall.set_available(room, 0)
        assert wait_until(lambda: Notice.objects.filter(kind="last_call", state="delivered").exists())
        assert wait_until(lambda: Command.objects.filter(wanted="off", state="queued").exists())
    finally:
        stopping.set()
        worker.join(6)
    assert not worker.is_alive()
    assert mall.is_held(room)


@pytest.mark.django_db
def test_use_without_a_price_is_charged_when_a_tariff_appears():
    set_clock("2026-11-20T12:00")
    town = Town.build()
    room = town.add_room(tariff_code=None)
    town.read(room, "2026-11-01T10:00", 5_000)
    jobs = {job.name: job for lane in lanes_of(actor=ACTOR, stopping=Event()) for job in lane._jobs}
    retry = jobs["retry_unpriced_readings"].run
    assert [retry(), town.accrued(room)] == [0, 0]
    town.assign(room.tenancy, "shop")
    assert [retry(), town.accrued(room)] == [1, 400]


@pytest.mark.django_db(transaction=True)
def test_the_ear_wakes_lanes_when_something_is_touched():
    stopping, heard = Event(), Event()

    def hear() -> int:
        heard.set()
        return 0

    lane = Lane(name="lane", jobs=[Job("hear", hear, 3_600)], stopping=stopping)
    ear = Ear(lanes=[lane], stopping=stopping)
    lane.start()
    ear.start()
    try:
        assert heard.wait(5), "it looks at its start"
        heard.clear()
        assert wait_until(_notify_until(heard))
    finally:
        stopping.set()
        lane.call()
        ear.join(5)
        lane.join(5)
    assert [lane.is_alive(), ear.is_alive()] == [False, False]


def _notify_until(heard: Event):
    def notify() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('prewatt_live', '{}')")
        return heard.is_set()

    return notify
