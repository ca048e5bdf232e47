"""What follows when meters and gateways fall silent or answer again: cases, fresh budgets, and a new look at supply."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from prewatt.cases.kinds import Kind
from prewatt.cases.models import Case
from prewatt.cases.services import close_case, close_cases, open_case
from prewatt.estate.models import Gateway, MeterInstallation, Site
from prewatt.metering.comm import GatewayMove, MeterMove
from prewatt.supply.commands import NO_ANSWER
from prewatt.supply.services import resume_relays

METER: Final = "meter_installation"
GATEWAY: Final = "gateway"
DRIFT_S_MAX: Final = 300
"""A clock further off than this cannot be set by broadcast; a person must."""


def answering_again(*, installation_ids: Collection[int], now: datetime) -> None:
    """This function will close the cases of meters that answer; relays that nobody could reach get a fresh budget."""
    if not installation_ids:
        return
    subjects = [str(number) for number in installation_ids]
    close_cases(kind=Kind.METER_LOST, subject_kind=METER, subject_ids=subjects, now=now, note="It answers again.")
    points = MeterInstallation.objects.filter(pk__in=installation_ids, period__contains=now)
    resume_relays(
        point_ids=list(points.values_list("metering_point_id", flat=True)), now=now, causes=[NO_ANSWER]
    )  # fmt: skip


def call_for_meters(*, moves: Sequence[MeterMove], now: datetime) -> None:
    """This function will open a case for each meter lost while its gateway is there, and for each wrong clock."""
    sites = Site.objects.select_related("scope").in_bulk({move.site_id for move in moves})
    for move in moves:
        scope = sites[move.site_id].scope
        if move.comm == "lost" and move.before != "lost" and not move.gateway_lost:
            open_case(
                scope=scope, kind=Kind.METER_LOST, subject_kind=METER, subject_id=move.installation_id,
                subject_label=move.point_code, severity="warning", now=now, detail={"point": move.point_code},
            )  # fmt: skip
        drift = move.clock_drift_s
        if drift is not None and abs(drift) > DRIFT_S_MAX:
            open_case(
                scope=scope, kind=Kind.CLOCK_DRIFT, subject_kind=METER, subject_id=move.installation_id,
                subject_label=move.point_code, severity="info", now=now, detail={"drift_s": drift},
            )  # fmt: skip
        elif drift is not None:
            close_case(
                kind=Kind.CLOCK_DRIFT, subject_kind=METER, subject_id=move.installation_id, now=now,
                note="The clock is right.",
            )  # fmt: skip


def call_for_gateways(*, moves: Sequence[GatewayMove], now: datetime) -> None:
    """This function will open one case for a gateway that is down, in place of those of its meters, and close it."""
    for move in moves:
        if move.comm != "lost":
            close_case(
                kind=Kind.GATEWAY_LOST, subject_kind=GATEWAY, subject_id=move.gateway_id, now=now,
                note="It answers again.",
            )  # fmt: skip
            continue
        gateway = Gateway.objects.select_related("site__scope").get(pk=move.gateway_id)
        open_case(
            scope=gateway.site.scope, kind=Kind.GATEWAY_LOST, subject_kind=GATEWAY, subject_id=gateway.pk,
            subject_label=gateway.code, severity="urgent", now=now, detail={"note": move.note},
        )  # fmt: skip
        meters = MeterInstallation.objects.filter(bus__gateway=gateway, period__contains=now)
        close_cases(
            kind=Kind.METER_LOST, subject_kind=METER, now=now, note=f"Gateway {gateway.code} is down.",
            subject_ids=[str(pk) for pk in meters.values_list("pk", flat=True)],
        )  # fmt: skip


def call_for_silent(*, bus_ids: Collection[int], now: datetime) -> None:
    """This function will open the missing cases of meters that stay lost on buses that were just swept."""
    silent = MeterInstallation.objects.select_related("metering_point__site__scope").filter(
        bus__in=bus_ids, period__contains=now, state__comm="lost", state__failures__gt=0
    )
    rows = list(silent.exclude(bus__gateway__state__comm="lost").order_by("pk"))
    known = Case.objects.filter(
        kind=Kind.METER_LOST, subject_kind=METER, subject_id__in=[str(row.pk) for row in rows], closed_at=None
    )
    open_already = set(known.values_list("subject_id", flat=True))
    for meter in rows:
        if str(meter.pk) not in open_already:
            point = meter.metering_point
            open_case(
                scope=point.site.scope, kind=Kind.METER_LOST, subject_kind=METER, subject_id=meter.pk,
                subject_label=point.code, severity="warning", now=now, detail={"point": point.code},
            )  # fmt: skip
