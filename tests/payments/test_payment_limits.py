import pytest

from prewatt.kernel.money import Money
from prewatt.payments.errors import BadPayment, ReasonMissing, RefundTooLarge
from prewatt.payments.limits import amount_max, require_amount, require_reason, require_refundable, require_trade
from prewatt.payments.receipts import days_left
from prewatt.payments.values import Trade


@pytest.mark.parametrize("amount", [Money(0, "CNY"), Money(-1, "CNY"), Money(100_000_001, "CNY"), Money(5, "EUR")])
def test_an_amount_that_cannot_be_taken(amount: Money) -> None:
    with pytest.raises(BadPayment) as refused:
        require_amount(amount, currency="CNY")
    assert refused.value.hint


@pytest.mark.parametrize("minor", [1, 100_000_000])
def test_an_amount_that_can_be_taken(minor: int) -> None:
    require_amount(Money(minor, "CNY"), currency="CNY")


def test_the_limit_is_a_million_in_any_currency() -> None:
    assert str(amount_max("CNY")) == "1000000.00 CNY"
    assert str(amount_max("JPY")) == "1000000 JPY"


@pytest.mark.parametrize(("trade_no", "till"), [("", ""), ("x" * 81, ""), ("x", "T 1"), ("x", "till-13-characters")])
def test_a_trade_needs_a_number_and_a_till_a_name(trade_no: str, till: str) -> None:
    with pytest.raises(BadPayment):
        require_trade(trade_no=trade_no, till=till)


def test_a_trade_may_have_no_till() -> None:
    require_trade(trade_no="x", till="")
    require_trade(trade_no="x" * 80, till="T1")


def test_a_reason_is_a_word() -> None:
    assert require_reason("  wrong room ") == "wrong room"
    with pytest.raises(ReasonMissing):
        require_reason(" x ")


def test_a_refund_is_at_most_the_balance() -> None:
    require_refundable(Money(5, "CNY"), balance=Money(5, "CNY"))
    with pytest.raises(RefundTooLarge, match=r"0\.05 CNY"):
        require_refundable(Money(6, "CNY"), balance=Money(5, "CNY"))


@pytest.mark.parametrize(
    ("minor", "cost", "days"), [(1_000, None, None), (1_000, 0, None), (999, 100, 9), (-5, 100, 0), (10**9, 1, 9_999)]
)
def test_days_left_are_whole_and_never_below_zero(minor: int, cost: int | None, days: int | None) -> None:
    assert days_left(available=Money(minor, "CNY"), daily_cost_minor=cost) == days


def test_what_the_desk_takes_has_one_key_whatever_the_channel() -> None:
    cash = Trade("top_up", Money(5, "CNY"), "cash", "token", "T1")
    card = Trade("top_up", Money(5, "CNY"), "card", "token")
    assert cash.cause_key == card.cause_key == "top_up:desk:token"
    assert (cash.point, card.point) == ("T1", "card")
    provider = Trade("top_up", Money(5, "CNY"), "alipay", "42", merchant="m1")
    assert provider.cause_key == "top_up:alipay:m1:42"
