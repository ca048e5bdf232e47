"""Dates and times as meters send them: decimal pairs, the smallest unit first, in the meter's local time."""

from datetime import date, datetime, time, tzinfo

from prewatt.wire.dlt645.errors import BadData

CENTURY = 2000


def decode_date(data: bytes) -> tuple[date, int]:
    """This function will read ``WW DD MM YY`` (04000101): the date and the meter's weekday, 0 = Sunday."""
    weekday, day, month, year = _pairs(data, 4)
    return _date(year, month, day), weekday


def encode_date(day: date) -> bytes:
    """This function will write ``WW DD MM YY``."""
    return _bytes(day.isoweekday() % 7, day.day, day.month, day.year % 100)


def decode_time(data: bytes) -> time:
    """This function will read ``ss mm hh`` (04000102)."""
    second, minute, hour = _pairs(data, 3)
    return _time(hour, minute, second)


def encode_time(at: time) -> bytes:
    """This function will write ``ss mm hh``."""
    return _bytes(at.second, at.minute, at.hour)


def decode_clock(data: bytes, *, zone: tzinfo) -> datetime:
    """This function will read ``ss mm hh WW DD MM YY`` (0400010C)."""
    pairs = _pairs(data, 7)
    return _moment(pairs[:3] + pairs[4:], zone)


def encode_clock(at: datetime) -> bytes:
    """This function will write ``ss mm hh WW DD MM YY`` from the fields of a local instant."""
    return encode_time(at.time()) + encode_date(at.date())


def decode_minute(data: bytes, *, zone: tzinfo) -> datetime | None:
    """This function will read ``mm hh DD MM YY`` (freezes, switch times); None where the item was never written."""
    if not any(data):
        return None
    return _moment([0, *_pairs(data, 5)], zone)


def encode_minute(at: datetime | None) -> bytes:
    """This function will write ``mm hh DD MM YY`` from the fields of a local instant; zeros for None."""
    return bytes(5) if at is None else encode_second(at)[1:]


def decode_second(data: bytes, *, zone: tzinfo) -> datetime | None:
    """This function will read ``ss mm hh DD MM YY`` (events, validity, 08H); None where it was never written."""
    if not any(data):
        return None
    return _moment(_pairs(data, 6), zone)


def encode_second(at: datetime) -> bytes:
    """This function will write ``ss mm hh DD MM YY`` from the fields of a local instant."""
    return _bytes(at.second, at.minute, at.hour, at.day, at.month, at.year % 100)


def _pairs(data: bytes, length: int) -> list[int]:
    digits = data.hex()
    if len(data) != length or not digits.isdecimal():
        raise BadData(f"{data.hex(' ')} is not a date or time of {length} decimal bytes.")
    return [int(digits[at : at + 2]) for at in range(0, 2 * length, 2)]


def _bytes(*pairs: int) -> bytes:
    return bytes.fromhex("".join(f"{pair:02d}" for pair in pairs))


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(CENTURY + year, month, day)
    except ValueError as error:
        raise BadData(f"There is no day {year:02d}-{month:02d}-{day:02d}: {error}.") from None


def _time(hour: int, minute: int, second: int) -> time:
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise BadData(f"There is no time {hour:02d}:{minute:02d}:{second:02d}: {error}.") from None


def _moment(pairs: list[int], zone: tzinfo) -> datetime:
    second, minute, hour, day, month, year = pairs
    return datetime.combine(_date(year, month, day), _time(hour, minute, second), tzinfo=zone)
