"""C4: several workers bring the same readings at the same time; the natural key decides."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.usecases_billing.town import ACTOR, Town, local, reading, set_clock

from prewatt.billing.models import Position
from prewatt.kernel import clock
from prewatt.metering.models import DayUsage, MeterState, Reading
from prewatt.metering.values import ReadingIn
from prewatt.usecases.record_readings import record_readings
from prewatt.usecases.work import Busy

WORKERS = 4
ROOMS = 25
SWEEPS = 8


@pytest.mark.faults("C4")
@pytest.mark.usefixtures("committed_database")
def test_four_workers_bring_the_same_readings() -> None:
    before = clock.estate_clock()
    set_clock("2026-11-20T12:00")
    try:
        town = Town.build()
        rooms = [town.add_room() for _ in range(ROOMS)]
        begin = local("2026-11-02T00:00")
        batches = [
            [reading(room, begin + sweep * timedelta(hours=1), 1_000 * (sweep + 1)) for room in rooms]
            for sweep in range(SWEEPS)
        ]
        inserted = _bring(town, batches)
    finally:
        clock.install(before)
    own = Reading.objects.filter(installation_id__in=[room.installation.pk for room in rooms])
    assert sum(inserted) == ROOMS * SWEEPS == own.count()
    assert all(count < ROOMS * SWEEPS for count in inserted), "the workers met"
    assert {state.last_total_wh for state in MeterState.objects.all()} == {1_000 * SWEEPS}
    assert {position.flat_wh for position in Position.objects.all()} == {1_000 * SWEEPS}
    assert sum(row.quantity_wh for row in DayUsage.objects.all()) == 1_000 * SWEEPS * ROOMS


def _bring(town: Town, batches: list[list[ReadingIn]]) -> list[int]:
    """Let each worker bring every batch, in an order of its own; return how many readings each was first with."""
    inserted = [0] * WORKERS
    failed: list[BaseException] = []
    start = threading.Barrier(WORKERS)

    def work(number: int) -> None:
        try:
            start.wait(10)
            turned = batches[number * 2 :] + batches[: number * 2]
            for batch in turned:
                inserted[number] += _record(town, batch)
        except BaseException as error:  # noqa: BLE001 - the test's own thread tells it
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    return inserted


def _record(town: Town, batch: list[ReadingIn]) -> int:
    for _ in range(20):
        try:
            result = record_readings(actor=ACTOR, site_id=town.site.pk, readings=batch)
        except Busy:
            continue
        assert result.held == 0
        return result.inserted
    raise AssertionError("busy for too long")
