"""A month ahead as its tenant sees it: what is used of it, what to pay for the next, how the last one ended."""

from datetime import date

import pytest
from django.urls import reverse
from tests.portal.world import World
from tests.usecases_billing.test_months import pay, plan, use
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.billing.models import AccountMonth
from prewatt.kernel.money import Money
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.request_month import request_due_months
from prewatt.usecases.see_months import see_account_months
from prewatt.usecases.settle_month import close_month, settle_month


@pytest.fixture
def world(db: None) -> World:
    set_clock("2026-11-01T01:00")
    return World.build()


def text_of(world: World, page: str, *, who: str = "owner", language: str = "en") -> str:
    client = world.client(who)
    client.cookies["prewatt_language"] = language
    answer = client.get(reverse(f"portal:{page}", args=[world.ours.room.account.public_id]))
    assert answer.status_code == 200
    return answer.content.decode()


def asked(world: World, surplus: str = "carry") -> int:
    """¥100 paid on 1 November, ¥8 used a day; put on the plan and asked for December on the 25th."""
    room = world.ours.room
    pay(room, 200, "november")
    set_clock("2026-11-25T09:00")
    plan(room, surplus=surplus)
    total = use(world.town, room, date(2026, 11, 1), date(2026, 11, 24), 10_000)
    close_due_days(actor=ACTOR)
    assert request_due_months(actor=ACTOR) == 1
    return total


def december_over(world: World, total: int, wh_a_day: int) -> None:
    """November to its end as before; December with another use, settled and closed on new year's day."""
    room = world.ours.room
    set_clock("2026-12-02T09:00")
    total = use(world.town, room, date(2026, 11, 25), date(2026, 11, 30), 10_000, total)
    set_clock("2027-01-01T09:00")
    world.town.read(room, "2027-01-01T00:00", total + 31 * wh_a_day)
    close_due_days(actor=ACTOR)
    settle_month(actor=ACTOR, site_id=world.town.site.pk, month=date(2026, 12, 1))
    close_month(actor=ACTOR, site_id=world.town.site.pk, month=date(2026, 12, 1), reason="looked at")


def test_who_does_not_pay_ahead_sees_nothing_of_it(world: World) -> None:
    assert "Paid a month ahead" not in text_of(world, "home")


def test_what_is_asked_for_is_shown_with_what_came_in_and_leads_to_payment(world: World) -> None:
    asked(world)
    text = text_of(world, "home")
    # 31 days = 248.00, up to 250.00; left on 1 December: 300 - 192 - 6 * 8 = 60.00
    assert "2026-12: please pay ¥190.00" in text
    assert "by 11-30" in text
    assert "?amount=190" in text
    assert "?amount=190" not in text_of(world, "home", who="viewer")
    pay(world.ours.room, 150, "part")
    text = text_of(world, "home")
    assert "2026-12: please pay ¥40.00" in text
    assert "¥150.00 has come in" in text
    pay(world.ours.room, 50, "rest")
    text = text_of(world, "home")
    assert "2026-12: nothing to pay" in text
    assert "¥200.00 has come in" in text
    assert "2026-12：无需支付" in text_of(world, "home", language="zh-hans")


def test_the_month_that_runs_is_shown_against_its_estimate(world: World) -> None:
    total = asked(world)
    pay(world.ours.room, 190, "december")
    set_clock("2026-12-11T01:00")
    total = use(world.town, world.ours.room, date(2026, 11, 25), date(2026, 11, 30), 10_000, total)
    use(world.town, world.ours.room, date(2026, 12, 1), date(2026, 12, 10), 12_500, total)
    text = text_of(world, "home")
    for said in ("¥100.00", "used of about ¥250.00", "day 11 of 31", "40 % used"):
        assert said in text
    money = text_of(world, "money")
    assert "Used so far" in money
    assert "<dt>Has come in</dt><dd>¥190.00</dd>" in money
    (line,) = see_account_months(account_id=world.ours.room.account.pk)
    assert (line.paid, line.used) == (Money(19_000, "CNY"), Money(-10_000, "CNY"))
    desk = world.client("operator").get(reverse("console:months"), {"month": "2026-12"}).content.decode()
    for said in ("¥190.00", "−¥100.00", "so far"):
        assert said in desk


@pytest.mark.parametrize(
    ("surplus", "wh_a_day", "said"),
    [
        ("refund", 9_000, ("2026-12 settled: ¥26.80 left over", "the desk gives it back")),
        ("carry", 12_000, ("2026-12 settled: ¥47.60 was missing", "it is asked for with the month that follows")),
    ],
)
def test_the_last_settlement_is_shown_with_its_paper(
    world: World, surplus: str, wh_a_day: int, said: tuple[str, ...]
) -> None:
    total = asked(world, surplus)
    pay(world.ours.room, 190, "december")
    december_over(world, total, wh_a_day)
    text = text_of(world, "home")
    for words in said:
        assert words in text
    paper = reverse("portal:paper", args=[world.ours.room.account.public_id, _paper(world)])
    assert paper in text
    assert paper in text_of(world, "money")
    assert world.client("viewer").get(paper)["Content-Type"] == "application/pdf"


def _paper(world: World) -> str:
    row = AccountMonth.objects.get(account=world.ours.room.account, month=date(2026, 12, 1))
    assert row.document is not None
    return str(row.document.public_id)
