"""What the field found at a place where a meter may be moved to, and whether it is that meter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from prewatt.access.audit import Actor
from prewatt.estate.models import TrialRead
from prewatt.estate.services.trials import TrialReport, end_trial, list_claimed
from prewatt.metering.queries.rows import load_installations
from prewatt.metering.validation import Held, HeldCause, Point, validate_reading
from prewatt.rating.segments import to_us
from prewatt.usecases.work import unit_of_work

OTHER_METER: Final = "other_meter"


def record_trial_reports(*, actor: Actor, reports: Sequence[TrialReport]) -> int:
    """This function will keep what trials found; what came under an older lease, or twice, changes nothing.

    An address can be typed wrong and be another meter's: an answer counts only when its register goes on from the last
    reading of the meter that is moved. Returns how many trials have ended.
    """
    if not reports:
        return 0
    with unit_of_work(actor=actor, verb="record_trial_reports") as work:
        claimed = list_claimed(reports=reports)
        for trial, report in claimed:
            finding = report.finding or ("" if goes_on(trial=trial, report=report, now=work.now) else OTHER_METER)
            end_trial(trial=trial, report=report, finding=finding)
        return len(claimed)


def goes_on(*, trial: TrialRead, report: TrialReport, now: datetime) -> bool:
    """This function will tell whether a register goes on from the last accepted reading of the meter."""
    assert report.total_wh is not None, "an answer without a finding has a register"
    site_id = trial.installation.metering_point.site_id
    facts = load_installations(installation_ids=[trial.installation_id], site_id=site_id)[trial.installation_id]
    verdict = validate_reading(
        previous=facts.last, new=Point(to_us(report.read_at), report.total_wh), following=None, marker=None,
        limits=facts.limits, now_us=to_us(now),
    )  # fmt: skip
    return not isinstance(verdict, Held) or verdict.cause is HeldCause.FUTURE
