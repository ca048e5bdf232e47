"""The database's own function holds the same lock as the program's: a day is booked on or sealed, never both."""

from datetime import date

from django.db import connection
from tests.usecases_billing.town import ACTOR, Town

from prewatt.ledger.services import booking_date_for, seal_day
from prewatt.ledger.services.days import _LOCK_MARK
from prewatt.usecases.work import unit_of_work

DAY = date(2026, 11, 20)


def locks() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return {int(key) for (key,) in cursor.fetchall()}


def test_the_keys_are_the_programs(db: None) -> None:
    town = Town.build()
    with unit_of_work(actor=ACTOR, verb="test"):
        assert booking_date_for(book_id=town.book_id, wanted=DAY) == DAY
        keys = {_LOCK_MARK << 48 | town.book_id << 24 | day.toordinal() for day in (DAY, date.min)}
        assert keys <= locks()


def test_a_sealed_day_leads_to_the_next_open_one(db: None) -> None:
    town = Town.build()
    with unit_of_work(actor=ACTOR, verb="test"):
        seal_day(book_id=town.book_id, day=DAY)
        assert booking_date_for(book_id=town.book_id, wanted=date(2026, 11, 1)) == date(2026, 11, 21)
        assert booking_date_for(book_id=town.book_id, wanted=date(2026, 11, 25)) == date(2026, 11, 25)
