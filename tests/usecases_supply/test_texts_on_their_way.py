"""A text is sent at most once; its report is its proof; without one a warning goes by the next channel too."""

import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.cases.models import Case
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.money import Money
from prewatt.notices.errors import BadPreference, NotSendable
from prewatt.notices.models import Notice
from prewatt.notices.quiet import wait_until
from prewatt.notices.services import tell_refund
from prewatt.notices.values import Letter, Sent, Wishes
from prewatt.tenancy.models import Customer
from prewatt.usecases.keep_preference import keep_preference, see_preference
from prewatt.usecases.see_outbox import send_again
from prewatt.usecases.send_due_notices import follow_unconfirmed_notices, send_due_notices
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
TOKEN = "a-long-random-word"


@pytest.fixture
def mall(settings) -> Mall:
    settings.SMS = settings.SMS | {"provider": "http", "url": "https://sms.example.org"}
    settings.SMS_REPORT_TOKEN = TOKEN
    made = Mall(notice_channels=["sms", "mail"])
    Customer.objects.update(phone="+8613800000000", email="shop@example.org")
    return made


def send(outcome: Sent) -> list[Letter]:
    seen = []

    def sender(letter: Letter) -> Sent:
        seen.append(letter)
        return outcome

    Notice.objects.filter(state="pending").update(due_at=machine_now() - timedelta(seconds=1))
    send_due_notices(actor=ACTOR, senders={"sms": sender})
    return seen


def late() -> None:
    Notice.objects.filter(state="sent").update(due_at=machine_now() - timedelta(seconds=1))


def report(client: Client, token: str = TOKEN, **said: str) -> int:
    answer = client.post(f"/sms/report/{token}", json.dumps(said), content_type="application/json")
    return answer.status_code


def states() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("channel", "state"))


def test_a_text_is_delivered_when_its_provider_says_so(mall: Mall, client: Client) -> None:
    mall.set_available(mall.rooms[0], 0)
    [letter] = send(Sent(reference="R1"))
    assert letter.facts["rooms"] == mall.rooms[0].point.code
    assert states() == [("sms", "sent")]
    assert report(client, id="R1", state="delivered") == 200
    assert report(client, id="R1", state="failed") == 200, "what ended stays ended"
    notice = Notice.objects.get()
    assert (notice.state, notice.proof) == ("delivered", "http R1 → +8613800000000")


def test_a_report_may_name_our_own_id_and_be_faster_than_the_answer(mall: Mall, client: Client) -> None:
    mall.set_available(mall.rooms[0], 0)
    notice = Notice.objects.get()
    Notice.objects.update(state="sending", leased_until=machine_now() + timedelta(minutes=1))
    assert report(client, id=str(notice.public_id), state="delivered") == 200
    assert states() == [("sms", "delivered")]


@pytest.mark.parametrize(
    ("token", "said", "status"),
    [
        ("guessed", {"id": "R1", "state": "delivered"}, 404),
        (TOKEN, {"id": "R1"}, 400),
        (TOKEN, {"id": "no", "state": "failed"}, 200),
    ],
)
def test_strangers_and_nonsense_change_nothing(
    mall: Mall, client: Client, token: str, said: dict[str, str], status: int
) -> None:
    mall.set_available(mall.rooms[0], 0)
    send(Sent(reference="R1"))
    assert report(client, token, **said) == status
    assert client.get(f"/sms/report/{TOKEN}").status_code == 405
    assert client.post(f"/sms/report/{TOKEN}", "x" * 300_000, content_type="text/plain").status_code == 413
    assert states() == [("sms", "sent")]


def test_without_a_provider_there_is_no_such_address(client: Client, settings) -> None:
    settings.SMS_REPORT_TOKEN = ""
    assert report(client, id="R1", state="delivered") == 404


def test_a_text_that_did_not_arrive_goes_by_mail_and_a_case_opens(mall: Mall, client: Client) -> None:
    mall.set_available(mall.rooms[0], 0)
    send(Sent(reference="R1"))
    report(client, id="R1", state="failed", error="switched off")
    assert states() == [("sms", "failed"), ("mail", "pending")]
    assert Case.objects.get(kind="notice_undelivered").detail["error"] == "not delivered: switched off"


def test_an_answer_that_was_lost_is_never_sent_again_but_followed_by_mail(mall: Mall) -> None:
    mall.set_available(mall.rooms[0], 0)
    send(Sent(error="no answer", is_unknown=True))
    assert send(Sent(reference="R2")) == []
    assert follow_unconfirmed_notices(actor=ACTOR) == 1
    assert follow_unconfirmed_notices(actor=ACTOR) == 0
    assert states() == [("sms", "sent"), ("mail", "pending")]


def test_a_text_that_nobody_reports_on_is_followed_after_a_while(mall: Mall) -> None:
    mall.set_available(mall.rooms[0], 0)
    send(Sent(reference="R1"))
    assert follow_unconfirmed_notices(actor=ACTOR) == 0, "its report may still come"
    late()
    assert follow_unconfirmed_notices(actor=ACTOR) == 1
    assert states() == [("sms", "sent"), ("mail", "pending")]


def test_a_text_whose_sender_died_is_not_claimed_again(mall: Mall) -> None:
    mall.set_available(mall.rooms[0], 0)
    Notice.objects.update(state="sending", leased_until=machine_now() - timedelta(seconds=1))
    assert send(Sent(reference="R2")) == []
    assert follow_unconfirmed_notices(actor=ACTOR) == 1
    assert states() == [("sms", "sent"), ("mail", "pending")]


def test_a_failed_message_is_sent_again_by_a_person(mall: Mall) -> None:
    mall.set_available(mall.rooms[0], 0)
    send(Sent(error="bad number", is_permanent=True))
    failed = Notice.objects.get(channel="sms")
    send_again(actor=ACTOR, notice_public_id=failed.public_id)
    assert len(send(Sent(reference="R1"))) == 1
    with pytest.raises(NotSendable):
        send_again(actor=ACTOR, notice_public_id=failed.public_id)


def keep(mall: Mall, **wishes) -> None:
    keep_preference(actor=ACTOR, account_id=mall.rooms[0].account.pk, wishes=Wishes(**wishes))


def test_an_account_says_how_it_wants_to_be_told(mall: Mall) -> None:
    keep(mall, channels=("mail",), second_name="Xu", second_phone="+8613900000000", warn_days=5)
    assert see_preference(account_id=mall.rooms[0].account.pk).warn_days == 5
    mall.set_available(mall.rooms[0], 0)
    found = set(Notice.objects.values_list("channel", "recipient"))
    assert found == {("mail", "shop@example.org"), ("sms", "+8613900000000")}


def test_days_left_are_a_level_too(mall: Mall) -> None:
    room = mall.rooms[0]
    keep(mall, warn_days=5)
    type(room.account).objects.filter(pk=room.account.pk).update(daily_cost=10_000)
    mall.set_available(room, 60_000)
    assert mall.notices(room) == []
    mall.set_available(room, 50_000)
    assert mall.notices(room) == ["level_1"]


def test_what_is_muted_is_not_sent_and_warnings_of_a_cut_cannot_be(mall: Mall) -> None:
    keep(mall, muted=("level_1", "refund"))
    mall.set_available(mall.rooms[0], 9_000)
    with unit_of_work(actor=ACTOR, verb="tell") as work:
        tell_refund(
            account_id=mall.rooms[0].account.pk, amount=Money(100, "CNY"), available=Money(0, "CNY"), key="k", slip="F",
            now=work.now,
        )  # fmt: skip
    assert states() == []
    mall.set_available(mall.rooms[0], 0)
    assert mall.notices(mall.rooms[0]) == ["last_call"]


def test_a_refund_is_told_once(mall: Mall) -> None:
    for _ in range(2):
        with unit_of_work(actor=ACTOR, verb="tell") as work:
            tell_refund(
                account_id=mall.rooms[0].account.pk, amount=Money(100, "CNY"), available=Money(0, "CNY"), key="k",
                slip="F-1", now=work.now,
            )  # fmt: skip
    [notice] = Notice.objects.all()
    assert "F-1" in notice.body


@pytest.mark.parametrize(
    "wishes",
    [
        {"channels": ("pigeon",)}, {"muted": ("last_call",)}, {"quiet_from": time(22)}, {"warn_days": 0},
        {"warn_days": 61}, {"second_phone": "1"},
    ],
)  # fmt: skip
def test_wishes_that_cannot_be(mall: Mall, wishes) -> None:
    with pytest.raises(BadPreference):
        keep(mall, **wishes)


def test_what_can_wait_waits_through_quiet_hours_and_a_last_call_does_not(mall: Mall) -> None:
    local = estate_now().astimezone(ZoneInfo(mall.site.time_zone))
    keep(mall, quiet_from=(local - timedelta(hours=1)).time(), quiet_to=(local + timedelta(hours=2)).time())
    mall.set_available(mall.rooms[0], 9_000)
    mall.set_available(mall.rooms[0], 0)
    waits = {one.kind: one.due_at - machine_now() for one in Notice.objects.all()}
    assert timedelta(minutes=119) < waits["level_1"] <= timedelta(hours=2)
    assert waits["last_call"] <= timedelta(0)


@pytest.mark.parametrize(
    ("at", "quiet", "until"),
    [
        ("2026-11-22T23:30", ("22:00", "07:00"), "2026-11-23T07:00"),
        ("2026-11-23T06:59", ("22:00", "07:00"), "2026-11-23T07:00"),
        ("2026-11-23T07:00", ("22:00", "07:00"), "2026-11-23T07:00"),
        ("2026-11-22T13:00", ("12:00", "14:00"), "2026-11-22T14:00"),
        ("2026-11-22T11:59", ("12:00", "14:00"), "2026-11-22T11:59"),
        ("2026-11-22T12:00", ("12:00", "12:00"), "2026-11-22T12:00"),
    ],
)
def test_quiet_hours_may_reach_over_midnight(at: str, quiet: tuple[str, str], until: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    begin, end = (time.fromisoformat(one) for one in quiet)
    found = wait_until(at=datetime.fromisoformat(at).replace(tzinfo=zone), zone=zone, quiet_from=begin, quiet_to=end)
    assert found == datetime.fromisoformat(until).replace(tzinfo=zone)
    assert wait_until(at=found, zone=zone, quiet_from=None, quiet_to=None) == found
