"""What status words said of relays: the proof that closes the circle."""

from collections.abc import Sequence

from prewatt.access.audit import Actor
from prewatt.metering.comm import mark_answering
from prewatt.notices.services import tell_relay_changes
from prewatt.supply.services import record_relay_states
from prewatt.supply.values import RelayReport, ReportResult
from prewatt.usecases._comm import answering_again
from prewatt.usecases.work import unit_of_work


def record_relay_reports(*, actor: Actor, reports: Sequence[RelayReport]) -> ReportResult:
    """This function will keep proven relay states, prove commands by them, and tell tenants what changed.

    Reports under an older lease than the gateway's are refused and counted.
    """
    if not reports:
        return ReportResult()
    with unit_of_work(actor=actor, verb="record_relay_reports", of_facts=True) as work:
        result = record_relay_states(reports=reports, now=work.now)
        back = mark_answering(
            heard={one.installation_id: one.read_at for one in reports if one.installation_id in result.heard}
        )
        answering_again(installation_ids=back, now=work.now)
        tell_relay_changes(changes=result.changes, now=work.now)
        return result
