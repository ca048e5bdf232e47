"""The portal's template tags: icons, and figures typeset as everywhere in the house."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext_lazy as _

from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.portal.words import CHANNELS, LINES, PAPERS, SLOW, STEPS, SUPPLY
from prewatt.reports import formats

register = template.Library()


@lru_cache
def _sprite() -> str:
    return static("dist/icons.svg")


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """This tag will draw an icon of the sprite; hidden from readers, since a word stands beside it."""
    return format_html(
        '<svg class="pw-i{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {classes}" if classes else "",
        _sprite(),
        name,
    )


@register.filter
def money(amount: Money | None) -> str:
    """This filter will write an amount with its currency sign."""
    return formats.money(amount)


@register.filter
def flow(amount: Money | None) -> str:
    """This filter will write a movement of money, with plus or minus and currency."""
    return formats.money(amount, plus=True)


@register.filter
def price(micro: int | None) -> str:
    """This filter will write a price per kWh."""
    return formats.price(micro)


@register.filter
def energy(wh: int | None, digits: int = 1) -> str:
    """This filter will write an energy in kWh with its unit."""
    return formats.energy(wh, digits=digits)


@register.filter
def age(since: datetime | timedelta | None) -> str:
    """This filter will write how long ago an instant was, or a span."""
    return formats.age(estate_now() - since if isinstance(since, datetime) else since)


@register.filter
def clock(at: datetime | None) -> str:
    """This filter will write an instant in the site's zone, with seconds on the day."""
    return formats.clock(at, now=estate_now(), zone=_zone())


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


def _zone() -> ZoneInfo:
    return ZoneInfo(get_current_timezone_name())


@register.filter
def said(code: object, table: str) -> str:
    """This filter will say a code of the house in a tenant's words; an unknown one as it is."""
    return str(_TABLES[table].get(str(code), code))


@register.filter
def whole_money(amount: Money | None) -> str:
    """This filter will write an amount as buttons say it: without decimals where there are none."""
    text = formats.money(amount)
    return text.removesuffix(".00")


@register.filter
def plain_major(amount: Money) -> str:
    """This filter will write an amount in whole units as an address carries it."""
    return str(int(amount.to_decimal()))


@register.filter
def owed(amount: Money) -> str:
    """This filter will write what is missing, without its minus."""
    return formats.money(-amount)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """This filter will write a share in percent."""
    return formats.percent(part, whole)


@register.filter
def tenths(units: int) -> str:
    """This filter will write tenths of a unit of a picture."""
    return f"{units // 10}.{units % 10}"


@register.filter
def band_name(band: int) -> str:
    """This filter will name a band."""
    return str(_BANDS[int(band)])


_TABLES: Mapping[str, Mapping[str, object]] = {
    "paper": PAPERS,
    "supply": SUPPLY,
    "step": STEPS,
    "slow": SLOW,
    "line": LINES,
    "channel": CHANNELS,
}
_BANDS = {1: _("Sharp"), 2: _("Peak"), 3: _("Flat"), 4: _("Valley"), 5: _("Deep valley")}
