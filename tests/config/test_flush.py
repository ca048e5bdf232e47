"""The tests' own ground: a test with real commits leaves no row behind, in no table."""

import pytest
from django.core.management import call_command
from django.db import connection
from tests.usecases_supply.mall import Mall

TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname <> 'django_migrations'"""


def left() -> set[str]:
    """The tables that hold rows."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.usefixtures("committed_database")
def test_after_a_test_with_real_commits_every_table_is_empty() -> None:
    mall = Mall(rooms=1)
    mall.town.assign(mall.rooms[0].tenancy, "shop")
    mall.town.read(mall.rooms[0], mall.now, 0)
    mall.cut(mall.rooms[0])
    assert {"metering_reading", "supply_decision", "ledger_ledgeraccount"} <= left()
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    assert left() == set()
