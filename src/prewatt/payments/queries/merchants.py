"""Merchants as our own work and the screens read them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.safe import SecretSafe
from prewatt.payments.errors import UnknownMerchant
from prewatt.payments.models import KeyKind, Merchant, MerchantKey, MerchantState
from prewatt.payments.online import KeyLine, MerchantLine
from prewatt.payments.providers.values import MerchantConfig

NOTIFY_PATH: Final = "/pay/notify"
PRIVATE_KEY: Final = "private_key_pem"


def find_merchant(*, channel: str, public_id: UUID) -> Merchant | None:
    """This function will return a merchant of the channel, active or retired."""
    return Merchant.objects.select_related("site__scope").filter(public_id=public_id, channel=channel).first()


def get_merchant(*, user: User | None, public_id: UUID, permission: str = Permission.PAY_CONFIGURE) -> Merchant:
    """This function will return a merchant that the login may work on. Raises UnknownMerchant.

    Without a login, a process of ours asks.
    """
    rows = Merchant.objects.select_related("site__scope", "scope").filter(public_id=public_id)
    if user is not None:
        rows = for_scope(rows, path_field="scope__path", user=user, permission=permission)
    merchant = rows.first()
    if merchant is None:
        raise UnknownMerchant("There is no such merchant, or it is not within your scope.")
    return merchant


def list_merchants(*, user: User, permission: str = Permission.PAY_CONFIGURE) -> list[MerchantLine]:
    """This function will list the merchants within the login's scopes, the active ones first."""
    rows = for_scope(Merchant.objects.all(), path_field="scope__path", user=user, permission=permission)
    found = list(rows.select_related("scope", "site").order_by("state", "-is_default", "channel", "pk"))
    keys = _key_lines([one.pk for one in found])
    return [_line(one, keys[one.pk]) for one in found]


def see_merchant(*, user: User, public_id: UUID, permission: str = Permission.PAY_CONFIGURE) -> MerchantLine:
    """This function will show one merchant with its keys' names. Raises UnknownMerchant."""
    merchant = get_merchant(user=user, public_id=public_id, permission=permission)
    return _line(merchant, _key_lines([merchant.pk])[merchant.pk])


def usable_merchants(*, scope_path: str, currency: str) -> QuerySet[Merchant]:
    """This function will narrow merchants to the active ones of the scopes that a site lies in, in its currency."""
    above = [scope_path[: place + 1] for place, sign in enumerate(scope_path) if sign == "/" and place]
    rows = Merchant.objects.filter(scope__path__in=above, state=MerchantState.ACTIVE, currency=currency)
    return rows.select_related("site__scope").order_by("-is_default", "channel", "pk")


def config_of(*, merchant: Merchant, safe: SecretSafe, now: datetime) -> tuple[MerchantConfig, datetime | None]:
    """This function will open a merchant's keys for its adapter, and say when they must be opened anew.

    Of our secrets the newest of a name stands first; older ones that run out stand beside it as ``name_2``, ``name_3``.
    All the provider's keys in force are there, by serial.
    """
    rows = list(MerchantKey.objects.filter(Q(to_at=None) | Q(to_at__gt=now), merchant=merchant).order_by("-from_at"))
    changes = [at for row in rows for at in (row.from_at, row.to_at) if at is not None and at > now]
    secrets: dict[str, str] = {}
    peers: dict[str, str] = {}
    own_serial = ""
    for row in rows:
        if row.from_at > now:
            continue
        place = merchant.place_of_key(kind=row.kind, name=row.name, serial=row.serial)
        text = safe.unseal(bytes(row.sealed), bound_to=place)
        if row.kind == KeyKind.PEER:
            peers.setdefault(row.serial, text)
            continue
        if row.name == PRIVATE_KEY and row.name not in secrets:
            own_serial = row.serial
        secrets[_free_name(row.name, secrets)] = text
    config = MerchantConfig(
        channel=merchant.channel, merchant_no=merchant.merchant_no, app_id=merchant.app_id,
        gateway_url=merchant.gateway_url, secrets=secrets, peer_keys=peers, own_serial=own_serial,
        options=merchant.options,
    )  # fmt: skip
    return config, min(changes, default=None)


def has_key(*, merchant: Merchant, name: str, now: datetime) -> bool:
    """This function will say whether a secret of that name is in force."""
    rows = MerchantKey.objects.filter(Q(to_at=None) | Q(to_at__gt=now), merchant=merchant, kind=KeyKind.SECRET)
    return rows.filter(name=name).exists()


def _free_name(name: str, taken: Mapping[str, str]) -> str:
    return name if name not in taken else next(f"{name}_{n}" for n in count(2) if f"{name}_{n}" not in taken)


def _key_lines(merchant_ids: Sequence[int]) -> dict[int, tuple[KeyLine, ...]]:
    lines: dict[int, tuple[KeyLine, ...]] = defaultdict(tuple)
    for row in MerchantKey.objects.filter(merchant__in=merchant_ids).order_by("kind", "name", "-from_at"):
        line = KeyLine(row.pk, row.kind, row.name, row.serial, row.fingerprint, row.from_at, row.to_at)
        lines[row.merchant_id] += (line,)
    return lines


def _line(merchant: Merchant, keys: tuple[KeyLine, ...]) -> MerchantLine:
    return MerchantLine(
        public_id=merchant.public_id, channel=merchant.channel, merchant_no=merchant.merchant_no,
        app_id=merchant.app_id, name=merchant.name, gateway_url=merchant.gateway_url, currency=merchant.currency,
        options=merchant.options, state=merchant.state, is_default=merchant.is_default, scope=merchant.scope.name,
        site=merchant.site.name, notify_path=notify_path(merchant), tested_at=merchant.tested_at,
        test_ok=merchant.test_ok, test_note=merchant.test_note, keys=keys,
    )  # fmt: skip


def notify_path(merchant: Merchant) -> str:
    """This function will return the path at which the provider calls back for this merchant."""
    return f"{NOTIFY_PATH}/{merchant.channel}/{merchant.public_id}"
