"""The test provider itself, without a socket: the same code that `prewatt testpay` runs, on a clock of the test's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import httpx

from prewatt.payments.providers.values import MerchantConfig
from prewatt.testpay.book import Book
from prewatt.testpay.http import Request
from prewatt.testpay.journal import Journal
from prewatt.testpay.keys import Keys
from prewatt.testpay.routes import Front

NUMBERS = ("TP100001", "TP100002")


@cache
def provider_keys() -> Keys:
    return Keys.make(port=8190, merchant_numbers=NUMBERS)


class TestPayStandin:
    """``keys`` may be changed while it runs. Close its ``journal`` in the end."""

    __test__ = False

    def __init__(self, folder: Path, *, now: Callable[[], datetime]) -> None:
        self.keys = provider_keys()
        self.journal = Journal(folder)
        self.book = Book(journal=self.journal, now=now)
        self.now = now

    @property
    def front(self) -> Front:
        return Front(self.book, self.keys, self.now)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        asked = Request(request.method, path, query, dict(request.headers), request.content)
        answer = self.front.respond(asked)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def callback(self, event_id: str = "") -> tuple[dict[str, str], bytes]:
        """Headers and body of a call-back: the last one that is owed, or the one that is named."""
        event_id = event_id or list(self.book.deliveries)[-1]
        return self.front.tell(event_id), self.book.deliveries[event_id].body.encode()

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self.keys = replace(self.keys, own=type(self.keys.own).make("testpay"))


def merchant_config(keys: Keys, *, number: str = NUMBERS[0]) -> MerchantConfig:
    merchant = keys.merchants[number]
    return MerchantConfig(
        channel="testpay",
        merchant_no=number,
        app_id=merchant.app_id,
        gateway_url="https://standin",
        secrets={"private_key_pem": merchant.key.private_pem},
        peer_keys={keys.own.serial: keys.own.public_pem},
        own_serial=merchant.key.serial,
    )
