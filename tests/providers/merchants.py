"""Merchants of ours at the stand-ins, and what they ask. One instant for everything."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from tests.providers.standins.alipay import AlipayStandin
from tests.providers.standins.authority import certificates
from tests.providers.standins.rsa_keys import certificate_pem, private_pem, public_pem
from tests.providers.standins.stripe import StripeStandin
from tests.providers.standins.wechat import WeChatStandin

from prewatt.kernel.money import Money
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.stripe import Stripe
from prewatt.payments.providers.values import MerchantConfig, OrderRequest, RawCallback, RefundRequest, Way
from prewatt.payments.providers.wechat import WeChat

NOW = datetime(2026, 11, 22, 6, 30, 10, tzinfo=UTC)
STAMP = int(NOW.timestamp())
NOTIFY = "https://power.example.org/pay/notify/channel/0190"
BACK = "https://power.example.org/my/orders/0190"

Handler = Callable[[httpx.Request], httpx.Response]


def now() -> datetime:
    return NOW


def order(way: Way, number: str = "PW20261122001", minor: int = 8888, **changes: object) -> OrderRequest:
    wish = {
        "order_no": number,
        "amount": Money(minor, "CNY"),
        "subject": "电费 1#-307",
        "way": way,
        "notify_url": NOTIFY,
        "return_url": BACK,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return OrderRequest(**wish | changes)  # type: ignore[arg-type]  # by name, as the tests give them


def refund(number: str = "RF1", minor: int = 3000, **changes: object) -> RefundRequest:
    wish = {
        "refund_no": number,
        "order_no": "PW20261122001",
        "trade_no": "",
        "amount": Money(minor, "CNY"),
        "total": Money(8888, "CNY"),
        "reason": "退租",
        "notify_url": NOTIFY,
    }
    return RefundRequest(**wish | changes)  # type: ignore[arg-type]  # by name, as the tests give them


def heard(body: bytes, headers: dict[str, str] | None = None, *, at: datetime = NOW) -> RawCallback:
    return RawCallback(headers or {}, body, "", at)


def alipay_config(**changes: object) -> MerchantConfig:
    wish = {
        "channel": "alipay",
        "merchant_no": "2088000000000001",
        "app_id": "2021000000000001",
        "gateway_url": "https://standin/gateway.do",
        "secrets": {"private_key_pem": private_pem("own")},
        "peer_keys": {"": public_pem("provider")},
    }
    return MerchantConfig(**wish | changes)  # type: ignore[arg-type]  # by name, as the tests give them


def alipay(standin: Handler, **changes: object) -> Alipay:
    return Alipay(alipay_config(**changes), transport=httpx.MockTransport(standin), now=now)


def alipay_standin() -> AlipayStandin:
    return AlipayStandin()


def certified_config(**changes: object) -> MerchantConfig:
    """A merchant in certificate mode; ``changes`` by the names of ``authority.certificates``, or of the settings."""
    given = {"private_key_pem": private_pem("own")} | certificates()
    given |= {name: str(changes.pop(name)) for name in list(changes) if name in given}
    peers = {"": given.pop("alipay_cert_pem")}
    wish: dict[str, object] = {"secrets": given, "peer_keys": {name: text for name, text in peers.items() if text}}
    return alipay_config(**wish | changes)


def certified(standin: Handler, **changes: object) -> Alipay:
    return Alipay(certified_config(**changes), transport=httpx.MockTransport(standin), now=now)


def wechat_config(**changes: object) -> MerchantConfig:
    wish = {
        "channel": "wechat",
        "merchant_no": "1900000001",
        "app_id": "wx0000000000000001",
        "gateway_url": "https://standin",
        "secrets": {"private_key_pem": private_pem("own"), "api_v3_key": "0123456789abcdef0123456789abcdef"},
        "peer_keys": {"PLATFORM0001": certificate_pem("provider")},
        "own_serial": "OWN0SERIAL0001",
    }
    return MerchantConfig(**wish | changes)  # type: ignore[arg-type]  # by name, as the tests give them


def wechat(standin: Handler, **changes: object) -> WeChat:
    return WeChat(wechat_config(**changes), transport=httpx.MockTransport(standin), now=now)


def wechat_standin() -> WeChatStandin:
    return WeChatStandin(now=now)


def stripe_config(**changes: object) -> MerchantConfig:
    wish = {
        "channel": "stripe",
        "merchant_no": "acct_1StandIn",
        "app_id": "prewatt-east",
        "gateway_url": "https://standin",
        "secrets": {"api_key": "sk_test_51StandIn", "webhook_secret": "whsec_standin"},
    }
    return MerchantConfig(**wish | changes)  # type: ignore[arg-type]  # by name, as the tests give them


def stripe(standin: Handler, **changes: object) -> Stripe:
    return Stripe(stripe_config(**changes), transport=httpx.MockTransport(standin), now=now)


def stripe_standin() -> StripeStandin:
    return StripeStandin()
