"""``prewatt worker`` as a process: it works, survives the loss of its connections, and ends when told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.db import connection
from tests.cli.test_web import address
from tests.usecases_supply.mall import Mall

from prewatt.kernel.clock import monotonic_s
from prewatt.notices.models import Notice

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STOP_WITHIN_S = 5.0


def wait_until(condition, *, within_s: float = 60.0) -> None:
    pause, until_s = Event(), monotonic_s() + within_s
    while not condition():
        assert monotonic_s() < until_s
        pause.wait(0.05)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    environment |= {
        "PREWATT_DATABASE_URL": address(),
        "PREWATT_ALLOW_UNSAFE_DATABASE": "true",
        "PREWATT_DATA": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
    }
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prewatt.cli.main", "worker"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        wait_until(lambda: b"worker started" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
        process.kill()
        process.wait()


def test_it_delivers_outlives_its_connections_and_ends_in_time(worker: subprocess.Popen[bytes]):
    mall = Mall(rooms=2)
    first, second = mall.rooms
    mall.set_available(first, 0)
    wait_until(lambda: Notice.objects.filter(account=first.account, state="delivered").exists())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prewatt worker'"
        )
    mall.set_available(second, 0)
    wait_until(lambda: Notice.objects.filter(account=second.account, state="delivered").exists())
    began_s = monotonic_s()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(STOP_WITHIN_S + 2) == 0
    assert monotonic_s() - began_s < STOP_WITHIN_S
