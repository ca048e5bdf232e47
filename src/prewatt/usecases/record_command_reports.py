"""How far the field came with commands."""

from collections.abc import Sequence

from prewatt.access.audit import Actor
from prewatt.supply.services import record_command_steps
from prewatt.supply.values import CommandReport, ReportResult
from prewatt.usecases.work import unit_of_work


def record_command_reports(*, actor: Actor, reports: Sequence[CommandReport]) -> ReportResult:
    """This function will move commands on as the field says; what came under an older lease is refused and counted."""
    if not reports:
        return ReportResult()
    with unit_of_work(actor=actor, verb="record_command_reports", of_facts=True) as work:
        return record_command_steps(reports=reports, now=work.now)
