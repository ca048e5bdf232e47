"""The bands that a price may differ by, and the types of days that have a programme of their own."""

from enum import IntEnum, StrEnum


class Band(IntEnum):
    """A time-of-use band. The number is what tables store."""

    SHARP = 1
    PEAK = 2
    FLAT = 3
    VALLEY = 4
    DEEP_VALLEY = 5

    @property
    def code(self) -> str:
        """This property will be the band's name in tariff files and in the API: ``deep_valley``."""
        return self.name.lower()


class DayType(StrEnum):
    """Which day programme a date follows."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


BANDS: tuple[Band, ...] = tuple(Band)
DAY_TYPES: tuple[DayType, ...] = tuple(DayType)
