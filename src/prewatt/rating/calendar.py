"""What type a date is, in the zone of a site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from prewatt.rating.bands import DayType


@dataclass(frozen=True, slots=True)
class DayCalendar:
    """A zone, and the dates that are not what their weekday says: ``holiday``, or ``workday`` for a worked weekend."""

    zone: ZoneInfo
    special: Mapping[date, str] = field(default_factory=dict)

    def day_type(self, day: date) -> DayType:
        """This method will return the type of a local day."""
        kind = self.special.get(day)
        if kind is not None:
            return DayType(kind)
        return DayType.WEEKEND if day.weekday() >= 5 else DayType.WORKDAY
