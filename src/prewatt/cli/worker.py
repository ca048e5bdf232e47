"""``prewatt worker``: reconciles supply, sends notices, closes days."""

import os
import signal
from threading import Event
from types import FrameType

import click

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.config.environment import Process


@click.command()
def worker() -> None:
    """Look for what is due, and do it."""
    with database():
        enter(Process.WORKER)
        from prewatt.jobs.worker import run_worker

        stopping = Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        ended = run_worker(stopping=stopping)
    if not ended:
        os._exit(0)  # a job that does not end in time is begun again by the next worker
