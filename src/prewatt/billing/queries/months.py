"""Positions of months and the versions that price them, for papers. Who may see them is asked before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from prewatt.billing.models import Position, TariffVersion
from prewatt.billing.queries.timelines import load_tariffs
from prewatt.rating.tariff import Tariff


@dataclass(frozen=True, slots=True)
class MonthPosition:
    """What a tenancy used in a month under one tariff version: Wh in the order of the bands, amounts in minor units."""

    tenancy_id: int
    month: date
    version_id: int
    bands_wh: tuple[int, ...]
    rounded: int
    posted: int


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A published price plan, as papers name it."""

    id: int
    code: str
    version: int
    name: str
    reference: str
    effective_from: date
    tariff: Tariff


_POSITION = (
    "tenancy_id", "period_start", "tariff_version_id", "sharp_wh", "peak_wh", "flat_wh", "valley_wh", "deep_valley_wh",
    "rounded", "posted",
)  # fmt: skip


def list_month_positions(*, tenancy_ids: Collection[int], from_month: date, to_month: date) -> list[MonthPosition]:
    """This function will return the positions of tenancies in months from one to another, both in, in order of time."""
    rows = Position.objects.filter(
        tenancy__in=tenancy_ids, period_start__gte=from_month, period_start__lte=to_month
    ).order_by("period_start", "tenancy_id", "tariff_version__effective_from")
    return [
        MonthPosition(tenancy_id, month, version_id, tuple(bands_wh), rounded, posted)
        for tenancy_id, month, version_id, *bands_wh, rounded, posted in rows.values_list(*_POSITION)
    ]


def load_versions(*, version_ids: Collection[int]) -> dict[int, VersionFacts]:
    """This function will return price plans by row number."""
    tariffs = load_tariffs(version_ids=version_ids)
    rows = TariffVersion.objects.filter(pk__in=version_ids)
    return {
        row.pk: VersionFacts(
            row.pk, row.code, row.version, row.name, row.reference, row.effective_from, tariffs[row.pk]
        )
        for row in rows.only("code", "version", "name", "reference", "effective_from")
    }
