"""When sweeps begin: at multiples of the interval from local midnight on, and at midnight itself. Pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_start, local_date

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


def next_sweep_at(*, now: datetime, interval_s: int, zone: ZoneInfo) -> datetime:
    """This function will return the first instant after ``now`` at which a sweep begins, in UTC."""
    today = local_date(now, zone)
    start = day_start(today, zone)
    count = (now - start) // timedelta(seconds=interval_s) + 1
    return min(start + count * timedelta(seconds=interval_s), day_start(today + timedelta(days=1), zone))


def pause_s(*, attempt: int, draw: float) -> float:
    """This function will return the seconds before the next attempt to connect; ``draw`` from 0 to 1 spreads them.

    ``attempt`` counts failures from 1. Between half and all of 0.5, 1, 2 … 30 s, so that gateways that come back
    together are not met together.
    """
    longest = min(FIRST_PAUSE_S * (1 << min(attempt - 1, 10)), LONGEST_PAUSE_S)
    return longest * (0.5 + draw / 2)
