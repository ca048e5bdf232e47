"""The tenant's pages: what they say of supply and money, in both languages, and what can be asked there."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.portal.world import World

from prewatt.cases.models import Case
from prewatt.kernel.money import Money
from prewatt.notices.models import Preference
from prewatt.portal import charts
from prewatt.portal.presets import _nice
from prewatt.portal.views.top_up import steps_of
from prewatt.supply.models import Hold, Relay
from prewatt.tenancy.models import Account
from prewatt.usecases.see_order import order_view
from prewatt.usecases.see_portal_home import Supply

PAGES = ("home", "home_part", "use", "money", "alerts", "help", "power")
HOME_QUERIES = 40


def url(world: World, page: str, *more: object) -> str:
    return reverse(f"portal:{page}", args=[world.ours.room.account.public_id, *more])


def get(world: World, page: str, who: str = "owner", *, language: str = "en", query: str = ""):
    client = world.client(who)
    client.cookies["prewatt_language"] = language
    return client.get(url(world, page) + query)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_for_who_only_looks(world: World, page: str, language: str) -> None:
    assert get(world, page, "viewer", language=language).status_code == 200


@pytest.mark.parametrize("stretch", ["day", "week", "month", "thirty", "years", "nonsense"])
def test_every_stretch_of_use(world: World, stretch: str) -> None:
    world.town.read(world.ours.room, "2026-11-20T06:00", 10_000)
    answer = get(world, "use", query=f"?stretch={stretch}&month=2099-01")
    assert answer.status_code == 200
    seen = answer.context["seen"]
    if stretch not in {"day", "week"}:
        assert (seen.total_wh, seen.cost) == (10_000, Money(800, "CNY"))
    assert sum(one.wh for one in seen.by_band) == sum(sum(values) for values in seen.bands.values())


def relay(world: World, reported: str) -> None:
    point, installation = world.ours.room.point, world.ours.room.installation
    Relay.objects.update_or_create(
        metering_point=point,
        defaults={
            "installation": installation, "reported": reported, "desired": reported,
            **dict.fromkeys(("desired_at", "proven_at", "changed_at"), "2026-11-20T00:00Z"),
        },
    )  # fmt: skip


def hold(world: World, reason: str) -> None:
    Hold.objects.create(
        metering_point=world.ours.room.point, reason=reason, effect="off", source_key="x", from_at="2026-11-20T00:00Z"
    )


def supply(world: World) -> str:
    return str(get(world, "home").context["seen"].supply)


def test_supply_is_said_in_words_and_off_means_proven(world: World) -> None:
    assert supply(world) == Supply.UNKNOWN
    relay(world, "on")
    assert supply(world) == Supply.ON
    Account.objects.filter(pk=world.ours.room.account.pk).update(accrued=10_000)
    assert supply(world) == Supply.WARNING
    relay(world, "off")
    assert supply(world) == Supply.OFF_CREDIT
    hold(world, "manual")
    assert supply(world) == Supply.OFF_BY_HAND
    Hold.objects.update(lifted_at="2026-11-20T01:00Z")
    Account.objects.filter(pk=world.ours.room.account.pk).update(accrued=0)
    assert supply(world) == Supply.OFF_OTHER


def test_off_for_credit_says_what_to_pay_as_a_sum_and_leads_there(world: World) -> None:
    relay(world, "off")
    hold(world, "credit")
    Account.objects.filter(pk=world.ours.room.account.pk).update(accrued=13_236)
    answer = get(world, "home")
    seen = answer.context["seen"].to_pay
    assert (seen.beyond, seen.least, seen.exact, seen.total) == tuple(
        Money(minor, "CNY") for minor in (3_236, 100, 3_336, 3_400)
    )
    assert f"{url(world, 'top_up')}?amount=34" in answer.content.decode()
    assert "¥34 to restore" in answer.content.decode()
    assert "top-up" not in get(world, "home", "viewer").content.decode(), "who only looks is offered no payment"


def test_home_asks_the_same_however_many_accounts_there_are(world: World, django_assert_max_num_queries) -> None:
    client = world.client("owner")
    client.get(url(world, "home"))
    with django_assert_max_num_queries(HOME_QUERIES):
        client.get(url(world, "home"))


def test_money_is_told_line_by_line_with_the_balance_after_it(world: World) -> None:
    page = get(world, "money", language="zh-hans").content.decode()
    assert "+¥100.00" in page
    assert "充值" in page


def test_a_receipt_is_handed_out_as_pdf_and_a_neighbours_is_not(world: World) -> None:
    own = world.client("viewer").get(url(world, "paper", world.ours.paper))
    assert (own.status_code, own.content[:5]) == (200, b"%PDF-")
    again = world.client("viewer").get(url(world, "paper", world.ours.paper) + "?save=1")
    assert again.content == own.content
    assert again.headers["Content-Disposition"].startswith("attachment")
    assert world.client("viewer").get(url(world, "paper", world.theirs.paper)).status_code == 404


def test_what_is_asked_reaches_the_desk_and_its_answer_the_tenant(world: World) -> None:
    client = world.client("payer")
    assert client.post(url(world, "ask", "dispute"), {"text": ""}).status_code == 422
    assert client.post(url(world, "ask", "dispute"), {"text": "The meter says 4711"}).status_code == 302
    case = Case.objects.get(kind="reading_disputed")
    assert case.detail["text"] == "The meter says 4711"
    Case.objects.update(closed_at="2026-11-21T00:00Z", note="Compared: it is right")
    assert "Compared: it is right" in get(world, "help").content.decode()
    assert client.post(url(world, "ask", "steal"), {"text": "x"}).status_code == 404
    assert world.client("viewer").post(url(world, "ask", "refund"), {"text": "x"}).status_code == 403


def test_an_owner_changes_how_the_account_is_told(world: World) -> None:
    form = {"channel": "mail", "warn_days": "5", "quiet_from": "22:00", "quiet_to": "07:00", "muted": ["top_up"]}
    client = world.client("owner")
    assert client.get(url(world, "alert_settings")).status_code == 200
    assert client.post(url(world, "alert_settings"), form).status_code == 302
    kept = Preference.objects.get()
    assert (kept.channels, kept.muted, f"{kept.quiet_from:%H:%M}") == (["mail"], ["top_up"], "22:00")
    assert "5 days" in get(world, "alerts").content.decode()
    assert client.post(url(world, "alert_settings"), form | {"quiet_to": ""}).status_code == 422


def test_without_a_provider_the_desk_is_named(world: World) -> None:
    page = get(world, "top_up", "payer").content.decode()
    assert "service desk" in page
    answer = world.client("payer").post(url(world, "top_up"), {"amount": "50", "merchant": "x", "token": "y"})
    assert answer.status_code == 422
    assert get(world, "top_up", "viewer").status_code == 403


def test_the_steps_of_an_order_are_never_merged(world: World) -> None:
    seen = order_view(order_id=world.ours.order.pk)
    assert [step["state"] for step in steps_of(seen)] == ["now", "wait", "wait", "wait"]
    client = world.client("viewer")
    address = reverse("portal:order", args=[world.ours.order.public_id])
    assert client.get(address).status_code == 200
    back = client.get(f"{address}?back=1&trade_status=TRADE_SUCCESS")
    assert (back.status_code, back.headers["Location"]) == (302, address)
    world.ours.order.refresh_from_db()
    assert world.ours.order.state == "pending", "what a redirect says credits nothing"


@pytest.mark.parametrize(("major", "nice"), [(1, 10), (11, 20), (21, 30), (31, 50), (51, 100), (1_001, 2_000)])
def test_amounts_that_people_pay(major: int, nice: int) -> None:
    assert _nice(major) == nice


@given(st.integers(0, 10**12))
def test_a_scale_reaches_its_highest_bar_in_few_steps(highest: int) -> None:
    step, steps = charts.scale(highest)
    assert highest <= step * steps
    assert 1 <= steps <= 3


@given(st.integers(1, 31), st.integers(0, 10**7), st.integers(0, 10**7))
def test_bars_stand_on_each_other_within_the_picture(days: int, peak: int, valley: int) -> None:
    bands = {2: [peak * place // days for place in range(days)], 4: [valley] * days}
    chart = charts.draw(labels=[str(one) for one in range(days)], bands=bands, ahead=[5], now=1)
    assert all(charts.TOP * 10 - 3 <= bar.y <= chart.foot for bar in chart.bars)
    assert all(bar.kind in {"2", "4", "ahead"} for bar in chart.bars)
