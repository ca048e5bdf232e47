"""A crowd of accounts made by SQL: copies of one, each with its own room, meter, login, money and use."""

from collections.abc import Mapping
from typing import Any

import psycopg

from prewatt.config.environment import environment

TABLES = (
    "access_user", "tenancy_customer", "ledger_ledgeraccount", "tenancy_account", "tenancy_bucket",
    "estate_meteringpoint", "estate_meter", "estate_meterinstallation", "tenancy_tenancy", "billing_tariffassignment",
    "tenancy_accountshare", "supply_relay", "metering_meterstate", "billing_position", "metering_dayusage",
    "metering_reading",
)  # fmt: skip

READINGS = 6
"""Each copy has the readings of so many hours, and its use of two days."""


def analyze() -> None:
    """What PostgreSQL does by itself within a minute of so many rows."""
    with psycopg.connect(str(environment().owner_database_url), autocommit=True) as owner:
        owner.execute("ANALYZE")


Elsewhere = Mapping[str, Mapping[str, int]]
"""By table, the columns that point at the site where the copies stand, when that is not the first one's."""


def add_accounts(count: int, elsewhere: Elsewhere | None = None) -> None:
    """Copy the tenant's account so many times. Triggers rest meanwhile: the history of copies is of no use."""
    with psycopg.connect(str(environment().owner_database_url)) as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        _copy_all(owner, count, elsewhere or {})
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _copy_all(owner: psycopg.Connection[Any], count: int, elsewhere: Elsewhere) -> None:
    last = {table: _one(owner, f"SELECT max(id) FROM {table}") for table in TABLES if _has_id(owner, table)}
    new = {table: f"{number} + n" for table, number in last.items()}
    user, account = _row(owner, "SELECT user_id, account_id FROM tenancy_accountshare ORDER BY id LIMIT 1")
    customer = _one(owner, f"SELECT customer_id FROM tenancy_account WHERE id = {account}")
    bucket, ledger = _row(owner, f"SELECT id, ledger_account_id FROM tenancy_bucket WHERE account_id = {account}")
    tenancy, point = _row(owner, f"SELECT id, metering_point_id FROM tenancy_tenancy WHERE account_id = {account}")
    of_point = f"FROM estate_meterinstallation WHERE metering_point_id = {point}"
    installation, meter = _row(owner, f"SELECT id, meter_id {of_point}")
    today = f"(SELECT max(date) FROM metering_dayusage WHERE tenancy_id = {tenancy})"

    def copy(table: str, which: str, /, **changed: str) -> None:
        if table in new:
            changed["id"] = new[table]
        there = {name: str(key) for name, key in elsewhere.get(table, {}).items()}
        _copy(owner, table, which, changed | there, count)

    copy("access_user", f"id = {user}", username=f"'crowd-' || {new['access_user']}", email="NULL", phone="NULL")
    copy("tenancy_customer", f"id = {customer}", code=f"'crowd-' || {new['tenancy_customer']}", name="'Customer ' || n")
    copy("ledger_ledgeraccount", f"id = {ledger}", code=f"'account:crowd-' || {new['ledger_ledgeraccount']}")
    number = f"'9' || lpad(({new['tenancy_account']})::text, 9, '0')"
    copy(
        "tenancy_account", f"id = {account}", number=number,
        customer_id=new["tenancy_customer"], search_text=f"{number} || ' customer ' || n",
    )  # fmt: skip
    of_account, of_point_id = new["tenancy_account"], new["estate_meteringpoint"]
    copy("tenancy_bucket", f"id = {bucket}", account_id=of_account, ledger_account_id=new["ledger_ledgeraccount"])
    copy("estate_meteringpoint", f"id = {point}", code=f"'9#-' || {new['estate_meteringpoint']}")
    copy("estate_meter", f"id = {meter}", serial=f"'crowd-' || {new['estate_meter']}")
    copy(
        "estate_meterinstallation", f"id = {installation}", metering_point_id=of_point_id,
        meter_id=new["estate_meter"], address=f"(900000000000 + {new['estate_meter']})::text",
    )  # fmt: skip
    of_tenancy, of_meter = new["tenancy_tenancy"], new["estate_meterinstallation"]
    copy("tenancy_tenancy", f"id = {tenancy}", account_id=of_account, metering_point_id=of_point_id)
    copy("billing_tariffassignment", f"tenancy_id = {tenancy}", tenancy_id=of_tenancy)
    copy("tenancy_accountshare", f"account_id = {account}", account_id=of_account, user_id=new["access_user"])
    copy("supply_relay", f"metering_point_id = {point}", metering_point_id=of_point_id, installation_id=of_meter)
    copy("metering_meterstate", f"installation_id = {installation}", installation_id=of_meter)
    copy(
        "billing_position", f"id = (SELECT max(id) FROM billing_position WHERE tenancy_id = {tenancy})",
        account_id=of_account, tenancy_id=of_tenancy,
    )  # fmt: skip
    copy(
        "metering_reading", f"installation_id = {installation} AND read_at > (SELECT max(read_at) FROM metering_reading"
        f" WHERE installation_id = {installation}) - interval '{READINGS} hours'", installation_id=of_meter,
    )  # fmt: skip
    copy(
        "metering_dayusage", f"tenancy_id = {tenancy} AND date >= {today} - 1", tenancy_id=of_tenancy,
        installation_id=of_meter,
    )  # fmt: skip


def _copy(owner: psycopg.Connection[Any], table: str, which: str, changed: Mapping[str, str], count: int) -> None:
    columns = _columns(owner, table)
    fresh = {"public_id": "gen_random_uuid()"} | dict(changed)
    values = [fresh.get(name, f't."{name}"') for name in columns]
    named = ", ".join(f'"{name}"' for name in columns)
    owner.execute(
        f"INSERT INTO {table} ({named}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)}"
        f" FROM (SELECT * FROM {table} WHERE {which}) t CROSS JOIN generate_series(1, {count}) n"
    )


def _columns(owner: psycopg.Connection[Any], table: str) -> list[str]:
    found = owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
        " ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in found.fetchall()]


def _has_id(owner: psycopg.Connection[Any], table: str) -> bool:
    return "id" in _columns(owner, table)


def _row(owner: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    found = owner.execute(statement).fetchone()
    if found is None:
        raise RuntimeError(f"nothing found: {statement}")
    return tuple(found)


def _one(owner: psycopg.Connection[Any], statement: str) -> Any:
    return _row(owner, statement)[0]
