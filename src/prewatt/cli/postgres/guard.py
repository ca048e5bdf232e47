"""What a database must be before money is entrusted to it: ``doctor`` prints it, roles refuse to start without."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from prewatt.cli.errors import UnableToStart
from prewatt.cli.postgres.binaries import VERSION_MIN
from prewatt.cli.postgres.cluster import EXTENSIONS

_FACTS: Final = """
select current_setting('server_version_num')::int / 10000, current_setting('server_version'),
       current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('data_checksums'), pg_encoding_to_char(d.encoding),
       coalesce(d.datcollversion = pg_database_collation_actual_version(d.oid), true),
       array(select extname::text from pg_extension)
from pg_database d where d.datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and how to mend it."""

    what: str
    mend: str


def find_problems(connection: psycopg.Connection[Any]) -> list[Problem]:
    """This function will look at the server's version, durability, encoding, collation and extensions."""
    connection.execute("set client_encoding to 'UTF8'")  # a database without an encoding answers in bytes otherwise
    row = connection.execute(_FACTS).fetchone()
    if row is None:
        raise UnableToStart("The server does not describe the database.")
    major, version, fsync, full_pages, commit, checksums, encoding, collation_fits, present = row
    again = "Make a new cluster (`initdb --data-checksums -E UTF8`) and restore a backup into it."
    durable = "Set it to on in postgresql.conf and restart the server."
    checks = [
        (major >= VERSION_MIN, f"PostgreSQL is {version}; {VERSION_MIN} is the oldest that works.", "Upgrade it."),
        (fsync == "on", "fsync is off: a power cut may lose confirmed payments.", durable),
        (full_pages == "on", "full_page_writes is off: a power cut may tear pages.", durable),
        (commit != "off", "synchronous_commit is off: a crash may lose confirmed payments.", durable),
        (
            checksums == "on",
            "Data checksums are off: a failing disk goes unnoticed.",
            f"`pg_checksums --enable`. {again}",
        ),
        (encoding == "UTF8", f"The database's encoding is {encoding}, not UTF8.", again),
        (
            collation_fits,
            "The order of text has changed with the system's C library; indexes may miss rows.",
            "Run `reindexdb`, then `ALTER DATABASE ... REFRESH COLLATION VERSION`.",
        ),
        *(
            (name in present, f"The extension {name} is missing.", f"As its owner: CREATE EXTENSION {name};")
            for name in EXTENSIONS
        ),
    ]
    return [Problem(what, mend) for fine, what, mend in checks if not fine]


def refuse_unsafe(connection: psycopg.Connection[Any], *, allowed: bool) -> list[Problem]:
    """This function will refuse a database that may lose or mix up money, unless trials are ``allowed`` on it."""
    problems = find_problems(connection)
    if problems and not allowed:
        raise UnableToStart(
            "This database is not safe for money:\n" + "\n".join(f"- {one.what} {one.mend}" for one in problems),
            hint="For a trial without real money, set PREWATT_ALLOW_UNSAFE_DATABASE=true.",
        )
    return problems
