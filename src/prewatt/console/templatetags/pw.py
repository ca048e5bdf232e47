"""The console's template tags: icons, state chips, and figures typeset by ``reports.formats``."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from prewatt.console import labels, states
from prewatt.kernel.clock import estate_clock, estate_now
from prewatt.kernel.money import Money
from prewatt.reports import formats
from prewatt.supply.reasons import words_of

register = template.Library()

ROOMS_SHOWN: Final = 3

_TABLES: Mapping[str, Mapping[str, states.Look]] = {
    "room": {state.value: look for state, look in states.ROOM.items()},
    "relay": states.RELAY,
    "wanted": states.WANTED,
    "command": states.COMMAND,
    "comm": states.COMM,
    "severity": states.SEVERITY,
    "mark": {"protected": states.PROTECTED, "cut_refused": states.CUT_REFUSED},
}


@lru_cache
def _sprite() -> str:
    return static("dist/icons.svg")


def icon_svg(name: str, classes: str = "") -> SafeString:
    """This function will return one icon of the sprite; hidden from readers, since a word stands beside it."""
    return format_html(
        '<svg class="pw-i{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {classes}" if classes else "",
        _sprite(),
        name,
    )


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """This tag will draw an icon."""
    return icon_svg(name, classes)


@register.simple_tag
def look(table: str, key: str) -> states.Look:
    """This tag will hand the template how a state looks."""
    return _TABLES[table].get(str(key), states.UNKNOWN_LOOK)


@register.simple_tag
def chip(table: str, key: str, detail: str = "") -> SafeString:
    """This tag will draw a state as a chip: icon, word, tint, and a detail such as the time of proof."""
    found = _TABLES[table].get(str(key), states.UNKNOWN_LOOK)
    words = format_html("{}{}", found.label, detail) if detail else str(found.label)
    return format_html(
        '<span class="pw-chip pw-chip-{}">{}{}</span>',
        found.tone,
        icon_svg(found.icon, "pw-turn" if found.turns else ""),
        words,
    )


@register.simple_tag
def state_icon(table: str, key: str, classes: str = "") -> SafeString:
    """This tag will draw a state's icon in its colour, where the word stands beside it anyway."""
    found = _TABLES[table].get(str(key), states.UNKNOWN_LOOK)
    return icon_svg(found.icon, f"pw-{found.tone} {classes}{' pw-turn' if found.turns else ''}".strip())


@register.simple_tag
def state_word(table: str, key: str) -> str:
    """This tag will write a state's word."""
    return str(_TABLES[table].get(str(key), states.UNKNOWN_LOOK).label)


@register.filter
def money(amount: Money | None) -> str:
    """This filter will write an amount with its currency sign."""
    return formats.money(amount)


@register.filter
def flow(amount: Money | None) -> str:
    """This filter will write a movement of money, with plus or minus and currency."""
    return formats.money(amount, plus=True)


@register.filter
def column(amount: Money | None) -> str:
    """This filter will write an amount for a column whose head names the currency."""
    return formats.money(amount, sign=False)


@register.filter
def column_flow(amount: Money | None) -> str:
    """This filter will write a movement for a column whose head names the currency."""
    return formats.money(amount, plus=True, sign=False)


@register.filter
def short_money(amount: Money | None) -> str:
    """This filter will write an amount in whole currency units with its sign, as on an amount key."""
    return formats.UNKNOWN if amount is None else f"{formats.symbol(amount.currency)}{formats.short_money(amount)}"


@register.filter
def price(micro: int | None) -> str:
    """This filter will write a price per kWh."""
    return formats.price(micro)


@register.filter
def energy(wh: int | None, digits: int = 2) -> str:
    """This filter will write an energy in kWh with its unit."""
    return formats.energy(wh, digits=digits)


@register.filter
def kwh(wh: int | None, digits: int = 2) -> str:
    """This filter will write an energy in kWh without its unit, for a column."""
    return formats.energy(wh, digits=digits, unit=False)


@register.filter
def age(since: datetime | timedelta | None) -> str:
    """This filter will write how long ago an instant was, or a span."""
    if isinstance(since, datetime):
        return formats.age(estate_now() - since)
    return formats.age(since)


@register.filter
def clock(at: datetime | None) -> str:
    """This filter will write an instant in the site's zone, with seconds on the day."""
    return formats.clock(at, now=estate_now(), zone=_zone())


@register.filter
def estate(machine_at: datetime | None) -> datetime | None:
    """This filter will put an instant of the machine on the estate's clock, as everything on a page."""
    return None if machine_at is None else estate_clock().estate_at(machine_at)


@register.filter
def minute(at: datetime | None) -> str:
    """This filter will write an instant in the site's zone, without seconds."""
    return formats.clock(at, now=estate_now(), zone=_zone(), seconds=False)


@register.filter
def stamp(at: datetime | None) -> str:
    """This filter will write an instant in full."""
    return formats.stamp(at, zone=_zone())


@register.filter
def day(value: date | None) -> str:
    """This filter will write a local day."""
    return formats.day(value, today=estate_now().astimezone(_zone()).date())


@register.filter
def days_left(days: int | None) -> str:
    """This filter will write an estimate in days."""
    return formats.days_left(days)


@register.filter
def time_left(span: timedelta | None) -> str:
    """This filter will write an estimate in days, or in hours when it is less than one."""
    return formats.time_left(span)


@register.simple_tag
def percent(part: int | None, whole: int | None, digits: int = 1) -> str:
    """This tag will write part of whole as a percentage."""
    return formats.percent(part, whole, digits=digits)


def _zone() -> ZoneInfo:
    return ZoneInfo(get_current_timezone_name())


@register.filter
def long_day(at: datetime) -> str:
    """This filter will write the site's local day in words, as a page's subtitle."""
    return date_format(at.astimezone(_zone()), "l, j F Y" if get_language() == "en" else "Y 年 n 月 j 日 l")


@register.simple_tag
def band_code(band: int) -> str:
    """This tag will name a tariff band's style."""
    return {1: "sharp", 2: "peak", 3: "flat", 4: "valley", 5: "deep"}[band]


@register.filter
def word(code: object, table: str) -> str:
    """This filter will write the word for a code of the database."""
    return labels.label(table, code)


@register.filter
def minor(amount: int, currency: str) -> str:
    """This filter will write minor units of a currency as money."""
    return formats.money(Money(amount, currency))


@register.filter
def seconds(span: timedelta | None) -> str:
    """This filter will write a short span of machine time: ``1.9 s``."""
    return formats.UNKNOWN if span is None else f"{span / timedelta(seconds=1):.1f} s"


@register.filter
def reason(code: str) -> str:
    """This filter will write the words of a reason about supply."""
    return str(words_of(code))


@register.filter
def sign(amount: Money) -> str:
    """This filter will write the currency's sign alone."""
    return formats.symbol(amount.currency)


@register.simple_tag
def share(part: Money, whole: Money) -> int:
    """This tag will give a part of a whole in thousandths, as the width of a bar that is 1000 wide."""
    return part.minor * 1000 // whole.minor if whole.minor else 0


@register.simple_tag
def percent_of(good: int, bad: int) -> str:
    """This tag will write the good ones of good and bad as a percentage; of none, a dash."""
    return formats.percent(good, good + bad)


@register.filter
def milliseconds(value: int) -> str:
    """This filter will write milliseconds as seconds: ``8.2 s``."""
    return f"{value / 1000:.1f} s"


@register.filter
def tail(room: str) -> str:
    """This filter will write the last part of a room's code, where the building is known from its surroundings."""
    return room.rpartition("-")[2]


@register.filter
def few(rooms: str) -> str:
    """This filter will write the first rooms of a list and how many more there are."""
    names = rooms.split(", ")
    return rooms if len(names) <= ROOMS_SHOWN else f"{', '.join(names[:ROOMS_SHOWN])} +{len(names) - ROOMS_SHOWN}"


@register.simple_tag
def tone_icon(name: str, tone: str) -> SafeString:
    """This tag will draw an icon in a tone; the one that means waiting turns."""
    return icon_svg(name, f"pw-{tone}{' pw-turn' if name == 'loader-2' else ''}")


@register.filter
def wait(since: datetime) -> str:
    """This filter will write how long something has waited; what lies ahead is due later today."""
    return formats.age(estate_now() - since) if since <= estate_now() else f"→ {clock(since)}"


@register.filter
def signed(value: int | None) -> str:
    """This filter will write a whole number with a true minus."""
    return formats.UNKNOWN if value is None else f"{formats.MINUS if value < 0 else ''}{abs(value)}"
