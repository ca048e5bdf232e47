"""Energy reports, agreements and cashier reports: what they say, and that it adds up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given
from hypothesis import strategies as st
from tests.usecases_billing.town import ACTOR, Room, Town, local, reading, set_clock
from tests.usecases_money.conftest import make_cashier
from tests.usecases_papers.month import LATE, NOVEMBER, live_through, pay, step_wh

from prewatt.access.audit import Actor
from prewatt.estate.models import Meter, MeterInstallation
from prewatt.kernel.money import Money
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.models import Document
from prewatt.ledger.queries import get_document
from prewatt.ledger.values import DocumentValue
from prewatt.payments.takings import DayTrade, Movement, sums_of
from prewatt.rating.tariff import Tariff
from prewatt.reports.papers import forms_of, render
from prewatt.supply.models import Command, CommandState
from prewatt.supply.outages import pair_switches
from prewatt.supply.services import ensure_policy
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.issue_agreement import issue_agreement
from prewatt.usecases.issue_cashier_report import issue_cashier_report, see_cashier_day
from prewatt.usecases.issue_energy_report import issue_energy_report
from prewatt.usecases.issue_statement import issue_statement
from prewatt.usecases.print_document import marks_of
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.see_documents import PapersWanted, list_closed_months, list_desk_documents, see_document
from prewatt.usecases.see_site import see_site
from prewatt.usecases.work import unit_of_work

DAY = date(2026, 11, 20)


def prints(paper: DocumentValue) -> bool:
    form = forms_of(paper.kind)[0].code
    return render(kind=paper.kind, content=paper.content, form=form, marks=marks_of(paper)).startswith(b"%PDF")


def test_the_days_of_a_month_add_up_to_its_statement(late_town: Town) -> None:
    late_town.publish(Tariff.flat(currency="CNY", price=777_777), date(2026, 11, 30))
    rooms = [late_town.add_room(since=LATE)]
    rooms.append(late_town.add_room(since=LATE, account=rooms[0].account))
    live_through(late_town, rooms, first=LATE, days=3)
    report = issue_energy_report(actor=ACTOR, account_id=rooms[0].account.pk, month=NOVEMBER)
    statement = issue_statement(actor=ACTOR, account_id=rooms[0].account.pk, month=NOVEMBER)
    content = report.content
    assert sum(content["costs"]) == content["amount"][0] == statement.content["amount"][0]
    assert content["costs"][:27] == [0] * 27
    assert all(content["costs"][27:])
    assert content["energy_wh"] == sum(step_wh(room, day) for room in rooms for day in (1, 2, 3))
    assert content["days"]["paid"] == 3
    assert [one["room"] for one in content["by_room"]] == ["1#-001", "1#-002"]
    assert sum(one["amount"] for one in content["by_room"]) == content["amount"][0]
    assert [one["month"] for one in content["months"]] == ["2026-11"]
    assert content["shift"]["saves"] > 0
    assert content["load"] is None, "two meters have no common load, and one read a day says none"
    assert report.number_text == "E-2026-11-000001"
    assert issue_energy_report(actor=ACTOR, account_id=rooms[0].account.pk, month=NOVEMBER).id == report.id
    assert prints(report)


def test_load_and_outages_come_from_the_meter(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    set_clock("2026-12-01T12:00")
    start = datetime(2026, 11, 28, tzinfo=UTC)
    steps = [100] * 100 + [900] + [10] + [100] * 20
    total, readings = 0, [reading(room, start, 0)]
    for at, step in enumerate(steps, start=1):
        total += step
        readings.append(reading(room, start + timedelta(minutes=15 * at), total))
    late_town.record(*readings)
    off = datetime(2026, 11, 29, 3, tzinfo=UTC)
    switches: list[tuple[str, datetime]] = [("off", off), ("on", off + timedelta(minutes=42))]
    for wanted, instant in switches:
        Command.objects.create(
            installation=room.installation, metering_point=room.point, gateway=late_town.bus.gateway, wanted=wanted,
            cause="credit", deadline=instant, state=CommandState.VERIFIED, queued_at=instant, estate_at=instant,
        )  # fmt: skip
    close_due_days(actor=ACTOR)
    content = issue_energy_report(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER).content
    assert (content["load"]["peak_w"], content["load"]["base_w"], content["load"]["minutes"]) == (3_600, 40, 15)
    (outage,) = content["outages"]
    assert (outage["room"], outage["minutes"], outage["cause"]) == ("1#-001", 42, "credit")
    statement = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER)
    assert statement.content["outage_minutes"] == 42


def test_outages_are_cut_to_the_period() -> None:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    switches = [
        (1, "off", "credit", begin - hour), (1, "on", "payment:1", begin + hour),
        (1, "off", "manual", begin + 5 * hour),
        (2, "off", "credit", begin - 3 * hour), (2, "on", "payment:2", begin - 2 * hour), (2, "on", "x", begin),
        (3, "off", "a", begin + hour), (3, "off", "b", begin + 2 * hour),
    ]  # fmt: skip
    found = list(pair_switches(switches, from_at=begin, to_at=begin + 10 * hour))
    assert [(one.point_id, one.minutes, one.cause, one.to_at is None) for one in found] == [
        (1, 60, "credit", False), (1, 300, "manual", True), (3, 540, "a", True),
    ]  # fmt: skip


def test_an_agreement_says_the_rooms_the_prices_and_the_rules(late_town: Town) -> None:
    room = late_town.add_room(since=LATE, opening_wh=12_340, multiplier=3)
    with unit_of_work(actor=ACTOR, verb="test"):
        ensure_policy(site=late_town.site, rules={"level_1": 20_000, "level_2": 5_000})
    first = issue_agreement(actor=ACTOR, account_id=room.account.pk, reason="move-in")
    content = first.content
    (meter,) = content["meters"]
    assert (meter["room"], meter["multiplier"], meter["opening_wh"]) == ("1#-001", 3, 12_340)
    (price,) = content["prices"]
    assert price["bands"] == [[2, 1_140_500], [3, 691_200], [4, 312_000]]
    assert content["rules"]["level_1"] == 20_000
    assert first.number_text == "A-2026-desk-000001"
    assert prints(first)
    assert issue_agreement(actor=ACTOR, account_id=room.account.pk).id == first.id
    late_town.add_room(since=LATE, account=room.account)
    assert issue_agreement(actor=ACTOR, account_id=room.account.pk).id == first.id
    second = issue_agreement(actor=ACTOR, account_id=room.account.pk, correcting=True, reason="another room")
    assert (len(second.content["meters"]), second.content["supersedes"]) == (2, first.number_text)


def exchanged(town: Town, room: Room, *, since: datetime, opening_wh: int) -> Room:
    meter = Meter.objects.create(maker="M", serial="another")
    installation = MeterInstallation.objects.create(
        metering_point=room.point, meter=meter, bus=town.bus, address="900000000001",
        period=DateTimeTZRange(since, None), opening_total_wh=opening_wh,
    )  # fmt: skip
    return replace(room, installation=installation)


def test_a_meter_that_was_exchanged_is_two_lines(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    set_clock("2026-11-29T12:00")
    late_town.record(reading(room, "2026-11-29T10:00", 20_000))
    MeterInstallation.objects.filter(pk=room.installation.pk).update(
        period=DateTimeTZRange(room.installation.period.lower, local("2026-11-29T10:00")),
        closing_total_wh=20_000, closing_rates_wh=[],
    )  # fmt: skip
    fresh = exchanged(late_town, room, since=local("2026-11-29T10:00"), opening_wh=500)
    set_clock("2026-12-01T12:00")
    late_town.record(reading(fresh, "2026-12-01T00:00", 30_500, kind=2))
    close_due_days(actor=ACTOR)
    content = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER).content
    assert [one["rows"][0][1:] for one in content["registers"]] == [[0, 20_000, 20_000], [500, 30_500, 30_000]]
    assert [one["share_wh"] for one in content["registers"]] == [0, 0]
    assert content["energy_wh"] == 50_000


@pytest.fixture
def day(town: Town) -> tuple[Actor, Town]:
    """A day on which a cashier took, gave back and undid money; a part of it was taken the day before."""
    actor = Actor(process="web", user=make_cashier(town.site.scope))
    room = town.add_room()
    yesterday = pay(room, 9_900, "2026-11-19T18:00", actor=actor)
    pay(room, 50_000, "2026-11-20T09:00", actor=actor)
    pay(room, 20_000, "2026-11-20T09:05", actor=actor, channel="card")
    wrong = pay(room, 7_000, "2026-11-20T09:10", actor=actor)
    for one in (wrong, yesterday):
        reverse_payment(actor=actor, payment_public_id=one.payment_public_id, reason="wrong room")
    refund = refund_balance(
        actor=actor, account_id=room.account.pk, amount=Money(5_000, "CNY"), reason="moves out", channel="cash",
        token="t1", till="T1",
    )  # fmt: skip
    assert refund.created
    return actor, town


def test_a_cashier_report_agrees_with_the_ledger_and_the_numbers(day: tuple[Actor, Town]) -> None:
    actor, town = day
    report = issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY)
    content = report.content
    total = content["total"]
    assert total | {"name": ""} == {
        "name": "", "top_ups": 3, "taken": 77_000, "refunds": 1, "refunded": 5_000, "voids": 2, "voided": 16_900,
        "net": 55_100,
    }  # fmt: skip
    for grouped in ("lines", "by_channel", "by_cashier", "by_till"):
        for name in ("taken", "refunded", "voided", "net", "top_ups", "refunds", "voids"):
            assert sum(one[name] for one in content[grouped]) == total[name]
    assert [(one["channel"], one["net"], one["ledger"]) for one in content["ledger"]] == [
        ("card", 20_000, 20_000), ("cash", 35_100, 35_100),
    ]  # fmt: skip
    assert {one["kind"]: (one["count"], one["void"], one["missing"]) for one in content["ranges"]} == {
        "receipt": (3, 1, 0), "refund": (1, 0, 0), "reversal": (2, 0, 0),
    }  # fmt: skip
    assert [(one["number"][0], one["amount"], one["reason"]) for one in content["back"]] == [
        ("X", -7_000, "wrong room"), ("X", -9_900, "wrong room"), ("F", -5_000, "moves out"),
    ]  # fmt: skip
    assert content["amount"] == [55_100, "CNY"]
    assert prints(report)


def test_a_report_stands_until_money_moves(day: tuple[Actor, Town]) -> None:
    actor, town = day
    first = issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY)
    assert issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY).id == first.id
    assert not see_cashier_day(site_id=town.site.pk, day=DAY).is_outdated
    pay(town.rooms[0], 100, "2026-11-20T17:00", actor=actor)
    seen = see_cashier_day(site_id=town.site.pk, day=DAY)
    assert seen.is_outdated
    second = issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY)
    assert (second.content["supersedes"], second.content["total"]["net"]) == (first.number_text, 55_200)
    assert Document.objects.get(pk=first.id).voided_at is not None
    empty = see_cashier_day(site_id=town.site.pk, day=date(2026, 11, 10))
    assert (empty.report, empty.content["total"]["net"], empty.content["lines"]) == (None, 0, [])


def test_a_report_of_the_site_is_seen_by_whom_the_site_belongs_to(day: tuple[Actor, Town]) -> None:
    actor, town = day
    report = issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY)
    assert actor.user is not None
    assert see_document(user=actor.user, public_id=report.public_id).id == report.id
    stranger = make_cashier(Town.build().site.scope, username="stranger")
    assert town.building.scope is not None
    block = make_cashier(town.building.scope, username="block")
    for user in (stranger, block):
        with pytest.raises(UnknownDocument):
            see_document(user=user, public_id=report.public_id)


def test_papers_are_found_by_number_account_kind_and_day(day: tuple[Actor, Town]) -> None:
    actor, town = day
    user = actor.user
    assert user is not None
    report = issue_cashier_report(actor=actor, site_id=town.site.pk, day=DAY)
    other = town.add_room()
    pay(other, 1_000, "2026-11-20T18:00", actor=actor)
    site = see_site(user=user, permission="account.view")
    account = town.rooms[0].account
    type(account).objects.filter(pk=account.pk).update(search_text=f"{account.number} 1#-001 tea house")

    def found(**wanted: Any) -> list[str]:
        return [one.number_text[0] for one in list_desk_documents(user=user, site=site, wanted=PapersWanted(**wanted))]

    assert found() == ["R", "D", "F", "X", "X", "R", "R", "R", "R"]
    assert found(text=report.number_text) == ["D"]
    assert found(text="tea house", kinds=("refund",)) == ["F"]
    assert found(text=account.number) == ["F", "X", "X", "R", "R", "R", "R"]
    assert found(text="000001") == ["D", "F", "X", "R"]
    assert found(text="nobody at all") == []
    assert found(from_day=DAY, to_day=DAY, kinds=("receipt",)) == ["R", "R", "R", "R"]
    assert found(to_day=date(2026, 11, 19)) == ["R"]
    assert found(before=str(report.public_id)) == ["F", "X", "X", "R", "R", "R", "R"]
    assert town.building.scope is not None
    block = make_cashier(town.building.scope, username="block")
    assert [one.kind for one in list_desk_documents(user=block, site=site, wanted=PapersWanted())].count(
        "cashier_report"
    ) == 0
    assert list_closed_months(site_id=town.site.pk) == []
    assert get_document(public_id=report.public_id).check


TRADES = st.lists(
    st.builds(
        DayTrade,
        movement=st.sampled_from(Movement),
        channel=st.sampled_from(["cash", "card", "alipay"]),
        till=st.sampled_from(["", "T1", "T2"]),
        cashier=st.sampled_from(["", "Ann", "Bo"]),
        amount=st.integers(-(10**9), 10**9),
        at=st.just(datetime(2026, 11, 20, tzinfo=UTC)),
    )
)


@given(TRADES)
def test_every_way_of_adding_up_gives_the_same(trades: list[DayTrade]) -> None:
    sums = sums_of(trades)
    assert sums["total"]["net"] == sum(one.amount for one in trades)
    for grouped in ("lines", "by_channel", "by_cashier", "by_till"):
        for name, whole in sums["total"].items():
            if name != "name":
                assert sum(one[name] for one in sums[grouped]) == whole
