"""Accounts as the faces read them, within the scopes of a login."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import TOKEN_CHARS_MAX, for_scope, hash_token, scopes_of
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.ledger.queries import party_balance
from prewatt.tenancy.errors import RoleTooSmall, UnknownAccount, UnknownInvitation
from prewatt.tenancy.models import (
    Account,
    AccountShare,
    AccountState,
    Bucket,
    Customer,
    PortalInvitation,
    Tenancy,
)
from prewatt.tenancy.search import search_words
from prewatt.tenancy.values import (
    ROLES,
    AccountFacts,
    AccountPage,
    AccountPoint,
    CustomerLine,
    InvitationRow,
    SharedAccount,
    ShareRow,
    is_role_enough,
)

PAGE_ROWS_MAX = 200
HITS_MAX = 50
SHARED_MAX = 500


def visible_accounts(*, user: User, permission: str = Permission.ACCOUNT_VIEW) -> QuerySet[Account]:
    """This function will narrow accounts to those at a site, or with a point in a building, that the login may see.

    Both are asked of each account that is looked at: a list of all that may be seen would be made for every page.
    """
    sites = Q()
    for scope in scopes_of(user=user, permission=permission):
        sites |= Q(site__scope__path__startswith=scope.path)
    if not sites:
        return Account.objects.none()
    tenancies = for_scope(
        Tenancy.objects.filter(account=OuterRef("pk"), period__upper_inf=True),
        path_field="metering_point__building__scope__path",
        user=user,
        permission=permission,
    )
    return Account.objects.filter(sites | Q(Exists(tenancies)))


def find_accounts(
    *, user: User, text: str, limit: int = 20, permission: str = Permission.ACCOUNT_VIEW
) -> list[AccountFacts]:
    """This function will find open accounts by number, name, pinyin, phone, room or meter; each word must be met.

    Accounts whose number or room is exactly a word come first. Nothing typed, nothing found.
    """
    words = search_words(text)
    if not words:
        return []
    rows = visible_accounts(user=user, permission=permission).filter(state=AccountState.OPEN)
    exact = Q()
    for word in words:
        rows = rows.filter(search_text__contains=word)
        exact |= Q(number__iexact=word)
    found = rows.order_by("number").values_list("pk", "search_text")[: HITS_MAX * 4]
    whole = sorted(found, key=lambda row: not set(words) <= set(row[1].split()))
    facts = _facts(pks=[pk for pk, _ in whole[: min(limit, HITS_MAX)]])
    return sorted(facts, key=lambda one: _rank(one, words))


def _rank(one: AccountFacts, words: Sequence[str]) -> tuple[bool, str]:
    codes = {one.number.lower(), *(point.code.lower() for point in one.points)}
    return not codes & set(words), one.number


def get_account(*, user: User, public_id: UUID, permission: str = Permission.ACCOUNT_VIEW) -> AccountFacts:
    """This function will return one account with its numbers and points. Raises UnknownAccount."""
    rows = visible_accounts(user=user, permission=permission).filter(public_id=public_id)
    found = _facts(pks=list(rows.values_list("pk", flat=True)))
    if not found:
        raise UnknownAccount("There is no such account, or it is not within your scope.")
    return found[0]


def list_accounts(
    *,
    user: User,
    site_public_id: UUID | None = None,
    customer_public_id: UUID | None = None,
    state: str = "",
    text: str = "",
    after: UUID | None = None,
    limit: int = 100,
    permission: str = Permission.ACCOUNT_VIEW,
) -> AccountPage:
    """This function will list accounts in the order of their public ids, at most 200 at a time.

    ``text`` is searched as at the desk: number, name, pinyin, phone, room or meter; each word must be met.
    """
    rows = visible_accounts(user=user, permission=permission)
    for word in search_words(text):
        rows = rows.filter(search_text__contains=word)
    if state:
        rows = rows.filter(state=state)
    if customer_public_id is not None:
        rows = rows.filter(customer__public_id=customer_public_id)
    if site_public_id is not None:
        rows = rows.filter(site__public_id=site_public_id)
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    size = max(1, min(limit, PAGE_ROWS_MAX))
    pks = list(rows.order_by("public_id").values_list("pk", flat=True)[: size + 1])
    facts = _facts(pks=pks[:size])
    return AccountPage(tuple(facts), facts[-1].public_id if len(pks) > size else None)


def list_customers(
    *, user: User, permission: str = Permission.ACCOUNT_VIEW, after: UUID | None = None, limit: int = 100
) -> list[CustomerLine]:
    """This function will list customers with an account that the login may see, in the order of their public ids."""
    rows = _visible_customers(user, permission)
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    return [_customer(row) for row in rows.order_by("public_id")[:limit]]


def get_customer(*, user: User, public_id: UUID, permission: str = Permission.ACCOUNT_VIEW) -> CustomerLine:
    """This function will return one customer with an account that the login may see. Raises UnknownAccount."""
    row = _visible_customers(user, permission).filter(public_id=public_id).first()
    if row is None:
        raise UnknownAccount("There is no such customer, or none with an account within your scope.")
    return _customer(row)


def _visible_customers(user: User, permission: str) -> QuerySet[Customer]:
    accounts = visible_accounts(user=user, permission=permission)
    return Customer.objects.filter(pk__in=accounts.values("customer_id"))


def _customer(row: Customer) -> CustomerLine:
    return CustomerLine(
        row.public_id, row.code, row.kind, row.name, row.phone, row.email, row.tax_no, row.language
    )  # fmt: skip


def account_facts(*, account_ids: Iterable[int]) -> list[AccountFacts]:
    """This function will return the facts of accounts by row number, for rooms that have already asked who may see."""
    return _facts(pks=list(account_ids))


_COLUMNS = (
    "id", "public_id", "number", "payment_mode", "state", "currency", "site_id", "site__public_id", "site__name",
    "customer__public_id", "customer__name", "customer__kind", "customer__phone", "customer__email",
    "customer__language", "accrued", "allowed_credit", "daily_cost", "empties_at", "level_1", "level_2",
)  # fmt: skip


def _facts(*, pks: Sequence[int]) -> list[AccountFacts]:
    """This function will return facts in the order of ``pks``, in four queries however many there are."""
    buckets: dict[int, list[int]] = defaultdict(list)
    for account_id, ledger_account_id in Bucket.objects.filter(account__in=pks).values_list(
        "account_id", "ledger_account_id"
    ):
        buckets[account_id].append(ledger_account_id)
    balances = party_balance(ledger_account_ids=[one for ids in buckets.values() for one in ids])
    points = _points(account_ids=pks)
    by_pk = {}
    for row in Account.objects.filter(pk__in=pks).values(*_COLUMNS):
        ids = tuple(buckets[row["id"]])
        balance = sum((balances[one] for one in ids), Money.zero(row["currency"]))
        by_pk[row["id"]] = _to_facts(row, ids, balance, tuple(points[row["id"]]))
    return [by_pk[pk] for pk in pks if pk in by_pk]


def _to_facts(
    row: dict[str, Any], ledger_ids: tuple[int, ...], balance: Money, points: tuple[AccountPoint, ...]
) -> AccountFacts:
    currency = row["currency"]
    return AccountFacts(
        id=row["id"],
        public_id=row["public_id"],
        number=row["number"],
        payment_mode=row["payment_mode"],
        state=row["state"],
        currency=currency,
        site_id=row["site_id"],
        site_public_id=row["site__public_id"],
        site_name=row["site__name"],
        customer_public_id=row["customer__public_id"],
        customer_name=row["customer__name"],
        customer_kind=row["customer__kind"],
        phone=row["customer__phone"],
        email=row["customer__email"],
        language=row["customer__language"],
        ledger_account_ids=ledger_ids,
        ledger_balance=balance,
        accrued=Money(row["accrued"], currency),
        allowed_credit=Money(row["allowed_credit"], currency),
        daily_cost=None if row["daily_cost"] is None else Money(row["daily_cost"], currency),
        empties_at=row["empties_at"],
        level_1=row["level_1"],
        level_2=row["level_2"],
        points=points,
    )


def _points(*, account_ids: Sequence[int]) -> dict[int, list[AccountPoint]]:
    found: dict[int, list[AccountPoint]] = defaultdict(list)
    rows = Tenancy.objects.filter(account__in=account_ids).order_by("metering_point__code", "period")
    for row in rows.values_list(
        "account_id", "metering_point_id", "metering_point__public_id", "metering_point__code",
        "metering_point__building__code", "pk", "period",
    ):  # fmt: skip
        account_id, point_id, public_id, code, building, tenancy_id, period = row
        found[account_id].append(
            AccountPoint(point_id, public_id, code, building, tenancy_id, period.lower, period.upper)
        )
    return found


def list_shared_accounts(*, user: User, limit: int = SHARED_MAX) -> list[SharedAccount]:
    """This function will list the accounts that are shared with the login now, open ones first: one query."""
    rows = _shares(user).annotate(rooms=_ROOMS).order_by("-account__state", "account__number")
    return [_shared(row) for row in rows.values(*_SHARED)[:limit]]


def get_shared_account(*, user: User, public_id: UUID, role: str = "viewer") -> SharedAccount:
    """This function will return an account that is shared with the login in the role, or in a larger one.

    Raises UnknownAccount for a stranger, RoleTooSmall for a role that does not allow it.
    """
    row = _shares(user).filter(account__public_id=public_id).annotate(rooms=_ROOMS).values(*_SHARED).first()
    if row is None:
        raise UnknownAccount("There is no such account, or it is not shared with you.")
    shared = _shared(row)
    require_role(shared=shared, role=role)
    return shared


def require_role(*, shared: SharedAccount, role: str) -> None:
    """This function will refuse what the login's role does not allow. Raises RoleTooSmall."""
    if not is_role_enough(held=shared.role, needed=role):
        raise RoleTooSmall(
            "Your share of this account does not allow this.", hint="Ask the account's owner to give you more rights."
        )


_ROOMS = ArrayAgg(
    "account__tenancies__metering_point__code",
    filter=Q(account__tenancies__period__upper_inf=True),
    order_by="account__tenancies__metering_point__code",
    default=Value([]),
)
_SHARED = (
    "account_id", "account__public_id", "account__number", "account__state", "account__payment_mode",
    "account__currency", "account__site_id", "account__site__name", "account__site__time_zone",
    "account__customer__name", "rooms", "public_id",
    "role",
)  # fmt: skip


def _shared(row: dict[str, Any]) -> SharedAccount:
    return SharedAccount(
        account_id=row["account_id"],
        public_id=row["account__public_id"],
        number=row["account__number"],
        state=row["account__state"],
        payment_mode=row["account__payment_mode"],
        currency=row["account__currency"],
        site_id=row["account__site_id"],
        site_name=row["account__site__name"],
        time_zone=row["account__site__time_zone"],
        customer=row["account__customer__name"],
        rooms=tuple(row["rooms"]),
        share_public_id=row["public_id"],
        role=row["role"],
    )


def _shares(user: User) -> QuerySet[AccountShare]:
    """This function will narrow shares to those of the login that hold now (machine time)."""
    if not user.is_active:
        return AccountShare.objects.none()
    return AccountShare.objects.filter(_held_now(), user=user)


def _held_now() -> Q:
    now = machine_now()
    return (Q(to_at=None) | Q(to_at__gt=now)) & Q(from_at__lte=now)


def list_shares(*, account_id: int) -> list[ShareRow]:
    """This function will list with whom an account is shared now, owners first; who may see is asked before."""
    rows = AccountShare.objects.select_related("user", "invited_by").filter(_held_now(), account=account_id)
    shares = [
        ShareRow(
            row.public_id, row.user_id, row.user.name, row.user.phone or "", row.user.email or "", row.role,
            row.from_at, str(row.invited_by or ""),
        )
        for row in rows.order_by("pk")
    ]  # fmt: skip
    return sorted(shares, key=lambda share: -ROLES.index(share.role))


def list_invitations(*, account_id: int, limit: int = 20) -> list[InvitationRow]:
    """This function will list the invitations to an account that nobody has taken up yet, the newest first."""
    rows = PortalInvitation.objects.select_related("invited_by").filter(
        account=account_id, accepted_at=None, ended_at=None
    )
    return [_invitation(row) for row in rows.order_by("-pk")[:limit]]


def get_invitation(*, token_text: str) -> InvitationRow:
    """This function will return the invitation that a link opens, however it stands. Raises UnknownInvitation."""
    rows = PortalInvitation.objects.select_related("invited_by")
    row = rows.filter(token_hash=hash_token(token_text[:TOKEN_CHARS_MAX])).first()
    if row is None:
        raise UnknownInvitation("There is no such invitation.", hint="Open the whole link, or ask for a new one.")
    return _invitation(row)


def _invitation(row: PortalInvitation) -> InvitationRow:
    if row.accepted_at is not None:
        state = "accepted"
    elif row.ended_at is not None:
        state = "ended"
    else:
        state = "expired" if row.expires_at <= machine_now() else "open"
    return InvitationRow(
        row.public_id, row.account_id, row.role, row.name, row.recipient, row.language, state,
        str(row.invited_by or ""), row.created_at, row.expires_at,
    )  # fmt: skip
