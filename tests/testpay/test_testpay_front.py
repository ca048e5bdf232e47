"""The provider's pages, its control port, and call-backs that really travel."""

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest
from tests.providers.merchants import order

from prewatt.cli.testpay import merchant_of, open_keys
from prewatt.kernel.clock import machine_now, monotonic_s
from prewatt.payments.providers.registry import provider_for
from prewatt.payments.providers.values import RawCallback, TradeState, Way
from prewatt.testpay import signing
from prewatt.testpay.http import BODY_BYTES_MAX
from prewatt.testpay.keys import Keys
from prewatt.testpay.page_words import WORDS
from prewatt.testpay.service import TestPayService
from prewatt.testpay.values import Choice, OrderState

KEYS = Keys.make(port=8190)
KEY = "TP100001/PW1"
CONTROL = {"testpay-control": KEYS.control_token}


class Shop:
    """The merchant's side: counts what it hears and answers as it is told."""

    def __init__(self):
        self.heard = []
        self.says = []

    def __call__(self, request):
        self.heard.append(request)
        said = self.says.pop(0) if self.says else (200, "success")
        if isinstance(said, Exception):
            raise said
        return httpx.Response(said[0], text=said[1])


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def service(tmp_path, shop):
    made = TestPayService(keys=KEYS, folder=tmp_path, transport=httpx.MockTransport(shop))
    yield made
    made.journal.close()


@pytest.fixture
async def visitor(service):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://testpay") as client:
        yield client


@pytest.fixture
def paying(service):
    """The address of a pay page."""
    fields = {
        "order_no": "PW1",
        "app_id": "prewatt-demo",
        "amount": 30_000,
        "currency": "CNY",
        "subject": "电费 <1#-307>",
        "notify_url": "http://shop/notify",
        "return_url": "http://shop/back?a=1",
        "expires_at": int(machine_now().timestamp()) + 1800,
        "language": "zh-hans",
    }
    return f"/pay/{service.book.make_order(fields, merchant_no='TP100001').token}"


async def press(visitor, address, choice):
    body = urlencode({"choice": choice}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    return await visitor.post(address, content=body, headers=form)


@contextlib.asynccontextmanager
async def carrying(service):
    task = asyncio.create_task(service.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(is_so):
    for _ in range(400):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about")


class TestPage:
    async def test_it_says_what_it_is_in_the_payers_language(self, visitor, paying):
        chinese, english = (await visitor.get(paying)).text, (await visitor.get(f"{paying}?lang=en")).text
        assert '<html lang="zh-Hans">' in chinese
        assert "不会动用真实资金" in chinese
        assert '<html lang="en">' in english
        assert "No real money moves" in english
        for page in (chinese, english):
            assert "¥300.00" in page
            assert "电费 &lt;1#-307&gt;" in page
            assert [choice for choice in Choice if f'value="{choice}"' in page] == list(Choice)

    async def test_it_allows_itself_nothing_but_its_style_and_its_form(self, visitor, paying):
        answer = await visitor.get(paying)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self' http://shop;" in policy
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert answer.headers["cache-control"] == "no-store"

    async def test_another_currency_shows_its_name(self, visitor, service):
        fields = {"order_no": "PW2", "app_id": "a", "amount": 1_234_567, "currency": "EUR", "subject": "x"}
        fields |= {
            "notify_url": "",
            "return_url": "",
            "expires_at": int(machine_now().timestamp()) + 60,
            "language": "en",
        }
        address = f"/pay/{service.book.make_order(fields, merchant_no='TP100001').token}"
        assert "12,345.67 EUR" in (await visitor.get(address)).text
        assert WORDS["en"].endings[OrderState.PAID] in (await press(visitor, address, "pay")).text

    async def test_every_word_is_there_in_both_languages(self):
        for words in WORDS.values():
            assert set(words.choices) == set(words.hints) == set(Choice) - {Choice.PAY}
            assert set(words.endings) == set(OrderState) - {OrderState.WAITING}

    async def test_what_is_not_there(self, visitor):
        for address in ("/pay/nothing-at-all-here", "/", "/v2/orders"):
            assert (await visitor.get(address)).status_code == 404
        assert (await press(visitor, "/pay/nothing-at-all-here", "pay")).status_code == 404

    async def test_a_choice_that_is_none(self, visitor, paying, service):
        for body in (b"", b"choice=steal", b"\xff"):
            assert (await visitor.post(paying, content=body)).status_code == 404
        assert service.book.orders[KEY].state is OrderState.WAITING

    async def test_a_body_that_is_too_large(self, visitor, paying):
        assert (await visitor.post(paying, content=b"x" * (BODY_BYTES_MAX + 1))).status_code == 413


class TestChoices:
    async def test_paying_leads_back_to_the_shop(self, visitor, paying, service):
        answer = await press(visitor, paying, "pay")
        assert (answer.status_code, answer.headers["location"]) == (303, "http://shop/back?a=1")
        assert service.book.orders[KEY].state is OrderState.PAID
        assert "请勿重复支付" in (await visitor.get(paying)).text
        again = await press(visitor, paying, "fail")
        assert again.status_code == 303
        assert service.book.orders[KEY].state is OrderState.PAID

    async def test_the_shop_may_hear_of_it_first(self, visitor, paying, shop, service):
        answer = await press(visitor, paying, "pay_first")
        assert answer.status_code == 303
        assert json.loads(shop.heard[0].content)["order"]["state"] == "paid"
        assert not next(iter(service.book.deliveries.values())).is_open

    async def test_a_payment_may_fail(self, visitor, paying, service):
        await press(visitor, paying, "fail")
        assert service.book.orders[KEY].state is OrderState.FAILED
        assert "支付失败" in (await visitor.get(paying)).text


class TestCarrying:
    async def test_a_call_back_comes_again_until_it_is_a_success(self, visitor, paying, shop, service):
        shop.says = [(500, "success"), (200, "fail"), httpx.ConnectError("away"), (200, " success\n")]
        await press(visitor, paying, "pay")
        event_id = next(iter(service.book.deliveries))
        async with carrying(service):
            for tries in range(1, 5):
                service.book.send_again(event_id)
                await until(lambda count=tries: service.book.deliveries[event_id].tries == count)
        known = service.book.deliveries[event_id]
        assert (known.tries, known.left, known.is_open) == (4, 0, False)

    async def test_each_try_is_signed_anew(self, visitor, paying, shop, service):
        shop.says = [(500, "")]
        await press(visitor, paying, "pay_first")
        event_id = next(iter(service.book.deliveries))
        async with carrying(service):
            service.book.send_again(event_id)
            await until(lambda: len(shop.heard) == 2)
        provider = provider_for(merchant_of(KEYS))
        nonces = set()
        for request in shop.heard:
            fact = provider.read_callback(RawCallback(dict(request.headers), request.content, "", machine_now()))
            assert fact.state is TradeState.PAID
            nonces.add(request.headers["testpay-nonce"])
        assert len(nonces) == 2

    async def test_what_is_under_way_at_the_end_is_due_again(self, visitor, paying, service, tmp_path):
        hangs = asyncio.Event()

        async def never(_):
            await hangs.wait()

        service._transport = httpx.MockTransport(never)
        await press(visitor, paying, "pay")
        event_id = next(iter(service.book.deliveries))
        async with carrying(service):
            service.book.send_again(event_id)
            await until(lambda: event_id in service._sending)
            service._begin(event_id)
            assert len(service._sending) == 1
        again = TestPayService(keys=KEYS, folder=tmp_path)
        assert again.book.deliveries[event_id].is_open
        again.journal.close()

    async def test_nothing_travels_while_a_test_keeps_it_back(self, visitor, paying, shop, service):
        service.book.settings.calls_back = False
        await press(visitor, paying, "pay")
        async with carrying(service):
            await asyncio.sleep(0.02)
        assert shop.heard == []

    async def test_other_protocols_are_not_spoken(self, service):
        await service({"type": "lifespan"}, None, None)


class TestControl:
    async def test_the_token_opens_it(self, visitor):
        assert (await visitor.get("/control/state")).status_code == 401
        assert (await visitor.get("/control/state", headers=CONTROL)).json()["orders"] == []

    @pytest.mark.usefixtures("paying")
    async def test_a_test_chooses_for_the_visitor(self, visitor):
        assert (await visitor.post("/control/orders/PW1/pay", headers=CONTROL)).json()["state"] == "paid"
        told = (await visitor.get("/control/state", headers=CONTROL)).json()
        assert told["orders"][0]["order_no"] == "PW1"
        event_id = told["deliveries"][0]["event_id"]
        sent = await visitor.post(f"/control/deliveries/{event_id}/send", headers=CONTROL)
        assert sent.json()["event_id"] == event_id
        assert (await visitor.post("/control/orders/PW9/pay", headers=CONTROL)).status_code == 404
        assert (await visitor.post("/control/orders/PW1/steal", headers=CONTROL)).status_code == 400

    async def test_settings(self, visitor):
        told = await visitor.post("/control/settings", headers=CONTROL, json={"outage": True, "answer_delay_ms": 1})
        assert (told.json()["outage"], told.json()["calls_back"]) == (True, True)
        assert (await visitor.get("/v1/orders/PW1")).status_code == 503
        for wrong in ({"nothing": 1}, {"answer_delay_ms": "soon"}):
            assert (await visitor.post("/control/settings", headers=CONTROL, json=wrong)).status_code == 400
        assert (await visitor.post("/control/nothing", headers=CONTROL)).status_code == 400

    async def test_differences_are_planted_in_a_day(self, visitor, service):
        edits = {"edits": [{"add": {"trade_no": "TPX"}}]}
        assert (await visitor.post("/control/statements/2026-11-01", headers=CONTROL, json=edits)).status_code == 200
        assert (await visitor.post("/control/statements/today", headers=CONTROL, json=edits)).status_code == 400
        (day,) = service.book.edits
        assert service.book.statement(day, merchant_no="TP100001") == [{"trade_no": "TPX"}]


class TestAddresses:
    def test_payers_reach_it_on_the_host_that_they_came_from(self, service, paying):
        known = service.book.orders[KEY]
        assert service.front.pay_url(known) == f"http://shop:8190{paying}"
        v6 = replace(known, return_url="http://[fe80::1]:8000/back")
        assert service.front.pay_url(v6) == f"http://[fe80::1]:8190{paying}"
        bare = replace(known, return_url="", notify_url="")
        assert service.front.pay_url(bare) == f"http://127.0.0.1:8190{paying}"
        outside = replace(service.front, public_url="https://pay.example.org")
        assert outside.pay_url(known) == f"https://pay.example.org{paying}"


@pytest.mark.parametrize("stamp", ["", "x", "-1", "1" * 20, "٣"])
def test_a_stamp_that_is_none_is_not_fresh(stamp):
    assert not signing.is_fresh(stamp, now=machine_now())
    assert not signing.is_signed(KEYS.own.private.public_key(), b"", "é")


@pytest.mark.slow
def test_the_process_keeps_its_orders_over_a_kill(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = provider_for(merchant_of(open_keys(tmp_path / "testpay", port=port)))
    for number, how in enumerate((signal.SIGKILL, signal.SIGTERM)):
        process = subprocess.Popen(
            [sys.executable, "-m", "prewatt.cli.main", "testpay", "--state", str(tmp_path / "testpay")],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_for_port(port)
            wish = replace(order(Way.WAP, f"PW{number}"), expires_at=machine_now().replace(microsecond=0))
            wish = replace(wish, expires_at=wish.expires_at.replace(year=wish.expires_at.year + 1))
            assert re.search(r":\d+/pay/", provider.start(wish).url)
            assert provider.query("PW0").state is TradeState.WAITING
        finally:
            process.send_signal(how)
            assert process.wait(timeout=10) == (0 if how is signal.SIGTERM else -how)
            assert process.stdout
            process.stdout.close()


def _wait_for_port(port):
    ends_s = monotonic_s() + 20
    while monotonic_s() < ends_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise AssertionError("the process does not listen")
