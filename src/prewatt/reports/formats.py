"""How figures are typeset: one place for money, energy, prices, ages and times on screen and paper.

Pure: the instant and the zone are arguments. An unknown is a dash and never zero; minus is U+2212.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prewatt.kernel.money import Money, minor_digits, round_half_away

MINUS = "−"
UNKNOWN = "—"
THIN = "\u202f"
SYMBOLS = {
    "CNY": "¥",
    "JPY": "¥",
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "HKD": "HK$",
    "SGD": "S$",
    "KWD": "KD",
}


def symbol(currency: str) -> str:
    """This function will return the sign that stands before an amount."""
    return SYMBOLS.get(currency, f"{currency} ")


def money(amount: Money | None, *, plus: bool = False, sign: bool = True) -> str:
    """This function will write an amount with its sign before the currency: ``−¥18.40``.

    ``plus`` marks a flow (``+¥300.00``); without ``sign`` the currency is left to the column's head.
    """
    if amount is None:
        return UNKNOWN
    digits = minor_digits(amount.currency)
    before = MINUS if amount.minor < 0 else "+" if plus and amount.minor > 0 else ""
    return f"{before}{symbol(amount.currency) if sign else ''}{_scaled(abs(amount.minor), digits)}"


def short_money(amount: Money | None) -> str:
    """This function will write an amount in whole currency units, cut towards zero: for a tile or a key."""
    if amount is None:
        return UNKNOWN
    whole = abs(amount.minor) // 10 ** minor_digits(amount.currency)
    return f"{MINUS if amount.minor < 0 else ''}{whole:,}"


def price(micro_per_kwh: int | None) -> str:
    """This function will write a price per kWh with four decimals, or all six when the last two matter."""
    if micro_per_kwh is None:
        return UNKNOWN
    digits = 6 if micro_per_kwh % 100 else 4
    before = MINUS if micro_per_kwh < 0 else ""
    return before + _scaled(round_half_away(abs(micro_per_kwh), 10 ** (6 - digits)), digits)


def energy(wh: int | None, *, digits: int = 2, unit: bool = True) -> str:
    """This function will write an energy in kWh: two decimals for registers, none for totals."""
    if wh is None:
        return UNKNOWN
    scaled = round_half_away(wh, 10 ** (3 - digits))
    before = MINUS if scaled < 0 else ""
    return f"{before}{_scaled(abs(scaled), digits)}{' kWh' if unit else ''}"


def percent(part: int | None, whole: int | None, *, digits: int = 1) -> str:
    """This function will write part of whole as a percentage with a thin space; nothing of nothing is unknown."""
    if part is None or not whole:
        return UNKNOWN
    return f"{_scaled(round_half_away(part * 100 * 10**digits, whole), digits)}{THIN}%"


def age(span: timedelta | None) -> str:
    """This function will write how long something waits: ``9 s``, ``21 min``, ``1 h 48``, ``2 days``."""
    if span is None:
        return UNKNOWN
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)s min") % {"count": seconds // 60}
    if seconds < 86_400:
        return _("%(hours)s h %(minutes)s") % {"hours": seconds // 3600, "minutes": f"{seconds % 3600 // 60:02d}"}
    count = seconds // 86_400
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def clock(at: datetime | None, *, now: datetime, zone: ZoneInfo, seconds: bool = True) -> str:
    """This function will write an instant: ``14:31:52`` on the day, ``21 Nov 14:31`` in the year, else its date."""
    if at is None:
        return UNKNOWN
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{day(local.date(), today=today.date())} {local:%H:%M}"


def day(value: date | None, *, today: date) -> str:
    """This function will write a local day: ``21 Nov`` (``11-21`` in Chinese) in the year, else ``2025-11-21``."""
    if value is None:
        return UNKNOWN
    if value.year != today.year:
        return value.isoformat()
    months = _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return _("%(day)s %(month)s") % {"day": f"{value.day:02d}", "month": months[value.month - 1]}


def stamp(at: datetime | None, *, zone: ZoneInfo) -> str:
    """This function will write an instant in full, for paper and logs: ``2026-11-22 14:31:52``."""
    return UNKNOWN if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def days_left(days: int | None) -> str:
    """This function will write how long the money lasts, as the estimate that it is: ``≈ 9 days``."""
    if days is None:
        return UNKNOWN
    return ngettext("≈ %(count)s day", "≈ %(count)s days", days) % {"count": days}


def time_left(span: timedelta | None) -> str:
    """This function will write how long the money lasts: ``≈ 9 days``, under a day ``≈ 5 h``, ``< 1 h``."""
    if span is None or span >= timedelta(days=1):
        return days_left(None if span is None else span.days)
    hours = span // timedelta(hours=1)
    return _("≈ %(count)s h") % {"count": hours} if hours else _("< 1 h")


def _scaled(value: int, digits: int) -> str:
    whole, rest = divmod(value, 10**digits)
    return f"{whole:,}.{rest:0{digits}d}" if digits else f"{whole:,}"
