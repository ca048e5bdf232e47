"""``prewatt estate template | import | export``: an estate as a workbook."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.config.environment import Process, environment

if TYPE_CHECKING:
    from prewatt.estate.upkeep import Tally
    from prewatt.reports.estate_sheet import EstateSheet, Problem

PROBLEMS_SHOWN_MAX: Final = 500


@click.group()
def estate() -> None:
    """Bring your own estate: a workbook with gateways, meters, tenants, tariffs and opening balances."""


@estate.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def template(*, file: Path, force: bool) -> None:
    """Write an empty workbook with explanations in it."""
    from prewatt.reports.estate_workbook import write_template

    _require_new(file, force=force)
    write_template(path=file)
    click.echo(f"{file} is written. Fill it, then: prewatt estate import {file}")


@estate.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only look for problems; store nothing.")
@click.option("--untried", is_flag=True, help="Do not read new and changed meters first. Kept with the action.")
@click.option("--reason", default="", help="Kept with the action.")
def import_(*, file: Path, check: bool, untried: bool, reason: str) -> None:
    """Check the whole workbook, read every new or changed meter once, then import all of it or nothing.

    Run it again to bring changes in line.
    """
    with database():
        enter(Process.COMMAND)
        from prewatt.access.audit import Actor
        from prewatt.estate.secrets import MeterSafe
        from prewatt.kernel.clock import estate_now
        from prewatt.reports.estate_reading import read_estate
        from prewatt.usecases.import_estate import EstateRefused, check_estate, import_estate

        read = read_estate(path=file, now=estate_now())
        actor = Actor(process=f"prewatt estate ({getpass.getuser()})")
        problems = [*read.problems]
        if check or not untried:
            problems = check_estate(actor=actor, sheet=read.sheet, found=problems)
            if not problems and not untried:
                problems = _try(read.sheet)
        if check:
            _tell_problems([problem.to_text() for problem in problems])
            return
        has_passwords = any(row.password for row in read.sheet.meters)
        safe = MeterSafe.open(environment().meter_key_file, create=True) if has_passwords else None
        try:
            result = import_estate(
                actor=actor, sheet=read.sheet, safe=safe, found=problems, reason=_told(reason=reason, untried=untried)
            )
        except EstateRefused as refused:
            _tell_problems([problem.to_text() for problem in refused.problems])
            return
    _tell_result(result.tallies)
    click.echo("The estate is imported.")
    if has_passwords:
        click.echo("The workbook still holds the meters' passwords: delete them, or the workbook.")


@estate.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--site", required=True, help="The site's code.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export(*, file: Path, site: str, force: bool) -> None:
    """Write a site in the format of the template, without meter passwords."""
    _require_new(file, force=force)
    with database():
        enter(Process.COMMAND)
        from prewatt.reports.estate_workbook import write_estate
        from prewatt.usecases.export_estate import export_estate

        write_estate(path=file, sheet=export_estate(site_code=site))
    click.echo(f"{file} is written: site {site}, without meter passwords.")


def _try(sheet: "EstateSheet") -> list["Problem"]:
    """This function will read once what is new or changed, and return what does not answer as it was typed."""
    from prewatt.cli.trial import find_untried, try_untried

    lines = find_untried(sheet=sheet)
    if not lines:
        return []
    click.echo(f"{sum(len(one.meters) for one in lines)} new or changed meters are read once, on {len(lines)} lines.")
    return try_untried(lines)


def _told(*, reason: str, untried: bool) -> str:
    return f"{reason} (meters were not read first)".strip() if untried else reason


def _require_new(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise click.ClickException(f"{file} exists. Choose another name, or add --force.")
    if not file.parent.is_dir():
        raise click.ClickException(f"There is no folder {file.parent}.")


def _tell_problems(lines: list[str]) -> None:
    """This function will print every problem, and end the command with 1 when there is one."""
    if not lines:
        click.echo("No problem found.")
        return
    for line in lines[:PROBLEMS_SHOWN_MAX]:
        click.echo(line, err=True)
    if len(lines) > PROBLEMS_SHOWN_MAX:
        click.echo(f"… and {len(lines) - PROBLEMS_SHOWN_MAX} more.", err=True)
    raise click.ClickException(f"{len(lines)} problems; nothing was imported.")


def _tell_result(tallies: Mapping[str, "Tally"]) -> None:
    for kind, tally in tallies.items():
        click.echo(f"{kind:20} {tally.created:6} new {tally.updated:6} changed {tally.unchanged:6} as before")
