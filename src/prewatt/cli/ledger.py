"""``prewatt ledger verify``: adds everything again and prints what differs."""

import click

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.config.environment import Process


@click.group()
def ledger() -> None:
    """The books, from the machine itself."""


@ledger.command()
@click.option("--seals", is_flag=True, help="Also the seal of every closed day and the hash of every paper.")
def verify(*, seals: bool) -> None:
    """Add ledger, balances, positions and papers again. Ends with code 1 when something differs."""
    with database():
        enter(Process.COMMAND)
        from prewatt.usecases.verify_books import verify_books

        differences = verify_books(seals=seals)
    for one in differences:
        click.echo(f"{one.kind:12} {one.subject}: {one.expected} expected, {one.found} found")
    if differences:
        click.secho(f"{len(differences)} differences.", fg="red")
        raise click.exceptions.Exit(1)
    click.secho(f"Everything adds up{', and every seal is whole' if seals else ''}.", fg="green")
