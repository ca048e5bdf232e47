"""Somebody wants to pay online: the order is committed first, then the provider is asked, then its answer is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.kernel.errors import PrewattError, Refused
from prewatt.kernel.money import Money
from prewatt.payments.errors import AccountTakesNoMoney, UnknownMerchant
from prewatt.payments.limits import require_amount, require_trade
from prewatt.payments.models import Merchant, Order, OrderState
from prewatt.payments.online import MerchantChoice
from prewatt.payments.providers.errors import ProviderAway, ProviderRefused
from prewatt.payments.providers.values import OrderRequest, Started, Way
from prewatt.payments.queries.merchants import notify_path, usable_merchants
from prewatt.payments.services.orders import OrderWish, create_order, mark_failed, mark_started, note_trouble
from prewatt.tenancy.errors import UnknownAccount
from prewatt.tenancy.models import Account, AccountState, PaymentMode, Tenancy
from prewatt.tenancy.queries import get_shared_account
from prewatt.usecases._providers import provider_of
from prewatt.usecases.see_order import OrderView, order_view
from prewatt.usecases.work import unit_of_work

SUBJECT_CHARS_MAX: Final = 40
"""WeChat Pay takes 127 bytes; three a character at most."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Payer:
    """What some ways must know of who pays: WeChat's openid (jsapi), the address (h5)."""

    openid: str = ""
    address: str = ""


def start_order(  # noqa: PLR0913 - one order, all its facts by name
    *,
    actor: Actor,
    user: User,
    account_public_id: UUID,
    amount: Money,
    merchant_public_id: UUID,
    way: str,
    token: str,
    return_url: str,
    language: str = "zh-hans",
    payer: Payer | None = None,
) -> OrderView:
    """This function will begin an online payment and say how the payer goes on; a token begins one, however often sent.

    ``return_url`` is a path of ours, ``{order}`` in it becomes the order's public id. The login needs ``money.take`` at
    the site, or to pay or own the account. When the provider gives no answer the order stays *created* and is asked
    for; sending the same token tries again. Raises UnknownAccount, UnknownMerchant, BadPayment, AccountTakesNoMoney,
    OrderConflict, TooManyOrders, WayNotOffered, BadMerchant.
    """
    account = Account.objects.select_related("site__scope").filter(public_id=account_public_id).first()
    with unit_of_work(
        actor=actor, verb="start_order", scope=account.site.scope if account is not None else None,
        subject=("account", account.number if account is not None else str(account_public_id)),
    ) as work:  # fmt: skip
        if account is None or not _may_pay(user, account):
            raise UnknownAccount("There is no such account, or it is not shared with you.")
        merchant = _merchant(account, merchant_public_id)
        require_amount(amount, currency=account.currency)
        require_trade(trade_no=token, till="")
        wish = OrderWish(amount, Way(way).value, _subject(account, language), language, token, return_url)
        order, _made = create_order(account=account, merchant=merchant, wish=wish, now=work.now)
    if order.state == OrderState.CREATED:
        _ask(actor, order, merchant, payer or Payer())
    return order_view(order_id=order.pk)


def list_ways(*, account_id: int) -> list[MerchantChoice]:
    """This function will list how an account can be paid online, the preferred one first. Who may see is asked before.

    A merchant without usable keys is left out.
    """
    account = Account.objects.select_related("site__scope").get(pk=account_id)
    if account.state != AccountState.OPEN or account.payment_mode == PaymentMode.OWN_USE:
        return []
    found = []
    for merchant in usable_merchants(scope_path=account.site.scope.path, currency=account.currency):
        try:
            ways = tuple(way.value for way in provider_of(merchant).ways)
        except PrewattError as error:
            _log.warning("merchant cannot be used", merchant=str(merchant), why=error.message)
            continue
        found.append(
            MerchantChoice(merchant.public_id, merchant.channel, merchant.name, ways, merchant.is_default)
        )  # fmt: skip
    return found


def _may_pay(user: User, account: Account) -> bool:
    """This function will say whether the login may pay for the account. Raises RoleTooSmall, UnknownAccount."""
    if not is_permitted(user=user, permission=Permission.MONEY_TAKE, scope=account.site.scope):
        get_shared_account(user=user, public_id=account.public_id, role="payer")
    return True


def _merchant(account: Account, public_id: UUID) -> Merchant:
    if account.state != AccountState.OPEN or account.payment_mode == PaymentMode.OWN_USE:
        raise AccountTakesNoMoney("The account takes no money.", hint="Look for the tenant's open account.")
    rows = usable_merchants(scope_path=account.site.scope.path, currency=account.currency)
    merchant = rows.filter(public_id=public_id).first()
    if merchant is None:
        raise UnknownMerchant("This way to pay is not offered for the account.", hint="Choose another one.")
    return merchant


def _subject(account: Account, language: str) -> str:
    """This function will name the payment as the payer's statement shows it."""
    rooms = Tenancy.objects.filter(account=account, period__upper_inf=True).order_by("metering_point__code")
    codes = ", ".join(rooms.values_list("metering_point__code", flat=True)[:3]) or account.number
    with translation.override(language):
        return f"{_('Electricity payment')} {codes}"[:SUBJECT_CHARS_MAX]


def _ask(actor: Actor, order: Order, merchant: Merchant, payer: Payer) -> None:
    """This function will ask the provider, with no transaction open, and keep what it says."""
    about = ("order", order.order_no)
    try:
        started = provider_of(merchant).start(_request(order, merchant, payer))
    except ProviderAway as away:
        _log.warning("provider away", channel=merchant.channel, order=order.order_no, why=away.message)
        with unit_of_work(actor=actor, verb="order_unanswered", subject=about):
            note_trouble(order_id=order.pk, error=away.code)
    except (ProviderRefused, Refused) as refusal:
        _log.warning("provider refused", channel=merchant.channel, order=order.order_no, why=refusal.message)
        with unit_of_work(actor=actor, verb="order_failed", subject=about) as work:
            mark_failed(order=order, error=refusal.message, now=work.now)
        if isinstance(refusal, Refused):
            raise
    else:
        with unit_of_work(actor=actor, verb="order_started", subject=about):
            mark_started(order=order, started=_kept(started), provider_ref=started.provider_ref)


def _request(order: Order, merchant: Merchant, payer: Payer) -> OrderRequest:
    origin = str(settings.PUBLIC_ORIGIN)
    path = order.return_url.replace("{order}", str(order.public_id))
    return OrderRequest(
        order_no=order.order_no, amount=Money(order.amount, order.currency), subject=order.subject,
        way=Way(order.way), notify_url=f"{origin}{notify_path(merchant)}", return_url=f"{origin}{path}",
        expires_at=order.expires_at, payer=payer.openid, address=payer.address, language=order.language,
    )  # fmt: skip


def _kept(started: Started) -> Mapping[str, object]:
    return {"kind": started.kind, "url": started.url, "params": dict(started.params)}
