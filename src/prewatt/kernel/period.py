"""Half-open periods of estate time, and the local days and months of a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def require_aware(instant: datetime) -> datetime:
    """This function will return the instant, or raise ValueError when it has no time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return instant


@dataclass(frozen=True, slots=True)
class Period:
    """From ``from_at`` (in) to ``to_at`` (out); ``to_at`` None means without end."""

    from_at: datetime
    to_at: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self.from_at)
        if self.to_at is not None and require_aware(self.to_at) < self.from_at:
            raise ValueError(f"period ends {self.to_at} before it begins {self.from_at}")

    def __contains__(self, instant: datetime) -> bool:
        return self.from_at <= instant and (self.to_at is None or instant < self.to_at)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """This function will return the local day an instant falls on."""
    return instant.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """This function will return the first instant of a local day, in UTC.

    Where a summer-time change removes local midnight the day begins at the change; a day that a zone skipped is empty.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return start if start.astimezone(zone).date() == day else _first_instant_on(day, zone, start)


def day_period(day: date, zone: ZoneInfo) -> Period:
    """This function will return a local day as a period; 23, 24 or 25 hours long."""
    return Period(day_start(day, zone), day_start(day + timedelta(days=1), zone))


def month_start(day: date) -> date:
    """This function will return the first day of the day's month."""
    return day.replace(day=1)


def days(first: date, last: date) -> Iterator[date]:
    """This function will yield each day from first to last, both in."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _first_instant_on(day: date, zone: ZoneInfo, near: datetime) -> datetime:
    low, high = near - timedelta(hours=26), near + timedelta(hours=26)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).date() < day else (low, middle)
    return high.replace(microsecond=0)
