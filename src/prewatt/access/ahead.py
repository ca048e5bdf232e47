"""Statements sent ahead: PostgreSQL carries them out while we go on reckoning."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.db import connection

T = TypeVar("T")


class Answer(Generic[T]):
    """What a statement will have answered; within ``sending_ahead`` it may still be under way."""

    __slots__ = ("_cursor", "_read")

    def __init__(self, *, statement: str, parameters: Sequence[Any], read: Callable[[list[Any]], T]) -> None:
        self._cursor = connection.cursor()
        self._read = read
        self._cursor.execute(statement, parameters)

    def get(self) -> T:
        """This method will wait for the rows, once, and return what they say."""
        with self._cursor as cursor:
            return self._read(cursor.fetchall())


@contextmanager
def sending_ahead() -> Iterator[None]:
    """This function will let statements go out without waiting for the end of each; all are done by the end of it.

    They are carried out in order; to ask for an answer waits for all that were sent. Only inside a transaction, and not
    for statements whose count somebody asks for: it is not known yet, so nothing of the ORM that writes. What one of
    them raises comes out where an answer is asked for, or at the end.
    """
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
