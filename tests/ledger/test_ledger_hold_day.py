"""The database's own function holds the same lock as the program's: a day is booked on or sealed, never both."""

import threading
from datetime import date

import psycopg
import pytest
from django.db import connection
from tests.faults.processes import url_of
from tests.intake.live import until
from tests.usecases_billing.town import ACTOR, Town

from prewatt.ledger.services import booking_date_for, seal_day
from prewatt.ledger.services.days import _LOCK_MARK, hold_days_open
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


@pytest.mark.parametrize("way", ["one", "several"])
def test_who_waits_for_a_books_first_seal_holds_no_day_yet(
    committed_database: str, postgres_url: str, way: str
) -> None:
    """The sealer goes on to the days: somebody with a day who waited for the seal would stop both."""
    town = Town.build()

    def book() -> None:
        with unit_of_work(actor=ACTOR, verb="test"):
            if way == "one":
                booking_date_for(book_id=town.book_id, wanted=DAY)
            else:
                hold_days_open(book_id=town.book_id, days=[DAY])
        connection.close()

    waiting = "SELECT count(*) FILTER (WHERE NOT granted), count(*) FILTER (WHERE granted) FROM pg_locks "
    waiting += "WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database = "
    waiting += "(SELECT oid FROM pg_database WHERE datname = current_database())"
    with psycopg.connect(url_of(postgres_url, committed_database), autocommit=True) as sealer:
        sealer.execute("SELECT pg_advisory_lock(%s)", [_LOCK_MARK << 48 | town.book_id << 24 | date.min.toordinal()])
        booker = threading.Thread(target=book)
        booker.start()
        until(lambda: sealer.execute(waiting).fetchone()[0] == 1, "it waits")  # type: ignore[index]
        assert sealer.execute(waiting).fetchone() == (1, 0), "and holds no day"
        sealer.execute("SELECT pg_advisory_unlock_all()")
        booker.join(20)
