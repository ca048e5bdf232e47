"""The fee statement: every figure on it is explained by another, and by the ledger."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases_billing.town import ACTOR, OPENED, Room, Town, reading, set_clock
from tests.usecases_papers.month import BY_METER, LATE, NOVEMBER, begin_late, live_through, pay, step_wh

from prewatt.billing.errors import MonthNotOver
from prewatt.kernel.money import Money
from prewatt.ledger.models import Document
from prewatt.ledger.queries import party_balance, verify
from prewatt.rating.tariff import Tariff
from prewatt.reports.papers import render
from prewatt.usecases._papers import PaperMonth
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.issue_statement import issue_statement, issue_statements, month_of
from prewatt.usecases.print_document import marks_of
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment

DECEMBER = date(2026, 12, 1)


def statement(room: Room, month: date = NOVEMBER, **other: Any) -> dict[str, Any]:
    return issue_statement(actor=ACTOR, account_id=room.account.pk, month=month, **other).content


def ledger_balance(room: Room) -> int:
    bucket = room.account.buckets.get()
    return party_balance(ledger_account_ids=[bucket.ledger_account_id])[bucket.ledger_account_id].minor


def adds_up(content: Mapping[str, Any]) -> None:
    """Every sum that the paper prints is the sum of what it prints."""
    opening, topped, charges, adjusted, closing = (
        content[name][0] for name in ("opening", "top_ups_total", "charges", "adjustments_total", "closing")
    )
    assert opening + topped - charges + adjusted == closing
    assert sum(one["amount"] for one in content["top_ups"]) == topped
    assert sum(one["amount"] for one in content["adjustments"]) == adjusted
    for one in content["energy"]:
        assert sum(minor for *_, minor in one["bands"]) == one["amount"]
        assert sum(wh for _, wh, *_ in one["bands"]) == one["wh"]
        for _, wh, price, minor in one["bands"]:
            assert abs(wh * price - minor * 10**7) < 10**7, "a line is its energy times its price, to the fen"
    assert sum(one["amount"] for one in content["energy"]) - content["carried"][0] == charges
    assert sum(one["energy_wh"] for one in content["registers"]) == content["energy_wh"]
    assert sum(sum(days) for days in content["days"]["bands"].values()) == content["energy_wh"]
    for one in content["registers"]:
        _, from_wh, to_wh, difference = one["rows"][0]
        assert to_wh - from_wh == difference
        assert difference * one["multiplier"] + one["share_wh"] == one["energy_wh"]


def test_a_month_on_one_page(town: Town) -> None:
    room = town.add_room()
    pay(room, 50_000, "2026-11-01T09:00")
    live_through(town, [room], first=NOVEMBER, days=30)
    pay(room, 10_000, "2026-12-01T12:30")
    content = statement(room)
    adds_up(content)
    used = sum(step_wh(room, day) for day in range(1, 31))
    assert (content["energy_wh"], content["opening"], content["carried"]) == (used, [0, "CNY"], [0, "CNY"])
    assert content["closing"][0] == ledger_balance(room) - 10_000
    assert content["top_ups"][0] | {"at": ""} == {
        "kind": "top_up", "at": "", "channel": "cash", "number": "R-2026-T1-000001", "amount": 50_000,
    }  # fmt: skip
    assert (content["month"], content["rooms"], content["objection_until"]) == ("2026-11", ["1#-001"], "2026-12-31")
    assert content["registers"][0]["share_wh"] == 0
    assert content["registers"][0]["to"]["at"].startswith("2026-11-30T16:00")
    assert content["amount_capitals"].startswith("人民币")


def test_asking_again_gives_the_same_paper(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    live_through(late_town, [room], first=LATE, days=3)
    first = issue_statement(actor=ACTOR, account_id=room.account.pk, month=date(2026, 11, 17))
    set_clock("2026-12-05T12:00")
    again = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER)
    same = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER, correcting=True)
    assert first.number_text == "S-2026-11-000001"
    assert {one.public_id for one in (first, again, same)} == {first.public_id}
    assert Document.objects.filter(kind="statement").count() == 1


def test_a_corrected_one_takes_its_place(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    live_through(late_town, [room], first=LATE, days=3)
    wrong = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER)
    room.account.customer.name = "Right name"
    room.account.customer.save()
    right = issue_statement(
        actor=ACTOR, account_id=room.account.pk, month=NOVEMBER, correcting=True, reason="name misspelt"
    )
    assert (right.number_text, right.content["supersedes"]) == ("S-2026-11-000002", wrong.number_text)
    assert right.content["customer"] == "Right name"
    assert Document.objects.get(pk=wrong.id).voided_at is not None
    assert verify(seals=True) == []


def test_a_month_that_is_not_closed_has_no_statement(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    live_through(late_town, [room], first=LATE, days=2)
    with pytest.raises(MonthNotOver, match="2026-11"):
        statement(room)


def test_late_energy_is_an_adjustment_of_the_next_month(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    set_clock("2026-12-01T12:00")
    late_town.read(room, "2026-11-29T00:00", 20_000)
    close_due_days(actor=ACTOR)
    set_clock("2026-12-05T12:00")
    late_town.read(room, "2026-12-05T00:00", 90_000)
    set_clock("2027-01-01T12:00")
    close_due_days(actor=ACTOR)
    november, december = statement(room), statement(room, DECEMBER)
    adds_up(november)
    adds_up(december)
    late = november["carried"][0]
    assert late > 0
    (adjustment,) = december["adjustments"]
    assert (adjustment["kind"], adjustment["amount"]) == ("usage", -late)
    assert adjustment["about"].startswith("1#-001 2026-11-")
    assert november["closing"] == december["opening"]
    assert december["closing"][0] == ledger_balance(room)
    assert november["registers"][0]["to"]["estimated"], "the reading before midnight is days old"


def test_refunds_and_reversals_are_told_apart(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    pay(room, 50_000, "2026-11-28T09:00")
    wrong = pay(room, 7_000, "2026-11-28T10:00")
    reverse_payment(actor=ACTOR, payment_public_id=wrong.payment_public_id, reason="wrong room")
    refund_balance(
        actor=ACTOR, account_id=room.account.pk, amount=Money(5_000, "CNY"), reason="moves out", channel="cash",
        token="t1", till="T1",
    )  # fmt: skip
    live_through(late_town, [room], first=LATE, days=3)
    content = statement(room)
    adds_up(content)
    assert [(one["kind"], one["amount"]) for one in content["top_ups"]] == [
        ("top_up", 50_000), ("top_up", 7_000), ("reversal", -7_000),
    ]  # fmt: skip
    (refund,) = content["adjustments"]
    assert (refund["kind"], refund["amount"], refund["reason"]) == ("refund", -5_000, "moves out")
    assert refund["number"] == "F-2026-T1-000001"


def test_readings_off_midnight_are_shared_out_and_say_so(late_town: Town) -> None:
    room = late_town.add_room(since=LATE)
    set_clock("2026-11-30T23:55")
    late_town.record(reading(room, "2026-11-30T23:52", 300_000))
    set_clock("2026-12-01T12:00")
    late_town.record(reading(room, "2026-12-01T00:07", 300_150))
    close_due_days(actor=ACTOR)
    content = statement(room)
    adds_up(content)
    (meter,) = content["registers"]
    assert meter["share_wh"] == 80
    assert meter["to"]["at"].startswith("2026-11-30T15:52")
    assert meter["to"]["next_at"].startswith("2026-11-30T16:07")
    assert not meter["to"]["estimated"]


def test_prices_that_change_in_the_month_are_two_blocks(late_town: Town) -> None:
    late_town.publish(Tariff.flat(currency="CNY", price=900_001), date(2026, 11, 30))
    room = late_town.add_room(since=LATE)
    live_through(late_town, [room], first=LATE, days=3)
    content = statement(room)
    adds_up(content)
    assert [(one["version"], one["from"], one["to"]) for one in content["energy"]] == [
        (1, "2026-11-28", "2026-11-29"), (2, "2026-11-30", "2026-11-30"),
    ]  # fmt: skip
    assert [one["version"] for one in content["programmes"]] == [1]


def test_registers_of_a_meter_that_keeps_the_bands(db: None, estate_clock: None) -> None:
    town = Town.build(tariffs={OPENED: BY_METER})
    begin_late(town)
    room = town.add_room(since=LATE, multiplier=40, rates_wh=[0, 0, 0, 0], rated_power_w=200_000)
    set_clock("2026-12-01T12:00")
    town.record(reading(room, "2026-12-01T00:00", 100_000, [10_000, 40_000, 30_000, 20_000], kind=2))
    close_due_days(actor=ACTOR)
    content = statement(room)
    adds_up(content)
    assert [line[0] for line in content["registers"][0]["rows"]] == [0, 1, 2, 3, 4]
    bands = {band: wh for band, wh, *_ in content["energy"][0]["bands"]}
    assert bands == {line[0]: line[3] * 40 for line in content["registers"][0]["rows"][1:]}


def test_another_currency_has_no_capitals(db: None, estate_clock: None) -> None:
    town = Town.build(currency="KWD", tariffs={OPENED: Tariff.flat(currency="KWD", price=25_500)})
    begin_late(town)
    room = town.add_room(since=LATE)
    pay(room, 50_000, "2026-11-28T09:00")
    live_through(town, [room], first=LATE, days=3)
    paper = issue_statement(actor=ACTOR, account_id=room.account.pk, month=NOVEMBER)
    assert paper.content["amount_capitals"] == ""
    assert paper.content["amount"][1] == "KWD"
    assert render(kind=paper.kind, content=paper.content, form="a4", marks=marks_of(paper)).startswith(b"%PDF")


def test_a_hundred_cost_as_many_queries_as_one(late_town: Town) -> None:
    rooms = [late_town.add_room(since=LATE) for _ in range(6)]
    account = rooms[0].account
    late_town.add_room(since=LATE, account=account)
    live_through(late_town, late_town.rooms, first=LATE, days=3)

    def count(some: list[Room]) -> int:
        ids = [room.account.pk for room in some]
        with CaptureQueriesContext(connection) as queries:
            issued = issue_statements(
                actor=ACTOR, site=late_town.site, account_ids=ids, month=month_of(site=late_town.site, day=NOVEMBER)
            )
        assert len(issued) == len(some)
        for one in issued:
            adds_up(one.content)
        return len(queries)

    one, five = count(rooms[:1]), count(rooms[1:])
    assert five <= one


def test_the_days_of_the_month_are_those_of_its_zone(town: Town) -> None:
    month = PaperMonth(date(2026, 3, 1), ZoneInfo("Europe/Berlin"))
    assert month.to_at - month.from_at == timedelta(days=31) - timedelta(hours=1)
    assert (month.after, month.count, month.text) == (date(2026, 4, 1), 31, "2026-03")
