"""Tariff versions and calendars as the timelines that rating cuts intervals by.

A published version never changes, so a timeline is worked out once per process and kept by what it was made of.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.billing.models import TariffVersion
from prewatt.estate.models import CalendarDay
from prewatt.rating.calendar import DayCalendar
from prewatt.rating.segments import DatedTariff, PriceTimeline
from prewatt.rating.tariff import Tariff

TIMELINES_MAX: Final = 256
TARIFFS_MAX: Final = 1_024

TariffKey = tuple[int, str]
"""Scope and code: what a tenancy is assigned to."""


@dataclass(frozen=True, slots=True)
class _VersionKey:
    """What makes a stored version the value that it is."""

    id: int
    effective_from: date
    definition_hash: str


@dataclass(frozen=True, slots=True)
class _CalendarKey:
    zone: str
    special: tuple[tuple[date, str], ...]


def load_timelines(*, keys: Iterable[TariffKey], site_id: int, zone: str) -> dict[TariffKey, PriceTimeline]:
    """This function will return a timeline for each tariff on the calendar of a site."""
    wanted = set(keys)
    calendar = _calendar_key(site_id, zone)
    versions: dict[TariffKey, list[_VersionKey]] = {key: [] for key in wanted}
    rows = TariffVersion.objects.filter(
        scope_id__in={scope for scope, _ in wanted}, code__in={code for _, code in wanted}, published_at__isnull=False
    ).values_list("scope_id", "code", "id", "effective_from", "definition_hash")
    for scope_id, code, version_id, effective_from, definition_hash in rows:
        if (scope_id, code) in versions:
            versions[scope_id, code].append(_VersionKey(version_id, effective_from, definition_hash))
    return {key: _timeline(tuple(sorted(found, key=lambda one: one.id)), calendar) for key, found in versions.items()}


def unpriced_timeline(*, zone: str) -> PriceTimeline:
    """This function will return a timeline without any version: all time on it is unpriced."""
    return _timeline((), _CalendarKey(zone, ()))


def load_tariffs(*, version_ids: Iterable[int]) -> dict[int, Tariff]:
    """This function will return the price plans of published versions."""
    rows = TariffVersion.objects.filter(pk__in=set(version_ids)).values_list("id", "definition_hash")
    return {version_id: _tariff(version_id, definition_hash) for version_id, definition_hash in rows}


def load_calendar(*, site_id: int, zone: str) -> DayCalendar:
    """This function will return the calendar of a site."""
    return _calendar(_calendar_key(site_id, zone))


def _calendar_key(site_id: int, zone: str) -> _CalendarKey:
    days = CalendarDay.objects.filter(site_id=site_id).order_by("date").values_list("date", "kind")
    return _CalendarKey(zone, tuple((day, str(kind)) for day, kind in days))


@lru_cache(maxsize=TIMELINES_MAX)
def _calendar(key: _CalendarKey) -> DayCalendar:
    return DayCalendar(ZoneInfo(key.zone), dict(key.special))


@lru_cache(maxsize=TARIFFS_MAX)
def _tariff(version_id: int, definition_hash: str) -> Tariff:
    return Tariff.from_json(TariffVersion.objects.get(pk=version_id, definition_hash=definition_hash).definition)


@lru_cache(maxsize=TIMELINES_MAX)
def _timeline(versions: tuple[_VersionKey, ...], calendar: _CalendarKey) -> PriceTimeline:
    dated = [DatedTariff(one.id, one.effective_from, _tariff(one.id, one.definition_hash)) for one in versions]
    return PriceTimeline(versions=dated, calendar=_calendar(calendar))
