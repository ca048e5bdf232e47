"""What the role that runs may do: everything a row's life needs, and nothing that rewrites the past."""

from typing import Any, Final

import psycopg
from psycopg import sql

_TABLES: Final = """
select c.relname::text,
       coalesce(bool_or(t.tgtype & 16 > 0), false) or bool_or(a.attname is not null) as never_updated,
       bool_or(t.tgname is not null) or bool_or(a.attname is not null) as never_deleted
from pg_class c
left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'append_only'
left join pg_attribute a on a.attrelid = c.oid and a.attname = 'pgh_id' and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
group by c.relname order by c.relname
"""
_FORGOTTEN: Final = {
    "access_userevent": ("username", "name", "email", "phone"),
    "notices_preferenceevent": ("second_name", "second_phone", "second_mail"),
    "tenancy_customerevent": ("name", "phone", "email", "tax_no"),
    "tenancy_portalinvitationevent": ("name", "recipient"),
}
"""Columns of the field history that tell of a person: they may be blanked, all others stand."""
_PARTITIONS_AHEAD: Final = "prewatt_ensure_months(regclass, timestamptz, int)"


def give_rights(connection: psycopg.Connection[Any], *, app: str) -> None:
    """This function will give the role ``app`` its rights on all tables; the connection is the owner's.

    A table with an ``append_only`` trigger, or one of the field history, takes new rows from it and no other change.
    Of the field history those columns may be changed that tell of a person and must be blanked one day. Partitions are
    made by a function that runs with its owner's rights.
    """
    role = sql.Identifier(app)
    if connection.execute("select current_user = %s", (app,)).fetchone() == (True,):
        return
    with connection.transaction():
        for table, never_updated, never_deleted in connection.execute(_TABLES).fetchall():
            rights = ["select", "insert"]
            rights += [] if never_updated else ["update"]
            rights += [] if never_deleted else ["delete"]
            name = sql.Identifier(table)
            connection.execute(sql.SQL("revoke all on {} from {}").format(name, role))
            connection.execute(sql.SQL("grant {} on {} to {}").format(sql.SQL(", ".join(rights)), name, role))
            if table in _FORGOTTEN:
                columns = sql.SQL(", ").join(map(sql.Identifier, _FORGOTTEN[table]))
                connection.execute(sql.SQL("grant update ({}) on {} to {}").format(columns, name, role))
        connection.execute(sql.SQL("grant usage, select on all sequences in schema public to {}").format(role))
        if connection.execute("select to_regprocedure(%s)", (_PARTITIONS_AHEAD,)).fetchone() != (None,):
            function = sql.SQL(_PARTITIONS_AHEAD)
            connection.execute(
                sql.SQL("alter function {} security definer set search_path = public, pg_temp").format(function)
            )
            connection.execute(sql.SQL("revoke execute on function {} from public").format(function))
            connection.execute(sql.SQL("grant execute on function {} to {}").format(function, role))
