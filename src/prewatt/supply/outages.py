"""When points were without power, by commands that the meter itself proved."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final

from prewatt.supply.models import Command, CommandState

LOOK_BACK: Final = timedelta(days=92)
"""A disconnection that began longer before is not found: nobody stays a tenant without power for a quarter."""
_MINUTE: Final = timedelta(minutes=1)
Switch = tuple[int, str, str, datetime]
"""Point, on or off, cause, estate time."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without power within a period; ``to_at`` None: it lasted beyond the period's end."""

    point_id: int
    from_at: datetime
    to_at: datetime | None
    cause: str
    minutes: int


def list_outages(*, point_ids: Collection[int], from_at: datetime, to_at: datetime) -> list[Outage]:
    """This function will return when points were disconnected between two instants, in order of point and time."""
    rows = Command.objects.filter(
        metering_point__in=point_ids, target="relay", state=CommandState.VERIFIED,
        estate_at__gte=from_at - LOOK_BACK, estate_at__lt=to_at,
    ).order_by("metering_point", "pk")  # fmt: skip
    switches = rows.values_list("metering_point_id", "wanted", "cause", "estate_at")
    return list(pair_switches(switches, from_at=from_at, to_at=to_at))


def pair_switches(switches: Iterable[Switch], *, from_at: datetime, to_at: datetime) -> Iterator[Outage]:
    """This function will pair each disconnection with the reconnection behind it, and cut both to the period."""
    for point_id, row in groupby(switches, key=itemgetter(0)):
        off: tuple[str, datetime] | None = None
        for _, wanted, cause, at in row:
            if wanted == "off":
                off = off or (cause, at)
            elif off is not None:
                if at > from_at:
                    yield _outage(point_id, off, at, from_at=from_at, end_at=at)
                off = None
        if off is not None:
            yield _outage(point_id, off, None, from_at=from_at, end_at=to_at)


def _outage(
    point_id: int, off: tuple[str, datetime], on_at: datetime | None, *, from_at: datetime, end_at: datetime
) -> Outage:
    cause, off_at = off
    begins = max(off_at, from_at)
    return Outage(point_id, begins, on_at, cause, (end_at - begins) // _MINUTE)
