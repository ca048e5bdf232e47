"""Meters that hang, with the relay's wish and proof and the last accepted registers: for machines that read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from prewatt.access.models import User
from prewatt.access.queries import for_scope
from prewatt.estate.errors import UnknownPlace
from prewatt.estate.models import MeterInstallation

PAGE_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter on its point. ``desired`` and ``reported`` are None where nothing can disconnect.

    Registers are Wh as the meter shows them, before the multiplier.
    """

    public_id: UUID
    maker: str
    serial: str
    address: str
    multiplier: int
    point_id: int
    point_public_id: UUID
    point: str
    building: str
    installation_id: int
    desired: str | None
    reported: str | None
    proven_at: datetime | None
    comm: str
    last_ok_at: datetime | None
    read_at: datetime | None
    total_wh: int | None
    rates_wh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MeterPage:
    """Some meters, and the cursor that leads to those after them, or None."""

    meters: tuple[MeterRow, ...]
    next_cursor: UUID | None


def list_meters(
    *, user: User, permission: str, after: UUID | None = None, point: str = "", limit: int = 100
) -> MeterPage:
    """This function will list meters that hang within the login's scope, in the order of their public ids.

    ``point`` narrows to the meter on the metering point of that code.
    """
    rows = _visible(user=user, permission=permission)
    if after is not None:
        rows = rows.filter(meter__public_id__gt=after)
    if point:
        rows = rows.filter(metering_point__code=point)
    size = max(1, min(limit, PAGE_ROWS_MAX))
    found = list(rows.order_by("meter__public_id")[: size + 1])
    meters = tuple(_to_row(row) for row in found[:size])
    return MeterPage(meters, meters[-1].public_id if len(found) > size else None)


def get_meter(*, user: User, permission: str, public_id: UUID) -> MeterRow:
    """This function will return a meter that hangs within the login's scope. Raises UnknownPlace."""
    row = _visible(user=user, permission=permission).filter(meter__public_id=public_id).first()
    if row is None:
        raise UnknownPlace("There is no such meter, it hangs nowhere, or it is not within your scope.")
    return _to_row(row)


def _visible(*, user: User, permission: str) -> QuerySet[MeterInstallation]:
    rows = MeterInstallation.objects.filter(period__upper_inf=True).select_related(
        "meter", "metering_point__building", "metering_point__relay", "state"
    )
    return for_scope(rows, path_field="metering_point__building__scope__path", user=user, permission=permission)


def _to_row(row: MeterInstallation) -> MeterRow:
    point, state = row.metering_point, getattr(row, "state", None)
    relay = getattr(point, "relay", None)
    proof_is_of_this_meter = relay is not None and relay.installation_id == row.pk
    return MeterRow(
        public_id=row.meter.public_id, maker=row.meter.maker, serial=row.meter.serial, address=row.address,
        multiplier=row.multiplier, point_id=point.pk, point_public_id=point.public_id, point=point.code,
        building=point.building.code, installation_id=row.pk,
        desired=relay.desired if relay is not None else None,
        reported=None if relay is None else relay.reported if proof_is_of_this_meter else "unknown",
        proven_at=relay.proven_at if relay is not None and proof_is_of_this_meter else None,
        comm=state.comm if state is not None else "lost",
        last_ok_at=state.last_ok_at if state is not None else None,
        read_at=state.last_read_at if state is not None else None,
        total_wh=state.last_total_wh if state is not None else None,
        rates_wh=tuple(state.last_rates_wh) if state is not None else (),
    )  # fmt: skip
