"""When sweeps begin: at multiples of the interval from local midnight on, and a minute after midnight. Pure.

Every meter freezes its registers at midnight by its own clock, and we call that midnight. What is read between the two
midnights, the meter's and ours, would contradict it: so nobody's registers are asked for a minute on either side.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_start, local_date

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
MIDNIGHT_QUIET: Final = timedelta(seconds=60)
FREEZE_LATE_MAX: Final = timedelta(minutes=30)
"""A meter whose clock is slow by up to this still gives the registers of midnight, at a later sweep."""


def next_sweep_at(*, now: datetime, interval_s: int, zone: ZoneInfo) -> datetime:
    """This function will return the first instant after ``now`` at which a sweep begins, in UTC."""
    today = local_date(now, zone)
    start = day_start(today, zone)
    count = (now - start) // timedelta(seconds=interval_s) + 1
    at = min(start + count * timedelta(seconds=interval_s), day_start(today + timedelta(days=1), zone))
    return max(at, day_start(local_date(at, zone), zone) + MIDNIGHT_QUIET)


def is_about_midnight(*, at: datetime, zone: ZoneInfo) -> bool:
    """This function will tell whether a meter may be in another day than we are."""
    return local_date(at - MIDNIGHT_QUIET, zone) != local_date(at + MIDNIGHT_QUIET, zone)


def pause_s(*, attempt: int, draw: float) -> float:
    """This function will return the seconds before the next attempt to connect; ``draw`` from 0 to 1 spreads them.

    ``attempt`` counts failures from 1. Between half and all of 0.5, 1, 2 … 30 s, so that gateways that come back
    together are not met together.
    """
    longest = min(FIRST_PAUSE_S * (1 << min(attempt - 1, 10)), LONGEST_PAUSE_S)
    return longest * (0.5 + draw / 2)
