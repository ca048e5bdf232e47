"""``prewatt manage``: Django's own commands, for developers and for looking into things."""

import click

from prewatt.cli.embedded import database
from prewatt.config.boot import boot
from prewatt.config.environment import Process


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a command of Django's, such as `check` or `dbshell`."""
    with database():
        boot(Process.COMMAND)
        from django.core.management import execute_from_command_line

        execute_from_command_line(["prewatt manage", *arguments])
