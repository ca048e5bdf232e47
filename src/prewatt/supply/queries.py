"""Reads of supply for use cases and faces. Who may see is asked before, in the scope of the point's building."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.cases.models import Case
from prewatt.estate.models import MeteringPoint, Place, Site
from prewatt.supply.errors import UnknownPoint, UnknownSite
from prewatt.supply.models import Command, Decision, Hold, ModeChange, Relay, SupplyPolicy
from prewatt.supply.policy import Answer, CutsMade, NoticeProof, decide, inputs_of
from prewatt.supply.services.review import judge
from prewatt.supply.standings import account_facts, list_point_rows, list_standings, sites_now
from prewatt.supply.values import PointSupply, PreviewRow, Standing
from prewatt.tenancy.models import Account

__all__ = ["list_standings"]

ACCOUNTS_MAX = 500


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold as screens show it. ``lifted_at`` None: it acts, or will."""

    public_id: UUID
    reason: str
    effect: str
    note: str
    from_at: datetime
    to_at: datetime | None
    lifted_at: datetime | None
    placed_by: str
    lifted_by: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as screens show it, with everything it looked at."""

    id: int
    at: datetime
    point_id: int | None
    mode: str
    answer: str
    reason: str
    inputs: Mapping[str, object]
    action_id: int | None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as screens and machines see it. ``estate_at`` is estate time, the others machine time."""

    public_id: UUID
    point_id: int
    point_code: str
    point_public_id: UUID
    wanted: str
    cause: str
    state: str
    error: str
    tries: int
    queued_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    estate_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The rules of a site. Amounts in minor units."""

    level_1: int
    level_2: int
    min_reconnect_balance: int
    cuts_per_minute: int
    cuts_per_day: int
    friendly_from: str
    friendly_to: str
    friendly_weekends: bool
    last_call_s: int
    notice_channels: tuple[str, ...]
    stopped_at: datetime | None
    stopped_why: str


def point_supply(*, point_id: int) -> PointSupply:
    """This function will return a point's supply as it stands: wish, proof, and the holds that act."""
    point = MeteringPoint.objects.select_related("relay").get(pk=point_id)
    relay = getattr(point, "relay", None) or Relay(metering_point=point)
    holds = Hold.objects.filter(metering_point=point, lifted_at=None).order_by("pk").values_list("reason", flat=True)
    return PointSupply(
        point_id=point.pk, public_id=point.public_id, code=point.code, site_id=point.site_id, desired=relay.desired,
        reported=relay.reported, frozen=relay.frozen, stopped=relay.stopped, withheld=relay.withheld,
        holds=tuple(holds),
    )  # fmt: skip


def get_point(*, public_id: UUID, user: User | None = None, permission: str = Permission.ACCOUNT_VIEW) -> MeteringPoint:
    """This function will return a point with its site, building and scopes, for use cases. Raises UnknownPoint."""
    rows = MeteringPoint.objects.select_related("site__scope", "building__scope")
    if user is not None:
        rows = for_scope(rows, path_field="building__scope__path", user=user, permission=permission)
    point = rows.filter(public_id=public_id).first()
    if point is None:
        raise UnknownPoint("There is no such metering point, or it is not within your scope.")
    return point


def list_holds(*, point_id: int, with_lifted: bool = False, limit: int = 50) -> list[HoldRow]:
    """This function will list a point's holds, newest first."""
    rows = Hold.objects.filter(metering_point=point_id).select_related("placed_by", "lifted_by").order_by("-pk")
    if not with_lifted:
        rows = rows.filter(lifted_at=None)
    return [
        HoldRow(
            row.public_id, row.reason, row.effect, row.note, row.from_at, row.to_at, row.lifted_at,
            str(row.placed_by or ""), str(row.lifted_by or ""),
        )
        for row in rows[:limit]
    ]  # fmt: skip


def list_open_holds(*, point_id: int, reason: str) -> list[Hold]:
    """This function will list a point's open holds for one reason, for use cases."""
    return list(Hold.objects.filter(metering_point=point_id, reason=reason, lifted_at=None).order_by("pk"))


def list_decisions(*, account_id: int, limit: int = 50) -> list[DecisionView]:
    """This function will list what was decided about an account's points, newest first."""
    rows = Decision.objects.filter(account_id=account_id).order_by("-at", "-id")[:limit]
    return [
        DecisionView(row.id, row.at, row.metering_point_id, row.mode, row.answer, row.reason, row.inputs, row.action_id)
        for row in rows
    ]


def list_commands(*, point_ids: Collection[int], limit: int = 50) -> list[CommandRow]:
    """This function will list commands of points, newest first."""
    return [_command_row(row) for row in _commands().filter(metering_point__in=point_ids).order_by("-id")[:limit]]


def find_command(*, public_id: UUID, user: User, permission: str) -> CommandRow | None:
    """This function will find a command that the login may see."""
    rows = for_scope(
        _commands(), path_field="metering_point__building__scope__path", user=user, permission=permission
    )  # fmt: skip
    row = rows.filter(public_id=public_id).first()
    return _command_row(row) if row else None


def _commands() -> QuerySet[Command]:
    return Command.objects.select_related("metering_point")


def _command_row(row: Command) -> CommandRow:
    return CommandRow(
        row.public_id, row.metering_point_id, row.metering_point.code, row.metering_point.public_id, row.wanted,
        row.cause, row.state, row.error, row.tries, row.queued_at, row.sent_at, row.acknowledged_at, row.ended_at,
        row.estate_at, row.deadline,
    )  # fmt: skip


def get_policy(*, site_id: int) -> PolicyView:
    """This function will return the rules of a site; the defaults where none were set."""
    row = SupplyPolicy.objects.filter(site=site_id).first() or SupplyPolicy(site_id=site_id)
    return PolicyView(
        row.level_1, row.level_2, row.min_reconnect_balance, row.cuts_per_minute, row.cuts_per_day,
        row.friendly_from.isoformat("minutes") if row.friendly_from else "",
        row.friendly_to.isoformat("minutes") if row.friendly_to else "",
        row.friendly_weekends, row.last_call_s, tuple(row.notice_channels), row.stopped_at, row.stopped_why,
    )  # fmt: skip


def list_mode_changes(*, site_id: int, limit: int = 50) -> list[ModeChange]:
    """This function will list the signed steps of a site's supply mode, newest first."""
    return list(
        ModeChange.objects.filter(site=site_id).select_related("signed_by", "building").order_by("-at", "-pk")[:limit]
    )


def get_site(*, site_id: int) -> Site:
    """This function will return a site with its scope, for use cases. Raises UnknownSite."""
    site = Site.objects.select_related("scope").filter(pk=site_id).first()
    if site is None:
        raise UnknownSite("There is no such site.")
    return site


def find_building(*, site_id: int, building_id: int | None) -> Place | None:
    """This function will return a building of the site, or None when none is asked for. Raises UnknownSite."""
    if building_id is None:
        return None
    building = Place.objects.select_related("scope").filter(pk=building_id, site=site_id, kind="building").first()
    if building is None:
        raise UnknownSite("There is no such building on this site.")
    return building


def list_open_account_ids(*, site_id: int | None = None) -> list[int]:
    """This function will list the open prepaid accounts of a site, or of all, by number."""
    rows = Account.objects.filter(state="open", payment_mode="prepaid")
    if site_id is not None:
        rows = rows.filter(site=site_id)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def list_accounts_to_judge(*, site_id: int | None = None, limit: int = 10_000) -> list[int]:
    """This function will list accounts whose answer may change by time alone: spared, in shadow, or cut but not proven.

    It reads the small index of such relays, never all accounts.
    """
    waiting = Q(relay__differs=True, relay__desired="off") | ~Q(relay__withheld="") | Q(relay__shadow=True)
    rows = MeteringPoint.objects.filter(waiting, relay__isnull=False)
    if site_id is not None:
        rows = rows.filter(site=site_id)
    by_tenancy = rows.filter(tenancies__period__upper_inf=True).values_list("tenancies__account_id", flat=True)
    by_hold = Hold.objects.filter(metering_point__in=rows, reason="credit", lifted_at=None)
    ids = set(by_tenancy[:limit])
    ids.update(int(key.removeprefix("account:")) for key in by_hold.values_list("source_key", flat=True)[:limit])
    return sorted(ids)


def list_accounts_whose_answer_changes(
    *, account_ids: Collection[int], now: datetime, proofs: Mapping[int, NoticeProof] | None = None
) -> list[int]:
    """This function will tell for which accounts a review would write something. It locks and writes nothing."""
    changed: set[int] = set()
    ids = sorted(account_ids)
    for start in range(0, len(ids), ACCOUNTS_MAX):
        standings = list_standings(account_ids=ids[start : start + ACCOUNTS_MAX], now=now)
        judged = judge(standings=standings, now=now, proofs=proofs)
        changed.update(one.point.account_id for one in judged if one.is_news)
    return sorted(changed)


def has_unrestored(*, now: datetime, after: timedelta, urgent_after: timedelta) -> bool:
    """This function will tell whether a point that should have power has been off for ``after`` and nobody was called.

    Nor is anybody called again before ``urgent_after`` makes the case urgent.
    """
    open_case = Case.objects.filter(
        kind="paid_not_on",
        subject_kind="metering_point",
        subject_id=Cast(OuterRef("pk"), CharField()),
        closed_at=None,
    )
    waiting = Relay.objects.filter(differs=True, desired="on", reported="off", desired_at__lte=now - after)
    is_due = ~Exists(open_case) | Q(~Exists(open_case.filter(severity="urgent")), desired_at__lte=now - urgent_after)
    return waiting.filter(is_due).exists()


def has_ended_holds(*, now: datetime) -> bool:
    """This function will tell whether a hold's end has come."""
    return Hold.objects.filter(lifted_at=None, to_at__lte=now).exists()


def has_overdue_commands(*, machine_now: datetime) -> bool:
    """This function will tell whether a live command's deadline has passed."""
    return Command.objects.filter(state__in=["queued", "sent", "acknowledged"], deadline__lte=machine_now).exists()


def preview_live(
    *,
    standings: Collection[Standing],
    now: datetime,
    building_id: int | None = None,
    proofs: Mapping[int, NoticeProof] | None = None,
) -> list[PreviewRow]:
    """This function will say what would become of points in arrears, were they live at this moment.

    ``answer`` cut: now; spare: not yet, and why (no_notice: not before a last call has arrived and run out).
    """
    arrears = {one.account_id: one for one in standings if one.available <= 0 and one.prepaid and one.open}
    rows = [
        row
        for row in list_point_rows(account_ids=arrears, now=now)
        if building_id is None or row.building_id == building_id
    ]
    sites = sites_now(site_ids={row.site_id for row in rows}, loading=set(), now=now)
    preview = []
    for row in rows:
        standing = arrears[row.account_id]
        account = account_facts(standing, (proofs or {}).get(row.account_id))
        point = replace(row.facts, mode="live", held=False)
        rules = sites[row.site_id].rules
        verdict = decide(account=account, point=point, site=rules, cuts=CutsMade(), now=now)
        if verdict.answer in {Answer.CUT, Answer.SPARE}:
            facts = inputs_of(account=account, point=point, site=rules, cuts=CutsMade())
            preview.append(
                PreviewRow(
                    row.point_id, row.public_id, row.code, standing.number, standing.available, standing.currency,
                    str(verdict.answer), str(verdict.reason), facts,
                )
            )  # fmt: skip
    return preview
