"""Hears the database's calls and passes them to the lanes; without the database it waits and tries again."""

from collections.abc import Sequence
from threading import Event, Thread
from typing import Final

import psycopg
import structlog
from django.db import connection
from psycopg import sql
from typing_extensions import override

from prewatt.access.touched import LIVE_CHANNEL
from prewatt.jobs.lanes import AWAY, PAUSE_MAX_S, Lane

LISTEN_S: Final = 1.0
"""How long one look at the connection lasts: an end is noticed within it."""

_log = structlog.get_logger(__name__)


class Ear(Thread):
    """A thread with a connection of its own that hears what was touched and wakes every lane."""

    def __init__(self, *, lanes: Sequence[Lane], stopping: Event) -> None:
        super().__init__(name="ear", daemon=True)
        self._lanes = lanes
        self._stopping = stopping

    @override
    def run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                with self._connect() as listening:
                    attempt = 0
                    self._call()  # something may have happened while nobody listened
                    self._listen(listening)
            except AWAY as error:
                attempt += 1
                if attempt == 1:
                    _log.warning("not listening: the database is away", why=str(error).strip())
                self._stopping.wait(min(0.25 * 2 ** min(attempt, 6), PAUSE_MAX_S))

    def _connect(self) -> psycopg.Connection:
        parameters = connection.get_connection_params()
        for of_django in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(of_django, None)
        listening = psycopg.connect(**parameters, autocommit=True)
        listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(LIVE_CHANNEL)))
        return listening

    def _listen(self, listening: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            if any(True for _ in listening.notifies(timeout=LISTEN_S, stop_after=1)):
                self._call()

    def _call(self) -> None:
        for lane in self._lanes:
            lane.call()
