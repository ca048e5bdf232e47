"""``prewatt upgrade``: backup, migrate, check; when migrate or check fails, back to the backup by itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import click
import psycopg

from prewatt.cli.backup import write_backup
from prewatt.cli.doctor import Verdict, examine_clock, examine_configuration, examine_database, examine_folder
from prewatt.cli.embedded import Addresses, data_folder, database
from prewatt.cli.entering import UPGRADE_LOCK, missing_migrations
from prewatt.cli.errors import UnableToStart, WrongUse
from prewatt.cli.rollback import put_back, require_way_back
from prewatt.cli.upgrade_record import Record, Stage, last_record, upgrades_folder
from prewatt.config.boot import boot
from prewatt.config.environment import Environment, Process, environment
from prewatt.kernel.clock import machine_now

_AT_WORK: Final = """
select application_name || ' (' || count(*) || ')' from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name like 'prewatt %'
group by application_name order by 1"""
_MARKS: Final = """
select concat((select max(id) from ledger_journalentry), ' ', (select max(last_read_at) from metering_meterstate))"""
_ROOM_TIMES: Final = 2  # a dump of at most the database's own size, and the database restored beside the old one
_LINES_SHOWN: Final = 8


@click.command()
@click.option("--give-up", is_flag=True, help="Leave an interrupted upgrade as it is, once you have mended by hand.")
def upgrade(*, give_up: bool) -> None:
    """Bring the database to this version: backup, migrate, check; what fails is rolled back. Stop Prewatt first."""
    env = environment()
    with database(alone=True) as addresses:
        boot(Process.COMMAND)
        record = last_record(env.data_folder)
        if record is not None and record.stage.is_end:
            record = None
        if give_up:
            _give_up(record)
            return
        _refuse_unready(addresses, env)
        if record is not None:
            click.echo(f"An upgrade to {record.version} was interrupted while {record.stage}.")
        _Upgrade(addresses, environment(), env).run(record)


class _Upgrade:
    """One call: the database that it works on, and the environment as it was given (which names a server or not)."""

    def __init__(self, addresses: Addresses, env: Environment, given: Environment) -> None:
        self.addresses, self.env, self.given = addresses, env, given

    def run(self, left: Record | None) -> None:
        """This method will go through the steps, or take up what a call before left."""
        if left is not None and left.stage is Stage.ROLLING_BACK:
            click.echo("Nothing of the new version stays: the backup is put back again.")
            self._roll_back(left, "the rolling back was interrupted")
        if left is not None and left.stage is Stage.BACKING_UP:
            click.echo("Nothing had been changed. It begins anew.")
            shutil.rmtree(left.backup.with_name(f"{left.backup.name}.half"), ignore_errors=True)
            left.enter(Stage.GIVEN_UP, "interrupted before anything was changed; begun anew")
            left = None
        record = left or self._begin()
        if record is None:
            return
        if left is not None:
            click.echo(f"The backup of before is whole ({record.backup}). Going on from there.")
        with psycopg.connect(self.addresses.owner, autocommit=True) as fence:
            fence.execute("select pg_advisory_lock(%s)", (UPGRADE_LOCK,))  # no role starts meanwhile, wherever it is
            self._refuse_others()
            failure = self._migrate_and_check(record)
        if failure:
            self._roll_back(record, failure)
        record.enter(Stage.DONE, "done")
        click.secho(f"The database is of version {record.version}. Start Prewatt again.", fg="green")
        click.echo(f"The backup of before stays in {record.backup}; remove it when you no longer need it.")

    def _begin(self) -> Record | None:
        """This method will look at everything and write the backup; None when there is nothing to do."""
        missing = _missing()
        if not missing:
            click.echo("The database is of this version already: nothing to do.")
            return None
        self._refuse_others()
        require_way_back(self.addresses, self.given)
        mark = f"{machine_now():%Y%m%d_%H%M%S}"
        folder = upgrades_folder(self.env.data_folder) / mark
        folder.mkdir(parents=True, mode=0o700)
        record = Record(folder, version("prewatt"), missing=missing, mark=mark)
        say = f"{len(missing)} migrations are missing, first {missing[0]}"
        record.enter(Stage.BACKING_UP, say)
        click.echo(f"1/3 Backup: {say}.")
        about = write_backup(self.addresses, self.env, record.backup)
        (folder / "marks").write_text(_marks(self.addresses))
        click.echo(f"    {record.backup} (PostgreSQL {about.postgresql})")
        return record

    def _migrate_and_check(self, record: Record) -> str:
        """This method will return what failed; nothing when all is well."""
        if record.stage is not Stage.CHECKING or _missing():
            record.enter(Stage.MIGRATING, "migrating")
            click.echo("2/3 Migrate …")
            failed = self._ours("migrate", record)
            if failed:
                return failed
        record.enter(Stage.CHECKING, "checking")
        click.echo("3/3 Check: doctor and the books …")
        return self._ours("doctor", record, ["--no-gateways"]) or self._ours("ledger", record, ["verify"])

    def _ours(self, command: str, record: Record, arguments: Sequence[str] = ()) -> str:
        """This method will run a command of ours to its end; it returns its last words when it failed."""
        whole = [sys.executable, "-m", "prewatt.cli.main", command, *arguments]
        log = record.folder / f"{command}.log"
        with log.open("ab") as output:
            done = subprocess.run(
                whole, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(os.environ)
            )
        if done.returncode == 0:
            return ""
        words = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        for line in words[-_LINES_SHOWN:]:
            click.echo(f"    {line}", err=True)
        return f"`prewatt {' '.join([command, *arguments])}` failed: {words[-1] if words else 'it said nothing'}"

    def _roll_back(self, record: Record, why: str) -> None:
        """This method will put the backup back and end the command; it never returns."""
        marks = record.folder / "marks"
        if record.stage is Stage.CHECKING and marks.exists() and marks.read_text() != _marks(self.addresses):
            raise UnableToStart(
                f"{why}. It was NOT rolled back: something was booked or read since the backup was made.",
                hint="Mend it and run `prewatt upgrade` again; or, to lose that: "
                f"`prewatt restore {record.backup}`, then `prewatt upgrade --give-up`.",
            )
        click.secho(why, fg="red", err=True)
        record.enter(Stage.ROLLING_BACK, why)
        click.echo("Rolling back to the backup …")
        kept = put_back(self.addresses, self.given, record)
        record.enter(Stage.ROLLED_BACK, f"rolled back; what the new version had made is kept as {kept}")
        raise UnableToStart(
            f"The upgrade was rolled back: the database is as it was. What the new version had made is kept as {kept}.",
            hint=f"Logs and record: {record.folder}. Put the version before back to go on working, or mend and repeat.",
        )

    def _refuse_others(self) -> None:
        """This method will refuse to work beside roles, on this machine or another. Raises WrongUse."""
        with psycopg.connect(self.addresses.app) as connection:
            others = [name for (name,) in connection.execute(_AT_WORK)]
        if others:
            raise WrongUse(
                f"Prewatt works on this database: {', '.join(others)}.",
                hint="Stop every role, on all machines, then run this again.",
            )


def _refuse_unready(addresses: Addresses, env: Environment) -> None:
    """This function will refuse before anything is touched when the check after would fail for another reason."""
    with psycopg.connect(addresses.owner, autocommit=True) as connection:
        findings = [
            *examine_configuration(env),
            *examine_folder(data_folder(env)),
            *examine_database(connection, addresses),
            *examine_clock(connection),
        ]
        size = connection.execute("select pg_database_size(current_database())").fetchone()
    wrong = [f"{one.subject}: {one.text}" for one in findings if one.verdict is Verdict.FAILURE]
    needed = _ROOM_TIMES * (size[0] if size else 0)
    if shutil.disk_usage(env.data_folder).free < needed:
        wrong.append(f"disk: backup and way back need {needed / 1024**3:.1f} GB in {env.data_folder}.")
    if wrong:
        raise WrongUse("Nothing was changed: " + "\n".join(wrong), hint="`prewatt doctor` says how to mend it.")


def _give_up(record: Record | None) -> None:
    if record is None:
        click.echo("No upgrade is half done.")
        return
    record.enter(Stage.GIVEN_UP, f"given up while {record.stage}")
    click.echo(f"The upgrade is over. Its backup stays in {record.backup}.")


def _missing() -> list[str]:
    from django.db import connection

    try:
        return missing_migrations()
    finally:
        connection.close()  # nobody may stay in a database that is renamed


def _marks(addresses: Addresses) -> str:
    """This function will return what moves when something is booked or read."""
    with psycopg.connect(addresses.owner) as connection:
        try:
            row = connection.execute(_MARKS).fetchone()
        except psycopg.errors.UndefinedTable:
            return ""
    return str(row[0]) if row else ""
