"""Customers, accounts and tenancies: opened, kept in line, ended. All of it needs a unit of work."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope, User
from prewatt.access.queries import hash_token
from prewatt.estate.models import Medium, MeteringPoint, MeterInstallation, Site
from prewatt.estate.upkeep import BATCH_ROWS, Tally, keep_in_line
from prewatt.kernel.clock import machine_now
from prewatt.ledger.services import open_party_accounts
from prewatt.tenancy.errors import FixedTenancy, InvitationOver, LastOwner, PointTaken, UnknownShare
from prewatt.tenancy.models import (
    Account,
    AccountShare,
    Bucket,
    BucketKind,
    Customer,
    PortalInvitation,
    ShareRole,
    Tenancy,
)
from prewatt.tenancy.search import pinyin_of, search_text_of
from prewatt.tenancy.values import AccountSpec, CustomerSpec, TenancySpec, is_role_enough

INVITATION_LIVES: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Begun:
    """The open tenancies by point code, the new ones among them, and the tally."""

    by_point: dict[str, Tenancy]
    created: tuple[Tenancy, ...]
    tally: Tally


def keep_customers(
    *, organisation: Scope, customers: Sequence[CustomerSpec], also: Collection[str] = ()
) -> tuple[dict[str, Customer], Tally]:
    """This function will bring customers in line, by their code within the organisation.

    It returns them with those of ``also``, which are there already and stay as they are.
    """
    codes = {spec.code for spec in customers} | set(also)
    present = {one.code: one for one in Customer.objects.filter(organisation=organisation, code__in=codes)}
    wanted = {
        spec.code: {"organisation": organisation, "pinyin": pinyin_of(spec.name), **asdict(spec)} for spec in customers
    }
    kept = keep_in_line(model=Customer, present=present, wanted=wanted)
    return present | kept.rows, kept.tally


def keep_accounts(
    *, site: Site, book_id: int, accounts: Sequence[AccountSpec], customers: Mapping[str, Customer]
) -> tuple[dict[str, Account], Tally]:
    """This function will open accounts with a cash bucket each, or bring them in line, by their number on the site.

    Raises FixedTenancy when an account would change its customer or payment mode: money stands on both.
    """
    numbers = [spec.number for spec in accounts]
    present = {one.number: one for one in Account.objects.filter(site=site, number__in=numbers)}
    for spec in accounts:
        before = present.get(spec.number)
        if before is not None and before.customer_id != customers[spec.customer].pk:
            raise FixedTenancy(f"Account {spec.number} belongs to another customer.", hint="Open another account.")
        if before is not None and before.payment_mode != spec.payment_mode:
            raise FixedTenancy(f"Account {spec.number} is {before.payment_mode}.", hint="Open another account.")
    wanted = {
        spec.number: asdict(spec) | {"site": site, "customer": customers[spec.customer], "currency": site.currency}
        for spec in accounts
    }
    kept = keep_in_line(model=Account, present=present, wanted=wanted)
    _open_buckets(book_id=book_id, accounts=[one for number, one in kept.rows.items() if number not in present])
    refresh_search_text(accounts=kept.rows.values())
    return kept.rows, kept.tally


def _open_buckets(*, book_id: int, accounts: Sequence[Account]) -> None:
    """This function will open a cash bucket for electricity, and its ledger account, for each new account."""
    if not accounts:
        return
    codes = {account.pk: f"account:{account.number}:{BucketKind.CASH}:{Medium.ELECTRICITY}" for account in accounts}
    opened = open_party_accounts(book_id=book_id, codes=list(codes.values()), currency=accounts[0].currency)
    Bucket.objects.bulk_create(
        [Bucket(account=account, ledger_account_id=opened[codes[account.pk]]) for account in accounts],
        batch_size=BATCH_ROWS,
    )


def begin_tenancies(
    *,
    site: Site,
    tenancies: Sequence[TenancySpec],
    points: Mapping[str, MeteringPoint],
    accounts: Mapping[str, Account],
) -> Begun:
    """This function will let accounts pay for points from an instant on; an open tenancy of the same account stays.

    Raises PointTaken when another account holds the point, FixedTenancy when the beginning would change.
    """
    require_unit_of_work()
    present = {
        row.metering_point.code: row
        for row in Tenancy.objects.filter(metering_point__site=site, period__upper_inf=True).select_related(
            "metering_point", "account"
        )
    }
    made = []
    for spec in tenancies:
        before = present.get(spec.point)
        if before is None:
            period = DateTimeTZRange(spec.from_at, None)
            made.append(Tenancy(account=accounts[spec.account], metering_point=points[spec.point], period=period))
        else:
            _require_same(spec, before)
    try:
        with transaction.atomic():
            Tenancy.objects.bulk_create(made, batch_size=BATCH_ROWS)
    except IntegrityError as error:
        raise PointTaken(
            "A point had another account at that time.", hint="Let the new account begin when the old one ended."
        ) from error
    refresh_search_text(accounts={row.account_id: row.account for row in made}.values())
    by_point = present | {row.metering_point.code: row for row in made}
    return Begun(by_point, tuple(made), Tally(created=len(made), unchanged=len(tenancies) - len(made)))


def _require_same(spec: TenancySpec, before: Tenancy) -> None:
    if before.account.number != spec.account:
        raise PointTaken(
            f"Point {spec.point} belongs to account {before.account.number}.", hint="Let that account move out first."
        )
    if before.period.lower != spec.from_at:
        raise FixedTenancy(f"The tenancy of {spec.point} began {before.period.lower}.", hint="Leave its beginning.")


def refresh_search_text(*, accounts: Iterable[Account]) -> None:
    """This function will write anew what the accounts are found by, where it changed."""
    require_unit_of_work()
    rows = {account.pk: account for account in accounts}
    found_by: dict[int, list[str]] = defaultdict(list)
    tenancies = Tenancy.objects.filter(account__in=rows, period__upper_inf=True)
    for account_id, code, unit in tenancies.order_by("metering_point__code").values_list(
        "account_id", "metering_point__code", "metering_point__place__name"
    ):
        found_by[account_id] += [code, unit]
    hanging = MeterInstallation.objects.filter(
        period__upper_inf=True,
        metering_point__tenancies__account__in=rows,
        metering_point__tenancies__period__upper_inf=True,
    )
    for account_id, serial, address in hanging.values_list(
        "metering_point__tenancies__account_id", "meter__serial", "address"
    ):
        if account_id in rows:
            found_by[account_id] += [serial, address]
    customers = Customer.objects.in_bulk({account.customer_id for account in rows.values()})
    changed = []
    for account in rows.values():
        customer = customers[account.customer_id]
        text = search_text_of(
            [account.number, customer.name, customer.pinyin, customer.phone, customer.code, *found_by[account.pk]]
        )
        if text != account.search_text:
            account.search_text = text
            changed.append(account)
    Account.objects.bulk_update(changed, ["search_text"], batch_size=BATCH_ROWS)


def invite(
    *, account_id: int, role: str, recipient: str, name: str, language: str, token_text: str, by: User | None
) -> PortalInvitation:
    """This function will invite somebody to an account; an open invitation of the same recipient is replaced.

    Only a hash of the token is kept.
    """
    require_unit_of_work()
    now = machine_now()
    PortalInvitation.objects.filter(account=account_id, recipient=recipient, accepted_at=None, ended_at=None).update(
        ended_at=now
    )
    return PortalInvitation.objects.create(
        account_id=account_id, role=ShareRole(role), recipient=recipient, name=name.strip(), language=language,
        token_hash=hash_token(token_text), invited_by=by, created_at=now, expires_at=now + INVITATION_LIVES,
    )  # fmt: skip


def take_back_invitation(*, account_id: int, public_id: UUID) -> None:
    """This function will end an invitation that nobody has taken up. Raises InvitationOver."""
    require_unit_of_work()
    open_ones = PortalInvitation.objects.filter(account=account_id, public_id=public_id, accepted_at=None)
    if open_ones.filter(ended_at=None).update(ended_at=machine_now()) != 1:
        raise InvitationOver("This invitation is not open any more.", hint="Reload the list.")


def accept_invitation(*, public_id: UUID, user: User) -> AccountShare:
    """This function will take up an invitation: of two that come at once, one wins. Raises InvitationOver."""
    require_unit_of_work()
    now = machine_now()
    open_one = PortalInvitation.objects.filter(public_id=public_id, accepted_at=None, ended_at=None, expires_at__gt=now)
    if open_one.update(accepted_at=now, accepted_by=user) != 1:
        raise InvitationOver("This invitation cannot be used any more.", hint="Ask for a new one.")
    taken = PortalInvitation.objects.get(public_id=public_id)
    return share_account(account_id=taken.account_id, user=user, role=taken.role, by=taken.invited_by)


def share_account(*, account_id: int, user: User, role: str, by: User | None = None) -> AccountShare:
    """This function will share an account with a login; a share that is there keeps the larger of the two roles."""
    require_unit_of_work()
    share, is_new = AccountShare.objects.get_or_create(
        account_id=account_id, user=user, to_at=None,
        defaults={"role": ShareRole(role), "from_at": machine_now(), "invited_by": by},
    )  # fmt: skip
    if not is_new and not is_role_enough(held=share.role, needed=role):
        AccountShare.objects.filter(pk=share.pk).update(role=ShareRole(role))
    return share


def change_share(*, account_id: int, public_id: UUID, role: str) -> None:
    """This function will give a share another role. Raises UnknownShare, LastOwner."""
    require_unit_of_work()
    if role != ShareRole.OWNER:
        _require_another_owner(account_id=account_id, public_id=public_id)
    open_one = AccountShare.objects.filter(account=account_id, public_id=public_id, to_at=None)
    if open_one.update(role=ShareRole(role)) != 1:
        raise UnknownShare("This share has ended.", hint="Reload the list.")


def end_share(*, account_id: int, public_id: UUID, keep_an_owner: bool) -> None:
    """This function will end a share from the next request on. Raises UnknownShare, LastOwner."""
    require_unit_of_work()
    if keep_an_owner:
        _require_another_owner(account_id=account_id, public_id=public_id)
    open_one = AccountShare.objects.filter(account=account_id, public_id=public_id, to_at=None)
    if open_one.update(to_at=machine_now()) != 1:
        raise UnknownShare("This share has ended.", hint="Reload the list.")


def _require_another_owner(*, account_id: int, public_id: UUID) -> None:
    """This function will refuse to leave an account without an owner; the account's shares are locked meanwhile."""
    owners = AccountShare.objects.select_for_update(no_key=True).filter(
        account=account_id, role=ShareRole.OWNER, to_at=None
    )
    if {row.public_id for row in owners.order_by("pk")} == {public_id}:
        raise LastOwner(
            "This is the account's only owner.", hint="Make somebody else its owner first, or ask the service desk."
        )
