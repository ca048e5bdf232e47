"""Quiet hours: what can wait waits until they end. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def wait_until(*, at: datetime, zone: ZoneInfo, quiet_from: time | None, quiet_to: time | None) -> datetime:
    """This function will return the instant from which a message may go: ``at``, or the end of the quiet hours.

    The hours are local and may reach over midnight; the same hour twice means none.
    """
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return at
    local = at.astimezone(zone)
    now = local.time()
    over_midnight = quiet_from > quiet_to
    is_quiet = (now >= quiet_from or now < quiet_to) if over_midnight else quiet_from <= now < quiet_to
    if not is_quiet:
        return at
    day = local.date() + timedelta(days=1 if over_midnight and now >= quiet_from else 0)
    return datetime.combine(day, quiet_to, tzinfo=zone)
