"""C4: several processes record the same readings at the same time. Each is one line, and is charged once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from tests.fault_rows import Faults
from tests.faults import same_readings
from tests.faults.invariants import CHECKS, assert_sound
from tests.faults.processes import url_of
from tests.usecases_billing.town import Town, reading, rows, set_clock, use_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def town(committed_database: str) -> Town:
    set_clock(same_readings.NOW)
    return Town.build()


def started(database_url: str, *arguments: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", same_readings.PROGRAM, *(str(one) for one in arguments)],
        env=os.environ | {
            "PREWATT_DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "prewatt.config.settings",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        },
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.faults("C4")
@pytest.mark.timeout(300)
def test_c4_the_same_readings_from_several_processes_are_stored_and_charged_once(
    town: Town, postgres_url: str, committed_database: str, faults: Faults
) -> None:
    workers = faults.times(short=2, full=4)
    meters, each = faults.times(short=10, full=20), faults.times(short=80, full=500)
    rooms = [town.add_room() for _ in range(meters)]
    url = url_of(postgres_url, committed_database)
    processes = [started(url, town.site.pk, each, seed) for seed in range(workers)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        counts = [json.loads(process.communicate(timeout=240)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert rows("SELECT count(*) FROM metering_reading") == [(meters * each,)]
    assert sum(one["inserted"] for one in counts) == meters * each
    assert sum(one["repeated"] for one in counts) == meters * each * (workers - 1)
    assert sum(one["inserted"] > 0 for one in counts) > 1, "they did not run at the same time"
    assert sum(one["held"] for one in counts) == 0
    faults.hit(sum(one["repeated"] for one in counts))
    for room in rooms:
        assert sum(use_of(room).values()) == each * same_readings.STEP_WH
    assert_sound()


@pytest.mark.faults("C4", control=True)
def test_c4_without_the_unique_key_there_are_two_lines(town: Town) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE metering_reading DROP CONSTRAINT reading_pk")
    room = town.add_room()
    for _ in range(2):
        town.record(reading(room, "2026-11-02T10:00", 5_000))
    assert rows("SELECT count(*) FROM metering_reading") == [(2,)]
    assert rows(CHECKS["I3 a reading stands once"]), "the oracle sees it"
