"""Back to a backup: on our own cluster by another database; on a server of yours what was there moves to a schema."""

from typing import Any, Final

import psycopg
from psycopg import sql

from prewatt.cli.backup import DUMP, replace_database, restore_into
from prewatt.cli.embedded import Addresses
from prewatt.cli.errors import UnableToStart, WrongUse
from prewatt.cli.postgres.rights import give_rights
from prewatt.cli.upgrade_record import Record
from prewatt.config.environment import Environment

_MAY: Final = """
select has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create')
   and not exists (select 1 from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                   and not pg_has_role(relowner, 'usage'))"""
_OURS: Final = """
select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end, quote_ident(c.relname)
from pg_class c where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
  and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                  and (d.deptype = 'e' or c.relkind = 'S' and d.deptype in ('a', 'i')))
union all
select 'routine', quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
from pg_proc p where p.pronamespace = %(schema)s::regnamespace
  and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'e')"""
"""What is ours in a schema: neither what an extension brought, nor sequences that go with their column."""


def require_way_back(addresses: Addresses, env: Environment) -> None:
    """This function will refuse a server of yours on which we could not put a backup back. Raises WrongUse."""
    if not env.database_url:
        return
    with psycopg.connect(addresses.owner) as connection:
        may = connection.execute(_MAY).fetchone()
    if may != (True,):
        raise WrongUse(
            "The role that owns the tables may not make a schema to set them aside, so a failure could not be undone.",
            hint="GRANT CREATE ON DATABASE … and ON SCHEMA public to it, or name the owner in "
            "PREWATT_OWNER_DATABASE_URL.",
        )


def put_back(addresses: Addresses, env: Environment, record: Record) -> str:
    """This function will put the record's backup in the place of what there is now, and say where that is kept.

    It may be repeated after a kill: the new state takes its place in one transaction.
    """
    dump = record.backup / DUMP
    if not dump.exists():
        raise UnableToStart(f"{dump} is gone: there is nothing to roll back to.", hint="Look for it, then run again.")
    kept = _swap_tables(addresses, env, record) if env.database_url else replace_database(addresses, env, dump)
    with psycopg.connect(addresses.owner, autocommit=True) as owner:
        give_rights(owner, app=str(psycopg.conninfo.conninfo_to_dict(addresses.app).get("user", "")))
    return kept


def _swap_tables(addresses: Addresses, env: Environment, record: Record) -> str:
    """This function will set aside in another schema what there is, and restore; a failure puts it back.

    Extensions stay where they are: their parts belong to the server's superuser. The restore is one transaction, so
    after a kill ``public`` holds either nothing or everything.
    """
    kept = f"before_{record.mark}"
    with psycopg.connect(addresses.owner, autocommit=True) as connection:
        if connection.execute("select to_regnamespace(%s)", (kept,)).fetchone() == (None,):
            with connection.transaction():
                connection.execute(sql.SQL("create schema {}").format(sql.Identifier(kept)))
                _move(connection, old="public", new=kept)
        is_restored = bool(connection.execute(_OURS, {"schema": "public"}).fetchone())
    try:
        if not is_restored:
            restore_into(addresses.owner, env, record.backup / DUMP)
    except UnableToStart:
        with psycopg.connect(addresses.owner, autocommit=True) as connection, connection.transaction():
            _move(connection, old=kept, new="public")
            connection.execute(sql.SQL("drop schema {}").format(sql.Identifier(kept)))
        raise
    return f"the schema {kept}"


def _move(connection: psycopg.Connection[Any], *, old: str, new: str) -> None:
    for kind, name in connection.execute(_OURS, {"schema": old}).fetchall():
        words = "alter {} {}.{} set schema {}"
        connection.execute(
            sql.SQL(words).format(sql.SQL(kind), sql.Identifier(old), sql.SQL(name), sql.Identifier(new))
        )
