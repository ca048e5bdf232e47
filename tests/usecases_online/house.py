"""A town whose accounts are paid online, with the whole test provider inside the test, its real signatures too."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from tests.usecases_billing.town import ACTOR, Room, Town
from tests.usecases_money.conftest import make_cashier

from prewatt.access.models import User
from prewatt.estate.safe import SecretSafe
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.payments.models import Merchant, Order
from prewatt.payments.providers.registry import provider_for
from prewatt.payments.providers.values import CallbackAnswer, MerchantConfig, Provider, RawCallback
from prewatt.payments.services.merchants import open_merchant, put_key
from prewatt.testpay import http, signing
from prewatt.testpay.book import Book
from prewatt.testpay.journal import Journal
from prewatt.testpay.keys import KeyPair, Keys
from prewatt.testpay.routes import Front
from prewatt.testpay.values import Choice, Delivery
from prewatt.usecases import _providers
from prewatt.usecases.hear_callback import hear_callback
from prewatt.usecases.see_order import OrderView
from prewatt.usecases.start_order import start_order
from prewatt.usecases.work import unit_of_work

MERCHANT_NO = "TP100001"
RETURN_PATH = "/my/orders/{order}"


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


@dataclass
class PayHouse:
    """A town, its merchant at the test provider, and the provider itself. ``book`` is the provider's own truth."""

    town: Town
    merchant: Merchant
    keys: Keys
    front: Front
    user: User
    config: MerchantConfig | None = None
    asked: list[str] = field(default_factory=list)
    away: bool = False

    @property
    def book(self) -> Book:
        return self.front.book

    def start(self, room: Room, amount: str | Money = "50", *, token: str = "", **more: Any) -> OrderView:
        return start_order(
            actor=ACTOR, user=more.pop("user", self.user), account_public_id=room.account.public_id,
            amount=yuan(amount) if isinstance(amount, str) else amount,
            merchant_public_id=more.pop("merchant_public_id", self.merchant.public_id), way=more.pop("way", "page"),
            token=token or str(uuid4()), return_url=RETURN_PATH, **more,
        )  # fmt: skip

    def pay(self, view: OrderView, choice: Choice = Choice.PAY) -> Delivery:
        """Let the payer pay at the provider, and return the call-back that it owes."""
        _, delivery = self.book.choose(f"{self.merchant.merchant_no}/{view.order_no}", choice)
        assert delivery is not None
        return delivery

    def pay_silently(self, view: OrderView) -> None:
        self.book.choose(f"{self.merchant.merchant_no}/{view.order_no}", Choice.PAY_SILENT)

    def sign_with(self, pair: KeyPair) -> None:
        """Let the provider sign all that it says with another key from now on."""
        self.keys = replace(self.keys, own=pair)
        self.front = replace(self.front, keys=self.keys)

    def rotate(self) -> KeyPair:
        """Tell the product of a new key of the provider, beside the one that it has."""
        fresh = KeyPair.make("testpay")
        with unit_of_work(actor=ACTOR, verb="rotate"):
            put_key(
                merchant=self.merchant, kind="peer", name="", serial=fresh.serial, text=fresh.public_pem,
                safe=_providers.merchant_safe(),
            )  # fmt: skip
        return fresh

    def signed(self, body: bytes, *, at: datetime | None = None, key: Any = None) -> dict[str, str]:
        """The headers with which the provider proves a body."""
        pair = key or self.keys.own
        stamp, nonce = str(int((at or machine_now()).timestamp())), uuid4().hex
        data = signing.message("callback", pair.serial, stamp, nonce, body=body)
        return {
            "content-type": "application/json", "testpay-key": pair.serial, "testpay-time": stamp,
            "testpay-nonce": nonce, "testpay-signature": signing.sign(pair.private, data),
        }  # fmt: skip

    def event(self, view: OrderView | str, *, merchant_no: str = "", app_id: str = "", **changes: Any) -> bytes:
        """A call-back's body about an order, true or with something changed in it."""
        order_no = view if isinstance(view, str) else view.order_no
        known = self.book.orders.get(f"{self.merchant.merchant_no}/{order_no}")
        now = int(machine_now().timestamp())
        wire = {
            "order_no": order_no, "trade_no": f"TX{uuid4().hex[:12]}", "amount": 5_000, "currency": "CNY",
            "payer": "te***er", "refunded": 0,
            **(known.to_wire() if known is not None else {}), "state": "paid", "paid_at": now,
        }  # fmt: skip
        names = {"merchant_no": merchant_no or self.merchant.merchant_no, "app_id": app_id or self.merchant.app_id}
        return json.dumps(
            {"event_id": f"ev-{uuid4().hex}", "kind": "trade", "order": {**wire, **names, **changes}}
        ).encode()

    def raw(self, body: bytes | Delivery, headers: Mapping[str, str] | None = None, **more: Any) -> RawCallback:
        data = body.body.encode() if isinstance(body, Delivery) else body
        told = dict(headers) if headers is not None else self.signed(data, **more)
        return RawCallback(headers=told, body=data, query="", received_at=machine_now())

    def hear(self, body: bytes | Delivery, headers: Mapping[str, str] | None = None, **more: Any) -> CallbackAnswer:
        return hear_callback(
            channel=self.merchant.channel, merchant_public_id=self.merchant.public_id,
            raw=self.raw(body, headers, **more), address="192.0.2.7",
        )  # fmt: skip

    def provider(self, config: MerchantConfig) -> Provider:
        self.config = config
        return provider_for(config, transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if self.away:
            raise httpx.ConnectError("away", request=request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = self.front.respond(
            http.Request(request.method, request.url.path, request.url.query.decode(), headers, request.read())
        )
        return httpx.Response(found.status, headers=dict(found.headers), stream=httpx.ByteStream(found.body))


def make_house(town: Town, folder: Path, *, merchant_no: str = MERCHANT_NO, user: User | None = None) -> PayHouse:
    """Make a merchant of the town with fresh keys, and its provider. The caller lets the product speak with it."""
    keys = Keys.make(port=8190, merchant_numbers=(merchant_no,))
    known = keys.merchants[merchant_no]
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder)
    book = Book(journal=journal, now=machine_now)
    journal.close()  # what a test's provider knows need not outlive it
    front = Front(book, keys, machine_now, "http://127.0.0.1:8190")
    safe = _providers.merchant_safe()
    with unit_of_work(actor=ACTOR, verb="open_merchant"):
        merchant = open_merchant(
            scope=town.site.scope, site=town.site, channel="testpay", merchant_no=merchant_no, app_id=known.app_id,
            name="Test provider", gateway_url="http://127.0.0.1:8190", is_default=True,
        )  # fmt: skip
        keep_keys(merchant, keys, safe)
    merchant = Merchant.objects.select_related("site__scope").get(pk=merchant.pk)
    return PayHouse(town, merchant, keys, front, user or make_cashier(town.site.scope, username=f"u{merchant.pk}"))


def keep_keys(merchant: Merchant, keys: Keys, safe: SecretSafe) -> None:
    own = keys.merchants[merchant.merchant_no].key
    put_key(
        merchant=merchant, kind="secret", name="private_key_pem", serial=own.serial, text=own.private_pem, safe=safe
    )
    put_key(merchant=merchant, kind="peer", name="", serial=keys.own.serial, text=keys.own.public_pem, safe=safe)


@contextmanager
def speaking(house: PayHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[PayHouse]:
    """Let the product's adapters speak with the provider inside the test."""
    _providers.forget_providers()
    monkeypatch.setattr(_providers, "provider_for", house.provider)
    try:
        yield house
    finally:
        _providers.forget_providers()


def age(view: OrderView, by: timedelta) -> None:
    """Let time pass for an order: everything that waits for a machine instant is so much nearer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_order SET asked_at = asked_at - %(by)s::interval, expires_at = expires_at - "
            "%(by)s::interval, next_query_at = next_query_at - %(by)s::interval WHERE public_id = %(id)s",
            {"by": f"{by.total_seconds()} s", "id": view.public_id},
        )


def order_of(view: OrderView) -> Order:
    return Order.objects.get(public_id=view.public_id)


def age_all(*, seconds: int) -> None:
    """Let time pass for every unpaid order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_order SET asked_at = asked_at - %(by)s::interval, expires_at = expires_at - "
            "%(by)s::interval, next_query_at = next_query_at - %(by)s::interval WHERE next_query_at IS NOT NULL",
            {"by": f"{seconds} s"},
        )
