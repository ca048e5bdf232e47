"""A notice is a row: raised once, claimed, sent outside any transaction, proven; the next channel when one fails."""

import smtplib
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.notices.channels import put_in_letterbox, send_mail
from prewatt.notices.errors import NotTellable, UnknownNotice
from prewatt.notices.models import Notice
from prewatt.notices.queries import find_proofs, list_account_notices, list_desk_notices, list_letterbox
from prewatt.notices.services import claim_notices, load_party, tell_top_up
from prewatt.notices.values import Letter, Sent
from prewatt.tenancy.models import Customer
from prewatt.usecases.review_due import review_due
from prewatt.usecases.send_due_notices import send_due_notices
from prewatt.usecases.tell_notice import tell_notice
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db


def due_now() -> None:
    Notice.objects.update(due_at=machine_now() - timedelta(seconds=1))


def send(outcome: Sent, channel: str = "mail") -> int:
    due_now()
    return send_due_notices(actor=ACTOR, senders={channel: lambda _letter: outcome})


def mailed(**rules) -> Mall:
    mall = Mall(notice_channels=["mail", "desk"], **rules)
    Customer.objects.update(email="shop@example.org")
    return mall


def test_levels_are_told_once_in_a_descent():
    mall = Mall()
    room = mall.rooms[0]
    for available in (20_000, 10_000, 9_000, 3_000, 2_000, 10_000, 2_500):
        mall.set_available(room, available)
    assert mall.notices(room) == ["level_1", "level_2", "level_2"]


def test_an_account_may_have_levels_of_its_own():
    mall = Mall()
    room = mall.rooms[0]
    room.account.__class__.objects.filter(pk=room.account.pk).update(level_1=50_000, level_2=40_000)
    mall.set_available(room, 40_000)
    assert mall.notices(room) == ["level_2"]


def test_the_letter_box_delivers_at_once_and_proves():
    mall = Mall()
    room = mall.rooms[0]
    mall.set_available(room, 0)
    assert send_due_notices(actor=ACTOR) == 1
    assert send_due_notices(actor=ACTOR) == 0
    proof = find_proofs(account_ids=[room.account.pk])[room.account.pk]
    assert (proof.channel, proof.delivered_at) == ("letterbox", Notice.objects.get().delivered_at)
    assert find_proofs(account_ids=[]) == {}
    [row] = list_letterbox(user=mall.engineer().user)
    assert row.subject.startswith("停电前最后提醒")


def test_a_top_up_above_the_last_call_takes_its_proof_away():
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    assert find_proofs(account_ids=[room.account.pk])
    mall.set_available(room, 5_000)
    mall.set_available(room, -1)
    assert mall.decisions(room)[-1] == ("spare", "no_notice")
    assert find_proofs(account_ids=[room.account.pk]) == {}


def test_the_desks_list_is_told_by_a_named_person_and_that_is_the_proof():
    mall = Mall(notice_channels=["desk"])
    room = mall.rooms[0]
    person = mall.engineer()
    mall.set_available(room, 0)
    [row] = list_desk_notices(user=person.user, site_id=mall.site.pk)
    assert row.kind == "last_call"
    with pytest.raises(NotTellable):
        tell_notice(actor=ACTOR, notice_public_id=row.public_id)
    tell_notice(actor=person, notice_public_id=row.public_id, how="by phone")
    assert list_desk_notices(user=person.user) == []
    with pytest.raises(NotTellable):
        tell_notice(actor=person, notice_public_id=row.public_id)
    with pytest.raises(UnknownNotice):
        tell_notice(actor=mall.person("stranger"), notice_public_id=row.public_id)
    mall.wait(seconds=605)
    review_due(actor=ACTOR)
    assert mall.is_held(room)
    [kept] = list_account_notices(account_id=room.account.pk)
    assert kept.proof == "Wang Li: by phone"


def test_mail_goes_to_who_has_an_address_and_the_desk_tells_the_others():
    mall = Mall(rooms=2, notice_channels=["mail", "desk"])
    with_mail, without = mall.rooms
    Customer.objects.filter(pk=with_mail.account.customer_id).update(email="a@example.org")
    mall.set_available(with_mail, 0)
    mall.set_available(without, 0)
    assert dict(Notice.objects.values_list("account_id", "channel")) == {
        with_mail.account.pk: "mail", without.account.pk: "desk",
    }  # fmt: skip


def test_a_passing_fault_is_tried_again_later():
    mall = mailed()
    mall.set_available(mall.rooms[0], 0)
    assert send(Sent(error="450 busy")) == 1
    notice = Notice.objects.get()
    assert (notice.state, notice.tries, notice.error) == ("pending", 1, "450 busy")
    assert notice.due_at > machine_now()
    assert send_due_notices(actor=ACTOR, senders={"mail": lambda _: Sent(proof="x")}) == 0, "not yet"
    send(Sent(proof="taken"))
    notice.refresh_from_db()
    assert (notice.state, notice.proof, notice.error) == ("delivered", "taken", "")


def test_what_cannot_be_delivered_goes_to_the_desk_and_calls_a_person():
    mall = mailed()
    room = mall.rooms[0]
    mall.set_available(room, 0)
    send(Sent(error="550 no such user", is_permanent=True))
    assert dict(Notice.objects.values_list("channel", "state")) == {"mail": "failed", "desk": "pending"}
    assert mall.cases() == ["notice_undelivered"]
    mall.wait(days=3)
    review_due(actor=ACTOR)
    assert not mall.is_held(room), "no proof, no disconnection"


def test_after_many_tries_it_is_given_up():
    mall = mailed()
    mall.set_available(mall.rooms[0], 0)
    for _ in range(8):
        send(Sent(error="timeout"))
    assert Notice.objects.get(channel="mail").state == "failed"


def test_a_claim_is_not_taken_twice_and_one_that_died_is_taken_again():
    mall = mailed()
    mall.set_available(mall.rooms[0], 0)
    seen: list[Letter] = []

    def slow(letter: Letter) -> Sent:
        seen.append(letter)
        assert send_due_notices(actor=ACTOR, senders={"mail": slow}) == 0, "it is claimed"
        Notice.objects.update(leased_until=machine_now() - timedelta(seconds=1))  # this worker is taken for dead
        assert send_due_notices(actor=ACTOR, senders={"mail": lambda _: Sent(proof="second")}) == 1
        return Sent(proof="first")

    send_due_notices(actor=ACTOR, senders={"mail": slow})
    assert len(seen) == 1
    assert Notice.objects.get().proof == "second", "the claim of the first was over"


def test_last_calls_go_first():
    mall = Mall(rooms=3)
    mall.set_available(mall.rooms[0], 9_000)
    mall.set_available(mall.rooms[1], 2_000)
    mall.set_available(mall.rooms[2], 0)
    with unit_of_work(actor=ACTOR, verb="claim"):
        [first] = claim_notices(channels=["letterbox"], limit=1)
    assert first.kind == "last_call"


def test_a_top_up_is_told_once_and_never_by_the_desk():
    mall = Mall()
    room = mall.rooms[0]
    for _ in range(2):
        with unit_of_work(actor=ACTOR, verb="top_up") as work:
            tell_top_up(
                party=load_party(account_id=room.account.pk), amount=Money(5_000, "CNY"), available=Money(4_000, "CNY"),
                payment_key="p1", receipt="R-1", now=work.now,
            )  # fmt: skip
    notice = Notice.objects.get()
    assert "¥50.00" in notice.subject
    assert "R-1" in notice.body
    mall.policy.notice_channels = ["desk"]
    mall.policy.save()
    with unit_of_work(actor=ACTOR, verb="top_up") as work:
        tell_top_up(
            party=load_party(account_id=room.account.pk), amount=Money(1, "CNY"), available=Money(1, "CNY"),
            payment_key="p2", receipt="R-2", now=work.now,
        )  # fmt: skip
    assert Notice.objects.count() == 1


def test_a_tenant_is_written_to_in_his_language():
    mall = Mall()
    Customer.objects.update(language="en")
    mall.set_available(mall.rooms[0], 0)
    assert Notice.objects.get().subject.startswith("Last call before disconnection: 1#-001")


class FakeServer:
    """Stands in for a connection to a mail server."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.sent: list[EmailMessage] = []

    def send_messages(self, messages: list[EmailMessage]) -> int:
        if self.error:
            raise self.error
        self.sent += messages
        return len(messages)


LETTER = Letter(1, Notice().public_id, 1, "level_1", "mail", "a@example.org", "Low", "Body", {}, "en", 1, machine_now())


@pytest.mark.parametrize(
    ("error", "is_permanent"),
    [
        (smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no such user")}), True),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (450, b"mailbox busy")}), False),
        (smtplib.SMTPDataError(554, b"refused"), True),
        (smtplib.SMTPAuthenticationError(535, b"bad login"), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (TimeoutError("slow"), False),
    ],
)
def test_what_a_mail_servers_answers_mean(error: Exception, is_permanent: bool, monkeypatch, settings):
    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr("prewatt.notices.channels.get_connection", lambda: FakeServer(error))
    sent = send_mail(LETTER)
    assert (bool(sent.error), sent.is_permanent, sent.proof) == (True, is_permanent, "")


def test_a_mail_carries_the_id_of_its_notice(monkeypatch, settings):
    settings.EMAIL_HOST = "mail.example.org"
    server = FakeServer(None)
    monkeypatch.setattr("prewatt.notices.channels.get_connection", lambda: server)
    assert send_mail(LETTER).proof == "mail.example.org → a@example.org"
    [message] = server.sent
    assert message.extra_headers["Message-ID"] == f"<{LETTER.public_id}@prewatt>"
    assert put_in_letterbox(LETTER).proof


def test_without_a_mail_server_nothing_is_tried(settings):
    settings.EMAIL_HOST = ""
    assert send_mail(LETTER).is_permanent


def test_a_recipient_that_is_no_address_is_not_tried_again(monkeypatch, settings):
    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr("prewatt.notices.channels.get_connection", lambda: FakeServer(ValueError("newline")))
    assert send_mail(LETTER).is_permanent
