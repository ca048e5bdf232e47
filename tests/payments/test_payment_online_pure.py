"""What decides about online money without a table: matching, times, names of accounts, splits, keys."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.money import Money
from prewatt.payments import schedule
from prewatt.payments.errors import BadMerchantData
from prewatt.payments.house import House, house_code, suspense_code
from prewatt.payments.matching import Ordered, mismatch
from prewatt.payments.models import Merchant, UnmatchedReason
from prewatt.payments.providers.values import StatementRow
from prewatt.payments.reconciliation import by_key, day_of, days_to_fetch, due_at, line_key, split, statement_zone

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
ORDERED = Ordered(merchant_id=1, amount=Money(5_000, "CNY"), is_open=True)


@pytest.mark.parametrize(
    ("ordered", "merchant", "amount", "reason"),
    [
        (ORDERED, 1, Money(5_000, "CNY"), ""),
        (None, 1, Money(5_000, "CNY"), "unknown_order"),
        (ORDERED, 2, Money(5_000, "CNY"), "other_merchant"),
        (ORDERED, 1, Money(5_000, "EUR"), "other_currency"),
        (ORDERED, 1, Money(4_999, "CNY"), "other_amount"),
        (Ordered(1, Money(5_000, "CNY"), is_open=False), 1, Money(5_000, "CNY"), "paid_twice"),
    ],
)
def test_money_fits_an_order_or_says_why_not(
    ordered: Ordered | None, merchant: int, amount: Money, reason: str
) -> None:
    assert mismatch(ordered=ordered, merchant_id=merchant, amount=amount) == reason
    assert not reason or reason in UnmatchedReason.values


@given(minor=st.integers(1, 10**9), other=st.integers(1, 10**9))
def test_only_the_ordered_amount_fits(minor: int, other: int) -> None:
    ordered = Ordered(1, Money(minor, "CNY"), is_open=True)
    assert (mismatch(ordered=ordered, merchant_id=1, amount=Money(other, "CNY")) == "") == (minor == other)


def test_an_order_is_asked_for_at_its_times_and_at_its_end() -> None:
    expires = AT + schedule.ORDER_LIVES
    asked, now = [], schedule.first_order_query(AT)
    for queries in range(1, 7):
        asked.append(now - AT)
        now = schedule.next_order_query(asked_at=AT, expires_at=expires, queries=queries, now=now)
    assert asked == [
        timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30),
        timedelta(minutes=90), timedelta(minutes=150),
    ]  # fmt: skip
    late = schedule.next_order_query(asked_at=AT, expires_at=expires, queries=3, now=AT + timedelta(minutes=29))
    assert late == expires, "at its end in any case"
    ahead = schedule.next_order_query(
        asked_at=AT, expires_at=AT + timedelta(minutes=1), queries=1, now=AT + timedelta(seconds=31)
    )
    assert ahead == AT + timedelta(minutes=1)


def test_refunds_and_statements_are_asked_for_ever_more_slowly() -> None:
    now, waits = AT, []
    for queries in range(1, 6):
        following = schedule.next_refund_query(decided_at=AT, queries=queries, now=now)
        waits.append(following - now)
        now = following
    assert waits[-1] == schedule.THEN_EVERY
    assert waits == sorted(waits)
    assert schedule.next_statement_try(due_at=AT, tries=1, now=AT) == AT + timedelta(minutes=10)


def test_house_accounts_have_names() -> None:
    assert house_code(House.TAKINGS, channel="alipay", currency="CNY", home="CNY") == "takings:alipay"
    assert house_code(House.FEES, channel="stripe", currency="EUR", home="CNY") == "fees:stripe:EUR"
    assert (suspense_code(currency="CNY", home="CNY"), suspense_code(currency="EUR", home="CNY")) == (
        "suspense", "suspense:EUR",
    )  # fmt: skip


@given(kind=st.sampled_from(["payment", "refund"]), amount=st.integers(1, 10**9), fee=st.integers(-(10**6), 10**6))
def test_a_line_is_split_without_a_rest(kind: str, amount: int, fee: int) -> None:
    part = split(kind=kind, amount=amount, fee=fee)
    assert part.takings + part.fees + part.settlement == 0
    assert part.takings == (amount if kind == "payment" else -amount)


def row(**changes: object) -> StatementRow:
    fields: dict[str, object] = {
        "kind": "payment", "trade_no": "T1", "order_no": "o", "refund_no": "", "amount": Money(100, "CNY"),
        "fee": Money(1, "CNY"), "at": AT,
    }  # fmt: skip
    return StatementRow(**(fields | changes))  # type: ignore[arg-type]  # by name, as the tests give them


def test_lines_have_keys_and_no_two_the_same() -> None:
    rows = [row(), row(kind="refund", refund_no="R1"), row(kind="refund", refund_no="")]
    assert [line_key(one) for one in rows] == [
        ("payment", "T1", ""), ("refund", "T1", "R1"), ("refund", "T1", f"at:{AT.isoformat()}"),
    ]  # fmt: skip
    assert len(by_key(rows)) == 3
    with pytest.raises(BadMerchantData, match="twice"):
        by_key([row(), row()])


def test_a_providers_days_begin_in_its_own_zone() -> None:
    assert day_of("alipay", date(2026, 11, 22))[0] == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert day_of("stripe", date(2026, 11, 22))[1] == datetime(2026, 11, 23, tzinfo=UTC)
    assert due_at("wechat", date(2026, 11, 22)) == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert str(statement_zone("testpay")) == "Asia/Shanghai"
    now = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # the 23rd there
    assert list(days_to_fetch("alipay", since=now - timedelta(days=2), now=now)) == [
        date(2026, 11, 21), date(2026, 11, 22),
    ]  # fmt: skip
    assert len(list(days_to_fetch("alipay", since=now - timedelta(days=99), now=now))) == 7
    assert list(days_to_fetch("alipay", since=now, now=now)) == []


def test_a_key_belongs_to_one_row_of_one_merchant() -> None:
    merchant = Merchant(channel="alipay", merchant_no="1", app_id="a")
    place = merchant.place_of_key(kind="secret", name="private_key_pem", serial="")
    assert place == "alipay\n1\na\nsecret\nprivate_key_pem\n"
