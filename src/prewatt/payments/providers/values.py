"""What Prewatt asks of a provider, and what a provider says. Frozen, pure, the same for every channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol

from prewatt.kernel.money import Money


class TradeState(StrEnum):
    """How a payment stands at the provider. ``raw_state`` beside it keeps the provider's own word."""

    WAITING = "waiting"  # known there, not paid (yet)
    PAID = "paid"  # the money is the merchant's; the only state that may be credited
    CLOSED = "closed"  # can no longer be paid, never was
    REFUNDED = "refunded"  # was paid and given back, wholly (WeChat Pay says so of a part too)
    UNKNOWN = "unknown"  # the provider does not know the order


class RefundState(StrEnum):
    """How a refund stands at the provider."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # will not happen by itself: the same number may not be sent again
    UNKNOWN = "unknown"  # the provider does not know the refund


class Way(StrEnum):
    """How the payer meets the provider. WeChat Pay's *native* is QR."""

    PAGE = "page"
    WAP = "wap"
    QR = "qr"
    JSAPI = "jsapi"
    H5 = "h5"
    CHECKOUT = "checkout"


@dataclass(frozen=True, slots=True)
class MerchantConfig:
    """One merchant at one provider. Secrets never show in its repr.

    ``secrets`` holds what only we may know, by name (see each adapter). ``peer_keys`` are the provider's public keys or
    certificates as PEM, by serial: all of them are valid at once, so a rotation loses nothing.
    """

    channel: str
    merchant_no: str
    app_id: str
    gateway_url: str
    secrets: Mapping[str, str] = field(repr=False)
    peer_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    own_serial: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Money asked for. ``order_no`` is ours, at most 32 letters and digits; ``expires_at`` is machine time.

    ``payer`` is the provider's name of the payer (WeChat's openid, for jsapi); ``address`` the payer's IP (for h5).
    """

    order_no: str
    amount: Money
    subject: str
    way: Way
    notify_url: str
    return_url: str
    expires_at: datetime
    payer: str = ""
    address: str = ""
    language: str = "zh-hans"


StartedKind = Literal["redirect", "form", "qr", "jsapi"]


@dataclass(frozen=True, slots=True)
class Started:
    """How the payer goes on.

    ``redirect``: open ``url``. ``form``: post ``params`` to ``url``. ``qr``: show ``url`` as a QR code. ``jsapi``: hand
    ``params`` to the bridge of WeChat's browser. ``provider_ref`` is what the provider calls the order, if it said.
    """

    kind: StartedKind
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    provider_ref: str = ""


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A call-back as it came: header names in lower case, the body untouched, the machine instant in UTC."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    query: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class TradeFact:
    """What the provider says of one payment. ``amount`` is the whole, as the order asked; None where it does not say.

    ``merchant_no`` and ``app_id`` were checked against the merchant's own. ``fee`` is what the provider keeps.
    """

    order_no: str
    trade_no: str
    state: TradeState
    amount: Money | None
    merchant_no: str
    app_id: str
    paid_at: datetime | None
    raw_state: str
    event_id: str = ""
    payer_hint: str = ""
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back through the channel it came by. ``refund_no`` is ours and makes the asking repeatable."""

    refund_no: str
    order_no: str
    trade_no: str
    amount: Money
    total: Money
    reason: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class RefundFact:
    """What the provider says of one refund. ``refund_ref`` is the provider's own number."""

    refund_no: str
    order_no: str
    trade_no: str
    refund_ref: str
    state: RefundState
    amount: Money | None
    raw_state: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A line of the provider's statement. ``amount`` is above zero; ``fee`` below zero where a refund returned it."""

    kind: Literal["payment", "refund"]
    trade_no: str
    order_no: str
    refund_no: str
    amount: Money
    fee: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What a provider is told about its call-back."""

    status: int
    content_type: str
    body: bytes


class Provider(Protocol):
    """One merchant's side of one provider. Blocking; 5 s to connect, 10 s to answer, 1 MB at most."""

    channel: str
    ways: tuple[Way, ...]

    def start(self, order: OrderRequest) -> Started:
        """This method will make the order payable. Repeating it with the same order is safe."""
        ...

    def read_callback(self, raw: RawCallback) -> TradeFact | RefundFact:
        """This method will verify and read a call-back. Raises CallbackForged, -Malformed, -Foreign, -Irrelevant."""
        ...

    def answer(self, *, ok: bool, message: str = "") -> CallbackAnswer:
        """This method will say to the provider that the call-back is done with, or that it should come again."""
        ...

    def query(self, order_no: str, provider_ref: str = "") -> TradeFact:
        """This method will ask how a payment stands; state UNKNOWN when the provider does not know it."""
        ...

    def close(self, order_no: str, provider_ref: str = "") -> TradeFact:
        """This method will make the order unpayable, or say that it was paid first."""
        ...

    def refund(self, request: RefundRequest) -> RefundFact:
        """This method will give money back. Repeating it with the same number gives nothing twice."""
        ...

    def query_refund(self, request: RefundRequest) -> RefundFact:
        """This method will ask how a refund stands; state UNKNOWN when the provider does not know it."""
        ...

    def fetch_statement(self, day: date) -> list[StatementRow]:
        """This method will fetch a day's statement. Raises StatementNotReady."""
        ...

    def parse_statement(self, data: bytes) -> list[StatementRow]:
        """This method will read a statement that a person downloaded. Raises BadStatement."""
        ...

    def probe(self) -> str:
        """This method will put a signed question that costs nothing, and say what came back."""
        ...
