"""``prewatt migrate``: bring the tables to this version and give the role that runs its rights."""

import os

import click
import psycopg

from prewatt.cli.embedded import Addresses, database
from prewatt.config.boot import boot
from prewatt.config.environment import PREFIX, Process


@click.command()
def migrate() -> None:
    """Bring the database to this version. Repeat it after an interruption: it goes on where it stopped."""
    with database() as addresses:
        click.echo("  ".join(run_migrations(addresses)) or "The database is up to date.")


def run_migrations(addresses: Addresses) -> list[str]:
    """This function will migrate as the owner and return the names of what was applied. Each one is a transaction."""
    os.environ[f"{PREFIX}DATABASE_URL"] = addresses.owner
    boot(Process.COMMAND)
    from django.core.management import call_command
    from django.db import connection

    from prewatt.access.audit import Actor
    from prewatt.cli.entering import missing_migrations
    from prewatt.cli.postgres.cluster import create_extensions
    from prewatt.cli.postgres.rights import give_rights
    from prewatt.usecases.manage_roles import bring_roles_up_to_date

    missing = missing_migrations()
    with psycopg.connect(addresses.owner, autocommit=True) as owner:
        create_extensions(owner)
        if missing:
            call_command("migrate", verbosity=0, interactive=False)
        bring_roles_up_to_date(actor=Actor(process="prewatt migrate"))
        connection.close()
        give_rights(owner, app=str(psycopg.conninfo.conninfo_to_dict(addresses.app).get("user", "")))
    os.environ[f"{PREFIX}DATABASE_URL"] = addresses.app
    return missing
