"""The room that a case is about, with its three truths: for the list on the shift board."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from prewatt.cases.queries import CaseLine
from prewatt.estate.models import MeterInstallation
from prewatt.kernel.money import Money
from prewatt.supply.models import Command
from prewatt.tenancy.models import Tenancy
from prewatt.tenancy.queries import account_facts
from prewatt.usecases.see_truths import Truths, see_truths


@dataclass(frozen=True, slots=True)
class CaseRoom:
    """A room as the list names it."""

    point_id: int
    code: str
    customer: str
    account_public_id: UUID | None
    account_id: int | None
    available: Money | None
    truths: Truths


def see_case_rooms(*, cases: Sequence[CaseLine]) -> dict[int, CaseRoom]:
    """This function will find the room of each case whose subject is one, by the case's row number.

    A case about an account is shown with the account's first room.
    """
    points = _points_of(cases)
    tenancies = {
        row.metering_point_id: row
        for row in Tenancy.objects.filter(metering_point__in=set(points.values()), period__upper_inf=True)
    }
    facts = {one.id: one for one in account_facts(account_ids={row.account_id for row in tenancies.values()})}
    truths = see_truths(point_ids=sorted(set(points.values())))
    rooms: dict[int, CaseRoom] = {}
    for case_id, point_id in points.items():
        account = facts.get(tenancies[point_id].account_id) if point_id in tenancies else None
        rooms[case_id] = CaseRoom(
            point_id=point_id, code=truths[point_id].code, truths=truths[point_id],
            customer=account.customer_name if account else "", account_id=account.id if account else None,
            account_public_id=account.public_id if account else None,
            available=account.available if account else None,
        )  # fmt: skip
    return rooms


def _points_of(cases: Iterable[CaseLine]) -> dict[int, int]:
    """This function will return the point's row number by the case's, whatever kind of subject names it."""
    subjects: dict[str, set[int]] = defaultdict(set)
    for case in cases:
        if case.subject_id.isdecimal():
            subjects[case.subject_kind].add(int(case.subject_id))
    accounts = Tenancy.objects.filter(account__in=subjects["account"], period__upper_inf=True)
    by_kind: dict[str, dict[int, int]] = {
        "metering_point": {one: one for one in subjects["metering_point"]},
        "installation": dict(
            MeterInstallation.objects.filter(pk__in=subjects["installation"]).values_list("pk", "metering_point_id")
        ),
        "command": dict(Command.objects.filter(pk__in=subjects["command"]).values_list("pk", "metering_point_id")),
        "account": dict(accounts.order_by("-metering_point__code").values_list("account_id", "metering_point_id")),
    }
    found = {}
    for case in cases:
        point = by_kind.get(case.subject_kind, {}).get(int(case.subject_id)) if case.subject_id.isdecimal() else None
        if point is not None:
            found[case.id] = point
    return found
