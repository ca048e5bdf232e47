"""When a scheduled report is due: at an hour of the site's day. Pure."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from prewatt.kernel.period import local_date


class Pace(StrEnum):
    """How often: each day, each Monday, each first of a month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def next_due(*, pace: Pace, hour: int, after: datetime, zone: ZoneInfo) -> datetime:
    """This function will return the first due moment behind an instant, in that instant's zone of reckoning (UTC).

    An hour that a summer-time change leaves out is met at the moment of the change; one that it repeats, once.
    """
    day = local_date(after, zone)
    while True:
        if _fits(pace, day.weekday(), day.day):
            due = datetime.combine(day, time(hour), tzinfo=zone)
            if due.timestamp() > after.timestamp():
                return due.astimezone(after.tzinfo)
        day += timedelta(days=1)


def last_due(*, pace: Pace, hour: int, due: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """This function will return the latest due moment up to now, of those from ``due`` on: who was away mails once."""
    while (following := next_due(pace=pace, hour=hour, after=due, zone=zone)) <= now:
        due = following
    return due


def _fits(pace: Pace, weekday: int, day_of_month: int) -> bool:
    match pace:
        case Pace.DAY:
            return True
        case Pace.WEEK:
            return weekday == 0
        case Pace.MONTH:
            return day_of_month == 1
