"""The command ``prewatt``. Each command lives in a module of its own, loaded when it is called."""

import importlib
import sys
from typing import Final, NamedTuple

import click
from typing_extensions import override

from prewatt.kernel.errors import PrewattError


class _Entry(NamedTuple):
    """Where a command is, and its line in the help; without one it is a step that others call."""

    module: str
    summary: str = ""


COMMANDS: Final = {
    "demo": _Entry("prewatt.cli.demo.command", "Run an estate of 676 meters on this machine."),
    "up": _Entry("prewatt.cli.up", "Run everything against your own gateways."),
    "web": _Entry("prewatt.cli.web", "Run the pages and the API alone."),
    "collector": _Entry("prewatt.cli.collector", "Run the reading of meters and the relay commands alone."),
    "worker": _Entry("prewatt.cli.worker", "Run reconciler, notices and the day close alone."),
    "admin": _Entry("prewatt.cli.admin", "Make logins: `admin create`."),
    "estate": _Entry("prewatt.cli.estate", "Bring your own estate: template, import, export."),
    "simulate": _Entry("prewatt.cli.simulate", "Run a virtual estate alone."),
    "testpay": _Entry("prewatt.cli.testpay", "Run the test provider of online payments alone."),
    "ledger": _Entry("prewatt.cli.ledger", "Add the books again: `ledger verify`."),
    "doctor": _Entry("prewatt.cli.doctor", "Check everything, and say how to mend it."),
    "backup": _Entry("prewatt.cli.backup", "Write the database into a new folder."),
    "restore": _Entry("prewatt.cli.backup", "Put a backup in the place of the database."),
    "upgrade": _Entry("prewatt.cli.upgrade", "Backup, migrate, check; roll back what fails."),
    "service": _Entry("prewatt.cli.service", "Write units for systemd."),
    "migrate": _Entry("prewatt.cli.migrate", "Bring the database to this version."),
    "demo-prepare": _Entry("prewatt.cli.demo.command"),
    "demo-adjust": _Entry("prewatt.cli.demo.command"),
    "demo-history": _Entry("prewatt.cli.demo.command"),
    "manage": _Entry("prewatt.cli.manage", "Run a command of Django's."),
}


class LazyGroup(click.Group):
    """A group that imports a command only when somebody calls it: help stays instant."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.{cmd_name} is no command")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items() if entry.summary])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prewatt")
def cli() -> None:
    """Prewatt sells electricity before it is used: meters, balances, relays and the desk.

    Settings are variables PREWATT_...; docs/operations.md lists them.
    """


def main() -> None:
    """This function will run the command; what could not be done is said in words, never as a traceback."""
    try:
        cli()
    except PrewattError as error:
        click.secho(f"prewatt: {error.message}", fg="red", err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
