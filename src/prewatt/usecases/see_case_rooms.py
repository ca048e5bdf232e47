"""The rooms behind the shift board's list: those that cases are about, and those that wait without a case."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from prewatt.cases.queries import CaseLine
from prewatt.estate.models import MeteringPoint, MeterInstallation
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date
from prewatt.supply.models import Command
from prewatt.tenancy.models import Account, Tenancy
from prewatt.tenancy.queries import account_facts
from prewatt.usecases.see_site import SiteView
from prewatt.usecases.see_truths import Truths, see_truths

UUID_CHARS: Final = 36


@dataclass(frozen=True, slots=True)
class CaseRoom:
    """A room as the list names it."""

    point_id: int
    code: str
    customer: str
    account_public_id: UUID | None
    available: Money | None
    empties_at: datetime | None
    truths: Truths


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """A room that waits without a case. ``kind``: restoring, cutting, spared, zero."""

    kind: str
    since: datetime
    room: CaseRoom


_WAITING: Final = """
SELECT p.id, CASE WHEN r.differs AND r.desired = 'on' AND r.reported = 'off' THEN 'restoring'
                  WHEN r.differs AND r.desired = 'off' AND r.reported = 'on' THEN 'cutting'
                  WHEN r.withheld <> '' THEN 'spared' ELSE 'zero' END AS kind,
       CASE WHEN r.differs THEN r.desired_at ELSE coalesce(a.empties_at, %(now)s) END AS since
  FROM estate_meteringpoint p
  JOIN supply_relay r ON r.metering_point_id = p.id
  JOIN tenancy_tenancy t ON t.metering_point_id = p.id AND upper_inf(t.period)
  JOIN tenancy_account a ON a.id = t.account_id AND a.payment_mode = 'prepaid' AND a.state = 'open'
 WHERE p.building_id = ANY(%(buildings)s) AND NOT (p.id = ANY(%(known)s))
   AND ((r.differs AND r.reported <> 'unknown') OR r.withheld <> ''
        OR (a.empties_at < %(tomorrow)s AND r.desired = 'on'))
 ORDER BY CASE WHEN r.differs AND r.desired = 'on' THEN 0 WHEN r.differs THEN 1 WHEN r.withheld <> '' THEN 2 ELSE 3 END,
          3, p.code
 LIMIT %(limit)s
"""


def see_waiting_rooms(
    *, site: SiteView, building_ids: Collection[int], now: datetime, known: Collection[int], limit: int
) -> list[WaitingRoom]:
    """This function will list rooms that somebody should know of, the most urgent first, without those ``known``.

    Who may see the buildings is asked before.
    """
    wanted: dict[str, Any] = {
        "buildings": list(building_ids), "known": list(known), "now": now,
        "tomorrow": day_start(local_date(now, site.zone) + timedelta(days=1), site.zone), "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, wanted)
        rows = cursor.fetchall()
    rooms = _rooms([point_id for point_id, _, _ in rows])
    return [WaitingRoom(kind, since, rooms[point_id]) for point_id, kind, since in rows]


def see_case_rooms(*, cases: Sequence[CaseLine]) -> dict[int, CaseRoom]:
    """This function will find the room of each case whose subject is one, by the case's row number.

    A case about an account is shown with the account's first room.
    """
    points = _points_of(cases)
    rooms = _rooms(set(points.values()))
    return {case_id: rooms[point_id] for case_id, point_id in points.items()}


def _rooms(point_ids: Collection[int]) -> dict[int, CaseRoom]:
    payers = dict(
        Tenancy.objects.filter(metering_point__in=point_ids, period__upper_inf=True).values_list(
            "metering_point_id", "account_id"
        )
    )
    facts = {one.id: one for one in account_facts(account_ids=set(payers.values()))}
    rooms = {}
    for point_id, truths in see_truths(point_ids=sorted(point_ids)).items():
        account = facts.get(payers.get(point_id, 0))
        rooms[point_id] = CaseRoom(
            point_id=point_id, code=truths.code, truths=truths, customer=account.customer_name if account else "",
            account_public_id=account.public_id if account else None,
            available=account.available if account and account.payment_mode == "prepaid" else None,
            empties_at=account.empties_at if account else None,
        )  # fmt: skip
    return rooms


def _points_of(cases: Iterable[CaseLine]) -> dict[int, int]:
    """This function will return the point's row number by the case's. Rooms name a subject by number or public id."""
    named: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        named[case.subject_kind].add(case.subject_id)
    points: dict[tuple[str, str], int] = {}
    for kind, (rows, path) in _SOURCES.items():
        for pk, public_id, point_id in _matching(rows(), path, named[kind]) if named[kind] else ():
            points.setdefault((kind, str(pk)), point_id)
            points.setdefault((kind, str(public_id)), point_id)
    return {
        case.id: points[case.subject_kind, case.subject_id]
        for case in cases
        if (case.subject_kind, case.subject_id) in points
    }


def _matching(rows: QuerySet[Any], path: str, names: set[str]) -> list[tuple[int, UUID, int]]:
    numbers = [int(name) for name in names if name.isdecimal()]
    uuids = [UUID(name) for name in names if len(name) == UUID_CHARS]
    found = rows.filter(Q(pk__in=numbers) | Q(public_id__in=uuids)).exclude(**{path: None})
    return list(found.values_list("pk", "public_id", path))


_SOURCES: Final[dict[str, tuple[Callable[[], QuerySet[Any]], str]]] = {
    "metering_point": (MeteringPoint.objects.all, "pk"),
    "meter_installation": (MeterInstallation.objects.all, "metering_point_id"),
    "command": (Command.objects.all, "metering_point_id"),
    "account": (
        lambda: Account.objects.filter(tenancies__period__upper_inf=True).order_by("tenancies__metering_point__code"),
        "tenancies__metering_point_id",
    ),
}
