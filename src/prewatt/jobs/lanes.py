"""Lanes: threads that look for work again and again, each at its own pace, and outlive whatever goes wrong in it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connections
from typing_extensions import override

from prewatt.kernel.clock import monotonic_s
from prewatt.kernel.errors import Unable

PAUSE_MAX_S: Final = 10.0
GAP_S: Final = 0.25
"""Calls may come many a second; a lane looks at most four times."""
AWAY: Final = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to look for: ``run`` returns how much it did. ``is_called``: a call brings it forward."""

    name: str
    run: Callable[[], int]
    every_s: float
    is_called: bool = True


class Lane(Thread):
    """A thread with its own database connection that runs its jobs in order, until ``stopping`` is set."""

    def __init__(self, *, name: str, jobs: Sequence[Job], stopping: Event) -> None:
        super().__init__(name=name, daemon=True)
        self._jobs = jobs
        self._stopping = stopping
        self._called = Event()
        self._due_s = dict.fromkeys((job.name for job in jobs), 0.0)
        self._failures = 0

    def call(self) -> None:
        """This method will make the lane look now."""
        self._called.set()

    @override
    def run(self) -> None:
        while not self._stopping.is_set():
            was_called = self._called.is_set()
            self._called.clear()
            self.look(was_called=was_called)
            self._called.wait(self._pause_s())
            if self._called.is_set():
                self._stopping.wait(GAP_S)
        connections.close_all()

    def look(self, *, was_called: bool) -> None:
        """This method will run the jobs that are due, or were called for; a failure never ends the lane."""
        for job in self._jobs:
            if self._stopping.is_set():
                return
            if monotonic_s() >= self._due_s[job.name] or (was_called and job.is_called):
                self._run(job)

    def _run(self, job: Job) -> None:
        try:
            done = job.run()
        except AWAY as error:
            self._failures += 1
            if self._failures == 1:
                _log.warning("the database is away", job=job.name, why=str(error).strip())
            connections.close_all()
            self._wait(job, min(0.25 * 2 ** min(self._failures, 6), PAUSE_MAX_S))
        except Unable as error:
            _log.info("to be tried again", job=job.name, why=str(error))
            self._wait(job, GAP_S * 2)
        except Exception:  # noqa: BLE001 - one fault must not end the other jobs; it is logged whole
            _log.exception("a job failed", job=job.name)
            connections.close_all()
            self._wait(job, PAUSE_MAX_S)
        else:
            if self._failures:
                _log.info("the database is back", after=self._failures)
            self._failures = 0
            self._due_s[job.name] = monotonic_s() + job.every_s
            if done:
                _log.info("done", job=job.name, count=done)

    def _wait(self, job: Job, seconds: float) -> None:
        spread = 0.5 + random.random() / 2  # noqa: S311 - spreads attempts, keeps no secret
        self._due_s[job.name] = monotonic_s() + seconds * spread

    def _pause_s(self) -> float:
        return max(min(self._due_s.values()) - monotonic_s(), 0.0)
