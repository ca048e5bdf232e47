"""Waits for whatever comes first: the field has something, the database calls, or time is up."""

import os
import selectors
from typing import Final, Self

import psycopg
from django.db import connection

COMMAND_CHANNEL: Final = "prewatt_commands"


class Bell:
    """Rung by the field's thread, heard by the intake's; a pipe, so that it can be waited for beside a socket."""

    def __init__(self) -> None:
        self.receiver, self._sender = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._is_waiting = True

    def ring(self) -> None:
        """This method will end the wait; cheap while nobody waits."""
        if self._is_waiting:
            self._is_waiting = False
            os.write(self._sender, b"!")

    def hush(self) -> None:
        """This method will take the rings so far, before looking whether there is work."""
        try:
            while os.read(self.receiver, 4096):
                pass
        except BlockingIOError:
            pass
        self._is_waiting = True

    def close(self) -> None:
        """This method will give the pipe back."""
        os.close(self.receiver)
        os.close(self._sender)


class Listener:
    """A connection of its own that hears the database's calls."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        parameters = connection.get_connection_params()
        for of_django in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(of_django, None)
        self._connection = psycopg.connect(**parameters, autocommit=True)
        self._connection.execute(f"LISTEN {COMMAND_CHANNEL}")
        self._selector = selectors.DefaultSelector()
        self._selector.register(bell.receiver, selectors.EVENT_READ)
        self._selector.register(self._connection.fileno(), selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        self._connection.close()

    def wait(self, seconds: float) -> bool:
        """This method will wait until the bell rings, the database calls or time is up; true when it called.

        Raises psycopg.OperationalError when the database has gone.
        """
        self._selector.select(max(seconds, 0.0))
        self._bell.hush()
        return any(True for _ in self._connection.notifies(timeout=0))
