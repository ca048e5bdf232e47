"""The day close: accruals become entries, once, in every order of events."""

from datetime import date

import pytest
from tests.usecases_billing.town import ACTOR, FLAT, OPENED, Room, Town, local, rows, set_clock

from prewatt.billing.errors import DayNotOver
from prewatt.billing.models import DayClose, Position
from prewatt.cases.models import Case, Progress
from prewatt.kernel.money import Money
from prewatt.ledger.queries import house_balance, list_postings, party_balance
from prewatt.tenancy.models import Account
from prewatt.usecases.close_day import CloseResult, close_day, close_due_days, refresh_forecasts


def close(town: Town, day: str) -> CloseResult:
    return close_day(actor=ACTOR, site_id=town.site.pk, day=date.fromisoformat(day))


def ledger_balance(room: Room) -> int:
    bucket = room.account.buckets.get()
    return party_balance(ledger_account_ids=[bucket.ledger_account_id])[bucket.ledger_account_id].minor


def test_a_close_posts_what_was_accrued(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T20:00", 10_000)
    result = close(town, "2026-11-01")
    assert (result.accounts, result.entries, result.posted, result.difference) == (1, 1, Money(800, "CNY"), 0)
    assert town.accrued(room) == 0
    assert ledger_balance(room) == -800
    assert house_balance(book_id=town.book_id, code="revenue:electricity") == Money(800, "CNY")
    (line,) = list_postings(ledger_account_ids=[room.account.buckets.get().ledger_account_id])
    assert line.memo["from"] == line.memo["to"] == "2026-11-01"
    assert line.booking_date == date(2026, 11, 1)
    assert line.cause_key.startswith(f"position:{room.account.number}:{room.point.code}:")
    assert line.cause_key.endswith(":2026-11:shop.1:1")


def test_a_day_is_closed_once(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T20:00", 10_000)
    first, second = close(town, "2026-11-01"), close(town, "2026-11-01")
    assert not first.was_closed
    assert second.was_closed
    assert second.posted == first.posted
    assert ledger_balance(room) == -800


def test_late_energy_is_posted_by_the_next_close_and_names_its_days(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-02T00:00", 10_000)
    close(town, "2026-11-01")
    assert close(town, "2026-11-02").entries == 0
    town.read(room, "2026-11-04T00:00", 30_000)
    close(town, "2026-11-03")
    line = list_postings(ledger_account_ids=[room.account.buckets.get().ledger_account_id])[0]
    assert (line.memo["from"], line.memo["to"], line.amount.minor) == ("2026-11-02", "2026-11-03", -1_600)


def test_a_close_posts_up_to_its_own_day_whatever_came_after(town: Town) -> None:
    """History filled in behind a live estate makes the entries that closes on time would have made."""
    on_time, behind = town.add_room(), town.add_room()
    for day in (2, 3, 4):
        town.read(on_time, f"2026-11-{day:02d}T00:00", (day - 1) * 10_000 + day * 10)
    town.read(behind, "2026-11-04T00:00", 3 * 10_000 + 40)
    town.read(behind, "2026-11-04T09:00", 50_000)
    for day in (2, 3):
        town.read(behind, f"2026-11-{day:02d}T00:00", (day - 1) * 10_000 + day * 10)
    for day in (1, 2, 3):
        close(town, f"2026-11-{day:02d}")
    lines = [
        [(line.amount, line.memo["from"], line.memo["to"]) for line in list_postings(ledger_account_ids=[bucket_id])]
        for bucket_id in (room.account.buckets.get().ledger_account_id for room in (on_time, behind))
    ]
    assert lines[0] == lines[1]
    assert [days for _, *days in lines[0]] == [[f"2026-11-{day:02d}"] * 2 for day in (3, 2, 1)]
    assert Account.objects.get(pk=on_time.account.pk).accrued == 0
    assert Account.objects.get(pk=behind.account.pk).accrued == 1_597


def test_a_close_never_waits_for_a_meter(town: Town) -> None:
    silent, heard = town.add_room(), town.add_room()
    town.read(heard, "2026-11-01T12:00", 1_000)
    assert close(town, "2026-11-01").entries == 1
    town.read(silent, "2026-11-03T00:00", 50_000)
    assert close(town, "2026-11-02").posted == Money(4_000, "CNY")


def test_rounding_never_drifts_over_closes(town: Town) -> None:
    """0.4 fen a day: what is posted is always the rounded whole, never a sum of rounded parts."""
    room = town.add_room()
    for day in range(1, 11):
        town.read(room, f"2026-11-{day:02d}T23:00", day * 5)
        close(town, f"2026-11-{day:02d}")
        position = Position.objects.get()
        assert position.rounded == position.posted == (day * 5 * 800_000 + 5_000_000) // 10_000_000
    assert ledger_balance(room) == -4


def test_own_use_goes_to_its_own_revenue(town: Town) -> None:
    room = town.add_room(own_use=True)
    town.read(room, "2026-11-01T20:00", 10_000)
    close(town, "2026-11-01")
    assert house_balance(book_id=town.book_id, code="revenue:own_use") == Money(800, "CNY")
    assert not rows("SELECT 1 FROM ledger_ledgeraccount WHERE code = 'revenue:electricity'")


def test_a_running_day_is_not_closed(town: Town) -> None:
    with pytest.raises(DayNotOver):
        close(town, "2026-11-20")


def test_due_days_are_closed_in_order(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T20:00", 10_000)
    set_clock("2026-11-04T00:01")
    assert [one.day.day for one in close_due_days(actor=ACTOR)] == [1, 2], "the registers of midnight have their time"
    set_clock("2026-11-04T00:03")
    assert [one.day.day for one in close_due_days(actor=ACTOR)] == [3]
    assert close_due_days(actor=ACTOR) == []
    assert rows("SELECT count(*) FROM ledger_ledgerday WHERE state = 'sealed'") == [(3,)]


def test_a_site_that_fills_in_its_history_is_left_alone(town: Town) -> None:
    Progress.objects.create(scope=town.site.scope, kind="history", total=45, started_at=local("2026-11-01T00:00"))
    assert close_due_days(actor=ACTOR) == []


def test_nothing_is_foreseen_from_half_a_past(town: Town) -> None:
    room = town.add_room()
    for day in range(2, 12):
        town.read(room, f"2026-11-{day:02d}T00:00", (day - 1) * 10_000)
    loading = Progress.objects.create(
        scope=town.site.scope, kind="history", total=45, started_at=local("2026-11-01T00:00")
    )
    set_clock("2026-11-11T00:05")
    close(town, "2026-11-10")
    assert Account.objects.get(pk=room.account.pk).daily_cost is None
    Progress.objects.filter(pk=loading.pk).update(finished_at=local("2026-11-11T00:10"))
    refresh_forecasts(actor=ACTOR, site_id=town.site.pk)
    assert Account.objects.get(pk=room.account.pk).daily_cost == 800


def test_what_does_not_add_up_is_a_case(town: Town) -> None:
    room = town.add_room()
    town.read(room, "2026-11-01T20:00", 10_000)
    Account.objects.filter(pk=room.account.pk).update(accrued=790)
    assert close(town, "2026-11-01").difference == 10
    assert Case.objects.get().kind == "ledger_difference"
    assert DayClose.objects.get().difference == 10


def test_many_points_of_one_account_and_two_versions(town: Town) -> None:
    town.publish(FLAT.flat(currency="CNY", price=1_000_000), date(2026, 11, 3))
    shared = town.add_account()
    one, two = town.add_room(account=shared), town.add_room(account=shared)
    for room in (one, two):
        town.read(room, "2026-11-05T00:00", 40_000)
    result = close(town, "2026-11-04")
    assert (result.accounts, result.entries, result.posted) == (1, 4, Money(7_200, "CNY"))


def test_the_forecast_follows_recent_use(town: Town) -> None:
    room = town.add_room()
    for day in range(2, 12):
        town.read(room, f"2026-11-{day:02d}T00:00", (day - 1) * 10_000)
    Account.objects.filter(pk=room.account.pk).update(allowed_credit=100_000)
    set_clock("2026-11-11T00:05")
    close(town, "2026-11-10")
    room.account.refresh_from_db()
    assert room.account.daily_cost == 800
    assert room.account.empties_at is not None
    left = room.account.empties_at - local("2026-11-11T00:05")
    assert left.days == (100_000 - 8_000) // 800
    assert date(2026, 11, 1) == OPENED
