"""The provider's book: what it remembers, what it owes."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.providers.standins.rsa_keys import private_pem

from prewatt.testpay import fields
from prewatt.testpay.book import LATE_S, ORDERS_MAX, RETRY_S, Book, fee_of
from prewatt.testpay.errors import (
    BadQuestion,
    KeysBroken,
    OrderConflict,
    RefundTooLarge,
    StatementNotReady,
    UnknownOrder,
    UnknownRefund,
)
from prewatt.testpay.journal import JOURNAL_FILE, Journal
from prewatt.testpay.keys import KEYS_FILE, Keys
from prewatt.testpay.values import Choice, OrderState

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
WHO = "TP100001"


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def reopen(tmp_path, clock):
    """Open the book of the folder, as a restart does."""
    journals: list[Journal] = []

    def open_again():
        for journal in journals:
            journal.close()
        journals.append(Journal(tmp_path))
        return Book(journal=journals[-1], now=clock)

    yield open_again
    for journal in journals:
        journal.close()


@pytest.fixture
def book(reopen):
    return reopen()


def wish(number="PW1", **changes):
    return {
        "order_no": number,
        "app_id": "prewatt",
        "amount": 30_000,
        "currency": "CNY",
        "subject": "电费",
        "notify_url": "http://127.0.0.1/notify",
        "return_url": "http://127.0.0.1/back",
        "expires_at": int(START.timestamp()) + 1800,
        "language": "zh-hans",
    } | changes


def back(number="RF1", **changes):
    return {
        "refund_no": number,
        "order_no": "PW1",
        "amount": 10_000,
        "currency": "CNY",
        "reason": "",
        "notify_url": "http://127.0.0.1/notify",
    } | changes


def make(book, number="PW1", **changes):
    return book.make_order(wish(number, **changes), merchant_no=WHO)


def due_in(book, clock):
    """Seconds until the next call-back."""
    return (book.next_due_ms() - int(clock.at.timestamp() * 1000)) / 1000


class TestOrders:
    def test_a_restart_forgets_nothing(self, book, reopen):
        make(book)
        book.choose("TP100001/PW1", Choice.PAY)
        book.make_refund(back(), merchant_no=WHO)
        again = reopen()
        assert (again.orders, again.refunds, again.deliveries) == (book.orders, book.refunds, book.deliveries)
        assert len(again.list_due()) == len(book.list_due())

    def test_a_line_that_was_cut_short_is_dropped(self, book, reopen, tmp_path):
        order = make(book)
        with (tmp_path / JOURNAL_FILE).open("a") as file:
            file.write('["order", "TP100001/PW2", {"order_')
        assert reopen().orders == {order.key: order}
        assert len((tmp_path / JOURNAL_FILE).read_text().splitlines()) == 1

    def test_the_file_holds_each_thing_once_after_a_restart(self, book, reopen, tmp_path):
        make(book)
        book.choose("TP100001/PW1", Choice.PAY)
        assert len((tmp_path / JOURNAL_FILE).read_text().splitlines()) == 3
        reopen()
        assert len((tmp_path / JOURNAL_FILE).read_text().splitlines()) == 2

    def test_time_closes_an_order_without_a_word(self, book, clock):
        order = make(book)
        clock.wait(1800)
        assert book.get_order(order.key).state is OrderState.CLOSED
        assert book.choose(order.key, Choice.PAY) == (book.get_order(order.key), None)
        assert book.deliveries == {}

    def test_an_order_comes_in_time_and_there_is_room(self, book, monkeypatch):
        with pytest.raises(BadQuestion, match="expired"):
            make(book, expires_at=int(START.timestamp()))
        monkeypatch.setattr("prewatt.testpay.book.ORDERS_MAX", 0)
        with pytest.raises(OrderConflict, match="0 orders"):
            make(book)
        assert ORDERS_MAX > 0

    def test_one_number_one_content(self, book):
        order = make(book)
        book.choose(order.key, Choice.PAY)
        assert make(book).state is OrderState.PAID
        with pytest.raises(OrderConflict):
            make(book, amount=1)

    def test_what_is_not_there(self, book):
        for ask in (book.get_order, book.get_order_by_token, book.close, book.send_again):
            with pytest.raises(UnknownOrder):
                ask("nothing")
        with pytest.raises(UnknownRefund):
            book.get_refund("nothing")


class TestCallbacks:
    @pytest.mark.parametrize(
        ("choice", "wait_s"), [(Choice.PAY, 1), (Choice.PAY_FIRST, 0), (Choice.PAY_LATE, LATE_S), (Choice.FAIL, 1)]
    )
    def test_when_they_are_due(self, book, clock, choice, wait_s):
        order, _ = book.choose(make(book).key, choice)
        assert order.state is (OrderState.FAILED if choice is Choice.FAIL else OrderState.PAID)
        assert due_in(book, clock) == wait_s
        clock.wait(wait_s)
        (delivery,) = book.list_due()
        told = json.loads(delivery.body)
        assert (told["kind"], told["order"]["state"], told["event_id"]) == ("trade", order.state, delivery.event_id)

    def test_never(self, book):
        order, delivery = book.choose(make(book).key, Choice.PAY_SILENT)
        assert (order.state, delivery, book.next_due_ms()) == (OrderState.PAID, None, None)

    def test_nobody_to_call(self, book):
        assert book.choose(make(book, notify_url="").key, Choice.PAY)[1] is None

    def test_twice_although_the_first_was_a_success(self, book, clock):
        _, delivery = book.choose(make(book).key, Choice.PAY_TWICE)
        clock.wait(1)
        book.note_answer(delivery.event_id, is_success=True)
        assert due_in(book, clock) == 2
        clock.wait(2)
        assert not book.note_answer(delivery.event_id, is_success=True).is_open
        assert book.next_due_ms() is None

    def test_again_and_again_until_it_is_a_success_or_hopeless(self, book, clock):
        _, delivery = book.choose(make(book).key, Choice.PAY)
        waits = []
        while book.next_due_ms() is not None:
            waits.append(due_in(book, clock))
            clock.wait(waits[-1])
            book.note_answer(delivery.event_id, is_success=False)
        assert waits == [1, *RETRY_S]
        assert waits[1:5] == [1, 2, 5, 15]
        assert book.deliveries[delivery.event_id].is_given_up
        assert book.send_again(delivery.event_id).is_open

    def test_a_test_may_keep_them_back(self, book, clock):
        book.choose(make(book).key, Choice.PAY)
        book.settings.calls_back = False
        clock.wait(10)
        assert book.list_due() == []
        assert book.next_due_ms() is None
        book.settings.calls_back = True
        assert len(book.list_due()) == 1


class TestRefunds:
    def test_parts_add_up_and_no_more(self, book, clock):
        order, _ = book.choose(make(book).key, Choice.PAY)
        first = book.make_refund(back(), merchant_no=WHO)
        assert book.make_refund(back(), merchant_no=WHO) == first
        assert first.to_wire(now=book.now_s)["state"] == "pending"
        assert book.get_order(order.key).state is OrderState.PAID
        with pytest.raises(OrderConflict):
            book.make_refund(back(amount=1), merchant_no=WHO)
        with pytest.raises(RefundTooLarge):
            book.make_refund(back("RF2", amount=20_001), merchant_no=WHO)
        last = book.make_refund(back("RF2", amount=20_000), merchant_no=WHO)
        assert book.get_order(order.key).state is OrderState.REFUNDED
        assert first.fee + last.fee == fee_of(30_000) == 180
        clock.wait(2)
        assert book.get_refund(last.key).to_wire(now=book.now_s)["state"] == "succeeded"
        told = [json.loads(one.body) for one in book.list_due()]
        assert [one.get("refund", {}).get("state") for one in told] == [None, "succeeded", "succeeded"]

    def test_only_what_was_paid(self, book):
        make(book)
        with pytest.raises(OrderConflict):
            book.make_refund(back(), merchant_no=WHO)
        book.choose("TP100001/PW1", Choice.PAY)
        with pytest.raises(OrderConflict):
            book.make_refund(back(currency="EUR"), merchant_no=WHO)


class TestStatements:
    DAY = date(2026, 11, 22)

    def test_a_day_is_beijings_and_must_be_over(self, book, clock):
        book.choose(make(book).key, Choice.PAY)
        with pytest.raises(StatementNotReady):
            book.statement(self.DAY, merchant_no=WHO)
        book.settings.statements_today = True
        assert len(book.statement(self.DAY, merchant_no=WHO)) == 1
        book.settings.statements_today = False
        clock.at = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
        (row,) = book.statement(self.DAY, merchant_no=WHO)
        assert (row["order_no"], row["amount"], row["fee"], row["refund_no"]) == ("PW1", 30_000, 180, "")
        assert "merchant_no" not in row
        assert book.statement(self.DAY, merchant_no="TP100002") == []

    def test_a_test_plants_differences(self, book, clock):
        paid = [book.choose(make(book, number).key, Choice.PAY)[0] for number in ("PW1", "PW2", "PW3")]
        book.edits[self.DAY] = [
            {"trade_no": paid[0].trade_no, "drop": True},
            {"trade_no": paid[1].trade_no, "amount": 29_999},
            {"add": {"kind": "payment", "trade_no": "TPX", "amount": 5}},
        ]
        clock.wait(86_400)
        found = {row["trade_no"]: row["amount"] for row in book.statement(self.DAY, merchant_no=WHO)}
        assert found == {paid[1].trade_no: 29_999, paid[2].trade_no: 30_000, "TPX": 5}


class TestFields:
    def test_a_wish_is_read(self):
        assert fields.read_order(wish(language="en-GB")) == wish(language="en")
        assert fields.read_refund(back(notify_url="")) == back(notify_url="")

    @pytest.mark.parametrize(
        "changes",
        [
            {"order_no": ""},
            {"order_no": "a/b"},
            {"amount": 0},
            {"amount": 1.0},
            {"amount": True},
            {"amount": 10**9 + 1},
            {"currency": "XXX"},
            {"currency": None},
            {"subject": "x" * 121},
            {"subject": None},
            {"notify_url": "ftp://x"},
            {"notify_url": "http://"},
            {"notify_url": "http:///x"},
            {"notify_url": 5},
            {"return_url": "http://[x"},
            {"return_url": "http://x/\r\nset-cookie: a=b"},
            {"return_url": "http://x/" + "a" * 600},
            {"expires_at": "soon"},
        ],
    )
    def test_what_is_none(self, changes):
        with pytest.raises(BadQuestion):
            fields.read_order(wish(**changes))

    def test_bodies_that_are_none(self):
        for body in (b"", b"[]", b"\xff", b"[" * 10_000):
            with pytest.raises(BadQuestion):
                fields.read_object(body)
        for body in (b"\xff", b"a=1&" * 30):
            with pytest.raises(BadQuestion):
                fields.read_form(body)


class TestKeys:
    def test_they_are_made_once_and_closed_to_others(self, tmp_path):
        folder = tmp_path / "state" / "testpay"
        assert Keys.load(folder) is None
        made = Keys.make(port=8190)
        made.save(folder)
        kept = Keys.load(folder)
        assert kept is not None
        assert kept.own.public_pem == made.own.public_pem
        assert kept.merchants[WHO].key.private_pem == made.merchants[WHO].key.private_pem
        assert (kept.port, kept.control_token) == (8190, made.control_token)
        assert (folder / KEYS_FILE).stat().st_mode & 0o777 == 0o600
        assert made.control_token not in repr(made)
        assert "PRIVATE" not in repr(made)

    @pytest.mark.parametrize("own", [None, "", private_pem])
    def test_a_broken_file_is_said(self, tmp_path, own):
        key = {"serial": "a", "private_key_pem": own("own") if callable(own) else ""}
        (tmp_path / KEYS_FILE).write_text("{" if own is None else json.dumps({"merchants": {}, "own": key}))
        with pytest.raises(KeysBroken):
            Keys.load(tmp_path)
