"""The agreement that a tenant signs: rooms, meters with their opening registers, prices and the rules of supply."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor
from prewatt.billing.queries.months import VersionFacts, load_versions
from prewatt.billing.queries.payers import load_payers
from prewatt.kernel.clock import estate_now
from prewatt.kernel.period import local_date
from prewatt.ledger.queries import find_book
from prewatt.ledger.values import DocumentValue
from prewatt.metering.queries.registers import list_register_spans
from prewatt.rating.segments import to_us
from prewatt.supply.queries import get_policy
from prewatt.tenancy.models import Account, Tenancy
from prewatt.usecases._money import scope_of_account
from prewatt.usecases._papers import Series, issue_in_force, load_parties
from prewatt.usecases.work import unit_of_work

SUBJECT: Final = "account_terms"
KIND: Final = "agreement"
DESK: Final = "desk"


def issue_agreement(*, actor: Actor, account_id: int, correcting: bool = False, reason: str = "") -> DocumentValue:
    """This function will issue an account's agreement as things stand today, or return the one in force.

    ``correcting``: when rooms, prices or rules have changed since, that becomes void and another takes its place.
    """
    scope, subject = scope_of_account(account_id=account_id)
    account = Account.objects.select_related("site", "customer").get(pk=account_id)
    book_id = find_book(code=account.site.code)
    if book_id is None:
        raise RuntimeError(f"site {account.site.code} has no book")
    today = local_date(estate_now(), ZoneInfo(account.site.time_zone))
    contents = {str(account.public_id): _content(account, today)}
    with unit_of_work(actor=actor, verb="issue_agreement", scope=scope, subject=subject, reason=reason) as work:
        series = Series(book_id, KIND, today.year, DESK, SUBJECT)
        return next(iter(issue_in_force(work, series=series, contents=contents, correcting=correcting).values()))


def _content(account: Account, today: date) -> dict[str, Any]:
    party = load_parties(account_ids=[account.pk])[account.pk]
    tenancies = {
        row.pk: row
        for row in Tenancy.objects.select_related("metering_point")
        .filter(account=account, period__upper_inf=True)
        .order_by("metering_point__code")
    }
    return {
        **party.common,
        "customer_phone": account.customer.phone,
        "customer_email": account.customer.email,
        "payment_mode": account.payment_mode,
        "rooms": [row.metering_point.code for row in tenancies.values()],
        "amount": None,
        "meters": _meters(tenancies),
        "prices": [_price(one) for one in _versions(account, tenancies, today)],
        "rules": _rules(account),
    }


def _meters(tenancies: Mapping[int, Tenancy]) -> list[dict[str, Any]]:
    """Return the meter of each room as it was when the tenant took it over."""
    if not tenancies:
        return []
    begun = min(row.period.lower for row in tenancies.values())
    first: dict[int, Any] = {}
    for span in list_register_spans(tenancy_ids=list(tenancies), from_at=begun, to_at=estate_now()):
        first.setdefault(span.tenancy_id, span)
    return [
        {
            "room": span.room, "meter": span.serial, "multiplier": span.multiplier,
            "rated_power_w": tenancies[tenancy_id].metering_point.rated_power_w,
            "from_at": tenancies[tenancy_id].period.lower, "opening_wh": span.first.total_wh,
        }
        for tenancy_id, span in first.items()
    ]  # fmt: skip


def _versions(account: Account, tenancies: Mapping[int, Tenancy], today: date) -> list[VersionFacts]:
    """Return the price versions that hold for the rooms today, each once."""
    now = estate_now()
    points = [row.metering_point_id for row in tenancies.values()]
    payers = load_payers(
        point_ids=points, site_id=account.site_id, zone=account.site.time_zone, from_at=now, to_at=now
    )  # fmt: skip
    wanted: dict[int, None] = {}
    for point_id in points:
        for stretch in payers.stretches.get(point_id, ()):
            dated = stretch.timeline.version_on(today)
            if stretch.from_us <= to_us(now) < stretch.to_us and dated is not None:
                wanted[dated.version] = None
    versions = load_versions(version_ids=list(wanted))
    return [versions[one] for one in wanted]


def _price(one: VersionFacts) -> dict[str, Any]:
    return {
        "tariff": one.name, "code": one.code, "version": one.version, "from": one.effective_from,
        "reference": one.reference, "days": one.tariff.to_json()["days"],
        "bands": [[int(band), one.tariff.price_of(band)] for band in one.tariff.bands],
    }  # fmt: skip


def _rules(account: Account) -> dict[str, Any]:
    policy = get_policy(site_id=account.site_id)
    return {
        "level_1": policy.level_1 if account.level_1 is None else account.level_1,
        "level_2": policy.level_2 if account.level_2 is None else account.level_2,
        "allowed_credit": account.allowed_credit,
        "min_reconnect": policy.min_reconnect_balance,
        "last_call_minutes": policy.last_call_s // 60,
        "friendly_from": policy.friendly_from,
        "friendly_to": policy.friendly_to,
        "friendly_weekends": policy.friendly_weekends,
    }
