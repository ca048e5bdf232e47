"""What follows from ``--speed``: the demo's show is paced for the visitor's watch, its readings for the wires."""

from datetime import timedelta
from typing import Final

from prewatt.estate.models import Site
from prewatt.estate.services.sites import set_read_interval
from prewatt.supply.services.modes import ensure_policy

READ_INTERVAL_S: Final = 60
"""Estate seconds between two reads of a meter at real time."""

READ_INTERVAL_MAX_S: Final = 900
LAST_CALL: Final = timedelta(minutes=1)
"""From the last call to the disconnection, on the visitor's watch."""


def read_interval_s(speed: int) -> int:
    """This function will return the estate seconds between two reads, when estate time runs ``speed`` times faster."""
    return min(READ_INTERVAL_S * speed, READ_INTERVAL_MAX_S)


def last_call_s(speed: int) -> int:
    """This function will return the estate seconds that a last call gives."""
    return int(LAST_CALL.total_seconds()) * speed


def keep_pace(*, site: Site, speed: int) -> None:
    """This function will set what depends on the speed. Needs a unit of work."""
    set_read_interval(site=site, read_interval_s=read_interval_s(speed))
    ensure_policy(site=site, rules={"last_call_s": last_call_s(speed)})
