"""docs/payments.md does not lie: its worked day is done, and each number compared."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, yuan
from tests.usecases_online.test_online_refunds import later, settle
from tests.usecases_online.test_online_statements import read

from prewatt.access.audit import Actor
from prewatt.kernel.money import Money
from prewatt.ledger.errors import UnknownAccount
from prewatt.ledger.queries import house_balance
from prewatt.payments.models import Payment, Refund, Unmatched
from prewatt.payments.schedule import ORDER_LIVES, ORDER_STEPS
from prewatt.payments.services.callbacks import REFUSED_ROWS_AN_HOUR
from prewatt.payments.services.orders import UNPAID_MAX
from prewatt.usecases._money import balance_of
from prewatt.usecases.ask_refund import approve_refund, ask_refund
from prewatt.usecases.send_refunds import send_due_refunds
from prewatt.usecases.settle_money import credit_unmatched
from prewatt.usecases.verify_books import verify_books

PAGE = (Path(__file__).parents[2] / "docs" / "payments.md").read_text()


def worked_day() -> tuple[list[str], list[list[str]]]:
    lines = PAGE[PAGE.index("| step |") :].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return cells[0][2:], cells[2:]


def test_the_worked_day_is_as_the_page_says(house: PayHouse, room: Room) -> None:
    chief = Actor(process="web", user=make_cashier(house.town.site.scope, username="chief", role="administrator"))
    cashier = Actor(process="web", user=house.user)

    def pay() -> None:
        house.hear(house.pay(house.start(room, "100")))

    def stray() -> None:
        other = house.start(house.town.add_room(), "50")
        house.pay_silently(other)
        number = uuid4().hex
        known = house.book.orders.pop(f"TP100001/{other.order_no}")
        house.book.orders[f"TP100001/{number}"] = type(known)(
            **{name: getattr(known, name) for name in known.__slots__} | {"order_no": number}
        )
        house.hear(house.event(number))

    def ask() -> None:
        line = ask_refund(
            actor=cashier, payment_public_id=Payment.objects.get(kind="top_up").public_id, amount=yuan("30"),
            reason="moves out", token="r",
        )  # fmt: skip
        approve_refund(actor=chief, refund_public_id=line.public_id)

    def arrive() -> None:
        send_due_refunds(actor=ACTOR)
        settle(house.book)
        later(60)
        send_due_refunds(actor=ACTOR)
        assert Refund.objects.get().state == "succeeded"

    def credit() -> None:
        credit_unmatched(
            actor=chief, unmatched_public_id=Unmatched.objects.get().public_id,
            account_public_id=room.account.public_id, note="the tenant showed the receipt",
        )  # fmt: skip

    def statement() -> None:
        assert read(house).open == 0

    acts: list[Callable[[], None]] = [pay, stray, ask, arrive, statement, credit, statement]
    accounts, steps = worked_day()
    before = held(house, room, accounts)
    for act, (number, what, *expected) in zip(acts, steps, strict=True):
        act()
        after = held(house, room, accounts)
        moved = [str(now - then) if now != then else "" for now, then in zip(after, before, strict=True)]
        assert moved == [f"{cell} CNY" if cell else "" for cell in expected], f"step {number}: {what}"
        before = after
        assert verify_books(seals=False) == []


def held(house: PayHouse, room: Room, accounts: list[str]) -> list[Money]:
    return [balance_of(account_id=room.account.pk), *(balance(house, code) for code in accounts[1:])]


def balance(house: PayHouse, code: str) -> Money:
    try:
        return house_balance(book_id=house.town.book_id, code=code)
    except UnknownAccount:
        return Money(0, "CNY")


@pytest.mark.parametrize(
    "said",
    [
        "30 s, 2 min, 10 min, 30 min", f"at most {UNPAID_MAX} unpaid orders", "After 30 minutes an order runs out",
        "shares eight rows an hour",
    ],
)  # fmt: skip
def test_the_page_says_the_codes_numbers(said: str) -> None:
    assert said in re.sub(r"\s+", " ", PAGE)
    assert [step.total_seconds() for step in ORDER_STEPS] == [30, 120, 600, 1_800]
    assert (ORDER_LIVES.total_seconds(), REFUSED_ROWS_AN_HOUR) == (1_800, 8)
