"""The estate as a machine walks it: metering points page by page, and a site's plan of gateways and lines."""

from uuid import UUID

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import MeteringPoint
from prewatt.estate.queries import PointFacts, list_points


def list_point_page(
    *,
    user: User,
    permission: str = Permission.ESTATE_VIEW,
    site_public_id: UUID | None = None,
    building: str = "",
    code: str = "",
    after: UUID | None = None,
    limit: int = 100,
) -> list[PointFacts]:
    """This function will list metering points within the login's scope, in the order of their public ids."""
    rows = for_scope(
        MeteringPoint.objects.all(), path_field="building__scope__path", user=user, permission=permission
    )  # fmt: skip
    if site_public_id is not None:
        rows = rows.filter(site__public_id=site_public_id)
    if building:
        rows = rows.filter(building__code=building)
    if code:
        rows = rows.filter(code=code)
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    ids = list(rows.order_by("public_id").values_list("pk", flat=True)[:limit])
    return sorted(list_points(point_ids=ids), key=lambda point: point.public_id)
