"""C5: what the role that runs may not do to the past, however the code above it errs."""

import psycopg
import pytest
from django.db import connection, transaction

from prewatt.cli.postgres.cluster import APP
from prewatt.cli.postgres.rights import give_rights
from prewatt.usecases.forget_old import forget_old

pytestmark = pytest.mark.django_db


@pytest.fixture
def raw() -> psycopg.Connection[tuple[object, ...]]:
    connection.ensure_connection()
    inside = connection.connection
    assert isinstance(inside, psycopg.Connection)
    give_rights(inside, app=APP)
    return inside


def privileges(raw: psycopg.Connection[tuple[object, ...]], table: str) -> set[str]:
    words = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    return {
        word
        for word in words
        if raw.execute("select has_table_privilege(%s, %s, %s)", (APP, table, word)).fetchone() == (True,)
    }


@pytest.mark.parametrize("table", ["ledger_journalentry", "ledger_posting", "access_action", "estate_siteevent"])
def test_the_past_takes_new_rows_and_nothing_else(raw: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    assert privileges(raw, table) == {"SELECT", "INSERT"}


@pytest.mark.parametrize("table", ["tenancy_account", "supply_relay", "ledger_ledgeraccount", "metering_reading"])
def test_living_rows_live(raw: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    assert privileges(raw, table) == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_a_document_may_be_voided_but_never_removed(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    assert privileges(raw, "ledger_document") == {"SELECT", "INSERT", "UPDATE"}


@pytest.mark.faults("C5")
@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_posting set amount = 1",
        "delete from ledger_posting",
        "truncate ledger_posting",
        "update ledger_journalentry set cause_key = 'x'",
        "delete from ledger_journalentry",
        "alter table ledger_posting disable trigger append_only",
        "drop table ledger_posting",
        "update access_action set reason = ''",
        "update tenancy_customerevent set code = ''",
        "delete from tenancy_customerevent",
    ],
)
def test_c5_the_role_that_runs_is_refused(raw: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    with raw.transaction(force_rollback=True):
        raw.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(APP)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(statement.encode())


@pytest.mark.faults("C5", control=True)
def test_c5_without_rights_and_triggers_the_past_could_be_changed(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    with raw.transaction(force_rollback=True):
        raw.execute(psycopg.sql.SQL("grant update on ledger_posting to {}").format(psycopg.sql.Identifier(APP)))
        raw.execute("alter table ledger_posting disable trigger append_only")
        raw.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(APP)))
        assert raw.execute("update ledger_posting set amount = 1").statusmessage == "UPDATE 0"


def test_what_tells_of_a_person_may_be_forgotten(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    """All that the worker forgets and a blanked customer needs, by the role that runs."""
    with raw.transaction(force_rollback=True):
        raw.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(APP)))
        forget_old()
        for statement in (
            "update tenancy_customerevent set name = '', phone = '', email = '', tax_no = '' where pgh_obj_id = 0",
            "update tenancy_portalinvitationevent set name = '', recipient = '' where pgh_obj_id = 0",
            "update notices_preferenceevent set second_name = '', second_phone = '', second_mail = ''",
            "update access_userevent set username = '', name = '', email = null, phone = null where pgh_obj_id = 0",
        ):
            raw.execute(statement.encode())


def test_partitions_are_made_with_the_owners_rights(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    with raw.transaction(force_rollback=True):
        raw.execute(psycopg.sql.SQL("set local role {}").format(psycopg.sql.Identifier(APP)))
        made = raw.execute("select prewatt_ensure_months('metering_reading', '2031-01-01Z', 1)").fetchone()
        assert made == (2,)


def test_a_role_that_owns_everything_is_left_alone(raw: psycopg.Connection[tuple[object, ...]]) -> None:
    me = raw.execute("select current_user").fetchone()
    assert me is not None
    give_rights(raw, app=str(me[0]))
    with transaction.atomic():
        assert raw.execute("select has_table_privilege('ledger_posting', 'DELETE')").fetchone() == (True,)
