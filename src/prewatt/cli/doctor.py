"""``prewatt doctor``: looks at everything that must be right, and says how to mend what is not."""

import contextlib
import os
import shutil
import socket
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import click
import psycopg

from prewatt.cli.embedded import Addresses, data_folder, database
from prewatt.cli.entering import missing_migrations
from prewatt.cli.errors import UnableToStart
from prewatt.cli.folder import DataFolder
from prewatt.cli.postgres.guard import find_problems
from prewatt.config.boot import boot
from prewatt.config.environment import PREFIX, Environment, Process, environment
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import PrewattError

DISK_FREE_MIN: Final = 2 * 1024**3
CLOCK_APART_S_MAX: Final = 2.0
GATEWAY_WITHIN_S: Final = 2.0
GATEWAYS_ASKED_MAX: Final = 200
_FOR_TESTS: Final = f"{PREFIX}TEST_"


class Verdict(StrEnum):
    """How grave a finding is: a failure must be mended before money is taken."""

    GOOD = "ok"
    WARNING = "warn"
    FAILURE = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str
    mend: str = ""


@click.command()
@click.option("--gateways/--no-gateways", default=True, help="Also knock at every gateway.")
def doctor(*, gateways: bool) -> None:
    """Check configuration, database, migrations, clock, gateways and disk."""
    failures = 0
    for finding in _examine(gateways=gateways):
        failures += finding.verdict is Verdict.FAILURE
        colour = {Verdict.GOOD: "green", Verdict.WARNING: "yellow", Verdict.FAILURE: "red"}[finding.verdict]
        click.echo(f"{click.style(finding.verdict.ljust(5), fg=colour)} {finding.subject.ljust(14)} {finding.text}")
        if finding.mend and finding.verdict is not Verdict.GOOD:
            click.echo(f"{' ' * 21}→ {finding.mend}")
    if failures:
        raise click.exceptions.Exit(1)


def _examine(*, gateways: bool) -> Iterator[Finding]:
    """This function will look at one thing after the other; what cannot be reached ends the list."""
    try:
        env = environment()
    except PrewattError as error:
        yield Finding("configuration", Verdict.FAILURE, error.message, "Correct the variables and run this again.")
        return
    yield from examine_configuration(env)
    folder = data_folder(env)
    yield from examine_folder(folder)
    with contextlib.ExitStack() as stack:
        try:
            addresses = stack.enter_context(database())
            connection = stack.enter_context(psycopg.connect(addresses.app, connect_timeout=5, autocommit=True))
        except (PrewattError, psycopg.OperationalError) as error:
            hint = getattr(error, "hint", "") or "Look whether the server runs, and at PREWATT_DATABASE_URL."
            yield Finding("database", Verdict.FAILURE, f"It does not answer: {str(error).strip()}", hint)
            return
        yield from examine_database(connection, addresses)
        yield from examine_clock(connection)
        yield from _examine_tables()
        if gateways:
            yield from _examine_gateways()


def examine_configuration(env: Environment) -> Iterator[Finding]:
    """This function will look for variables that nobody reads and for settings that do not go together."""
    known = {f"{PREFIX}{name}".upper() for name in Environment.model_fields}
    unknown = sorted(
        name for name in os.environ if name.startswith(PREFIX) and name not in known and not name.startswith(_FOR_TESTS)
    )
    for name in unknown:
        yield Finding("configuration", Verdict.WARNING, f"{name} is not a setting.", "docs/operations.md lists them.")
    if env.allow_unsafe_database:
        text = "Unsafe databases are allowed."
        yield Finding("configuration", Verdict.WARNING, text, "Unset PREWATT_ALLOW_UNSAFE_DATABASE for real money.")
    if env.host not in {"127.0.0.1", "localhost", "::1"} and not env.speaks_tls:
        text = f"The pages are reachable from other machines ({env.host}) without TLS."
        yield Finding(
            "configuration",
            Verdict.WARNING,
            text,
            "Set PREWATT_TLS_CERT, or put a proxy with TLS before it and set PREWATT_HTTPS.",
        )
    if not env.smtp_host:
        yield Finding("mail", Verdict.WARNING, "No mail is sent.", "Set PREWATT_SMTP_HOST to send notices by mail.")
    if not unknown:
        yield Finding("configuration", Verdict.GOOD, "Every PREWATT_ variable is a setting and can be used.")


def examine_folder(folder: DataFolder) -> Iterator[Finding]:
    """This function will look at the data folder: its place, the room on its disk and who can read its keys."""
    try:
        folder.prepare()
    except UnableToStart as error:
        yield Finding("data folder", Verdict.FAILURE, error.message, error.hint)
        return
    at_work = ", Prewatt works there" if folder.is_locked() else ""
    yield Finding("data folder", Verdict.GOOD, f"{folder.path}{at_work}")
    free = shutil.disk_usage(folder.path).free
    verdict = Verdict.GOOD if free >= DISK_FREE_MIN else Verdict.FAILURE
    yield Finding("disk", verdict, f"{free / 1024**3:.1f} GB free", "Make room: below 2 GB the database may stop.")
    for key in ("secret.key", "meter.key"):
        path = folder.path / key
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            text = f"{path} can be read by others."
            yield Finding("keys", Verdict.FAILURE, text, f"chmod 600 {path}, and think of the key as known.")


def examine_database(connection: psycopg.Connection[Any], addresses: Addresses) -> Iterator[Finding]:
    """This function will look at the server's safety and at the two roles."""
    version = connection.info.parameter_status("server_version")
    problems = find_problems(connection)
    yield from (Finding("database", Verdict.FAILURE, one.what, one.mend) for one in problems)
    if not problems:
        yield Finding("database", Verdict.GOOD, f"PostgreSQL {version}: durable, with checksums, UTF8")
    if addresses.app == addresses.owner:
        text = "Prewatt runs as the role that owns the tables; only triggers keep the ledger from being changed."
        mend = "Make a second role and name the owner in PREWATT_OWNER_DATABASE_URL; then `prewatt migrate`."
        yield Finding("database", Verdict.WARNING, text, mend)


def examine_clock(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """This function will compare the database's clock with this machine's."""
    row = connection.execute("select clock_timestamp()").fetchone()
    there: datetime = row[0] if row else machine_now()
    apart_s = abs((there - machine_now()).total_seconds())
    verdict = Verdict.GOOD if apart_s <= CLOCK_APART_S_MAX else Verdict.FAILURE
    mend = "Let both machines set their clocks by the same time servers (chrony, systemd-timesyncd)."
    yield Finding("clock", verdict, f"This machine and the database are {apart_s:.1f} s apart.", mend)


def _examine_tables() -> Iterator[Finding]:
    """This function will look for migrations that are missing."""
    boot(Process.COMMAND)
    missing = missing_migrations()
    if missing:
        text = f"{len(missing)} are missing, first {missing[0]}."
        yield Finding("migrations", Verdict.FAILURE, text, "Run `prewatt migrate`.")
    else:
        yield Finding("migrations", Verdict.GOOD, "The tables are those of this version.")


def _examine_gateways() -> Iterator[Finding]:
    """This function will knock at the gateways' ports; it says nothing to them."""
    from django.db import ProgrammingError

    from prewatt.estate.models import Bus

    lines = Bus.objects.order_by("gateway__code", "port").values_list("gateway__code", "gateway__address", "port")
    with contextlib.suppress(ProgrammingError):  # the tables are not there yet; that was told
        yield knock(list(lines[:GATEWAYS_ASKED_MAX]))


def knock(lines: Sequence[tuple[str, str, int]]) -> Finding:
    """This function will try to connect to each line, given as gateway, address and port."""
    silent = []
    for code, address, port in lines:
        try:
            socket.create_connection((address, port), timeout=GATEWAY_WITHIN_S).close()
        except OSError as error:
            silent.append(f"{code} ({address}:{port}: {error.strerror or 'no answer'})")
    if not silent:
        return Finding("gateways", Verdict.GOOD, f"{len(lines)} ports answer." if lines else "There are none yet.")
    shown = ", ".join(silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    mend = "Look at its power, its cable and its address; then at firewalls between here and there."
    return Finding("gateways", Verdict.FAILURE, f"{len(silent)} of {len(lines)} ports do not answer: {shown}", mend)
