"""Price plans as they were published, for who may see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from prewatt.billing.models import TariffVersion

PAGE_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class TariffLine:
    """A published version; ``definition`` as ``rating.tariff.Tariff.to_json`` writes it."""

    code: str
    version: int
    name: str
    currency: str
    reference: str
    effective_from: date
    published_at: datetime | None
    published_by: str
    definition: dict[str, Any]


def list_tariff_versions(
    *, site_public_id: UUID, code: str = "", after: tuple[str, int] | None = None, limit: int = 100
) -> list[TariffLine]:
    """This function will list a site's published versions by code and version; who may see is asked before."""
    rows = TariffVersion.objects.filter(scope__site__public_id=site_public_id).select_related("published_by")
    if code:
        rows = rows.filter(code=code)
    if after is not None:
        rows = rows.filter(Q(code__gt=after[0]) | Q(code=after[0], version__gt=after[1]))
    return [
        TariffLine(
            row.code, row.version, row.name, row.currency, row.reference, row.effective_from, row.published_at,
            str(row.published_by or ""), row.definition,
        )
        for row in rows.order_by("code", "version")[: min(limit, PAGE_ROWS_MAX + 1)]
    ]  # fmt: skip
