"""The demo's estate clock, kept in the data folder: estate time never goes back, however often the demo restarts."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from prewatt.kernel.clock import EstateClock

BEAT_EVERY_S: Final = 1.0
_MARGIN_S: Final = 3


def resume_clock(
    path: Path, *, speed: int, machine_at: datetime, first_at: datetime, in_real_time: bool = False
) -> EstateClock:
    """This function will return the clock to run with from ``machine_at`` on.

    At the very first start estate time begins at ``first_at``. Later it goes on just after the last beat, because no
    meter is read while nothing runs; one that began ``in_real_time`` and runs at speed 1 catches up with the machine
    unless it is ahead of it.
    """
    last = read_beat(path)
    if last is None:
        return EstateClock(machine_at, first_at, speed)
    resumed = last[0] + timedelta(seconds=_MARGIN_S * last[1])
    catches_up = in_real_time and speed == 1
    return EstateClock(machine_at, max(resumed, machine_at) if catches_up else resumed, speed)


def write_beat(path: Path, *, clock: EstateClock, machine_at: datetime) -> None:
    """This function will keep the estate instant, complete or not at all."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps({"estate_at": clock.estate_at(machine_at).isoformat(), "speed": clock.speed}))
    half.replace(path)


def read_beat(path: Path) -> tuple[datetime, int] | None:
    """This function will return the last estate instant kept and the speed then, or None before the first."""
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return datetime.fromisoformat(kept["estate_at"]), int(kept["speed"])


def own(path: Path, *, like: Path) -> None:
    """This function will give the file to the folder's owner, so that either may write it at the next start."""
    owner = like.stat()
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
