"""``prewatt admin create``: the first login, and any other where no page can be reached."""

import getpass

import click

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.config.environment import Process


@click.group()
def admin() -> None:
    """Logins, from the machine itself."""


@admin.command()
@click.option("--username", prompt="User name")
@click.option("--name", default="", help="The person's name, as pages and papers show it.")
@click.option(
    "--role",
    default="administrator",
    show_default=True,
    help="Such as cashier or engineer.",
)
@click.option("--organisation", default="Prewatt", show_default=True, help="Made when it is not there.")
@click.option("--language", type=click.Choice(["en", "zh-hans"]), default="en", show_default=True)
@click.password_option(help="Asked for when not given; given here, it stays in the shell's history.")
def create(*, username: str, name: str, role: str, organisation: str, language: str, password: str) -> None:
    """Make a login with a role."""
    with database():
        enter(Process.COMMAND)
        from prewatt.access.audit import Actor
        from prewatt.usecases.create_login import create_login

        made = create_login(
            actor=Actor(process=f"prewatt admin ({getpass.getuser()})"),
            username=username,
            password=password,
            name=name,
            role_code=role,
            organisation=organisation,
            language=language,
        )
    click.echo(f"{made.username} is {role} in {made.organisation}.")


@admin.command()
@click.option("--username", prompt="The program's name")
@click.option("--role", default="machine", show_default=True, help="Given when its login is made.")
@click.option("--organisation", default="Prewatt", show_default=True)
@click.option("--permission", "permissions", multiple=True, help="Of its login's, such as api.read; none: all of them.")
@click.option("--site", default="", help="The code of the only site that it may see and change.")
@click.option("--days", default=0, show_default=True, help="0: until it is revoked.")
@click.option("--note", default="", help="What it is for.")
def token(
    *, username: str, role: str, organisation: str, permissions: tuple[str, ...], site: str, days: int, note: str
) -> None:
    """Issue a token to a program; it is shown once."""
    with database():
        enter(Process.COMMAND)
        from prewatt.access.audit import Actor
        from prewatt.usecases.issue_token import issue_token

        text = issue_token(
            actor=Actor(process=f"prewatt admin ({getpass.getuser()})"),
            username=username,
            role_code=role,
            organisation=organisation,
            permissions=permissions,
            site_code=site,
            days=days,
            note=note,
        )
    click.echo(text)
