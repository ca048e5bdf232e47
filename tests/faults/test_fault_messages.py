"""Rows E1 to E6: messages under a provider that hangs, forgets or refuses, under a flood, and under hostile text."""

import json
import random
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from tests.faults.invariants import assert_sound
from tests.notices.test_sms_providers import client, letter, settings
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.access.audit import is_inside_unit_of_work
from prewatt.cases.models import Case
from prewatt.kernel.clock import machine_now
from prewatt.notices import ladder
from prewatt.notices.models import Notice
from prewatt.notices.services import claim_notices, sending
from prewatt.notices.sms import gateway
from prewatt.notices.texts import render
from prewatt.notices.values import Letter, Sent
from prewatt.supply.models import Command
from prewatt.supply.policy import NoticeProof
from prewatt.tenancy.models import Account, Customer
from prewatt.usecases.send_due_notices import follow_unconfirmed_notices, send_due_notices
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
A_SECOND = 5
CUT_OFF_WITHIN_S = 60
PAYLOADS = [
    "{to}",
    "{secret}",
    "%(key)s",
    '","to":"+1',
    "<script>",
    "\u2028",
    "{0.__class__}",
    "退费\n{body}",
    "' OR 1",
]


def mall_of(*channels: str, rooms: int = 1) -> Mall:
    mall = Mall(rooms=rooms, notice_channels=list(channels))
    Customer.objects.update(phone="+8613800000000", email="shop@example.org")
    return mall


def due() -> None:
    Notice.objects.filter(state="pending").update(due_at=machine_now() - timedelta(seconds=1))


def assert_still_sound() -> None:
    """Take back the use that the mall only pretends, then ask the oracle."""
    Account.objects.update(accrued=0)
    assert_sound()


def hang_while(mall: Mall, work: list[int]) -> Sent:
    """The provider does not answer for long: what happens meanwhile is done here, in the middle of the sending."""
    assert not is_inside_unit_of_work()
    for number in range(work[0]):
        mall.set_available(mall.rooms[1], 20_000 - number)
    mall.set_available(mall.rooms[1], 0)
    due()
    work.append(send_due_notices(actor=ACTOR, senders={"mail": lambda _letter: Sent(proof="taken")}))
    return Sent(error="no answer", is_unknown=True)


@pytest.mark.faults("E1")
def test_while_a_provider_hangs_money_moves_and_letters_go(faults) -> None:
    mall, work = mall_of("sms", "mail", rooms=2), [faults.times(short=3, full=50)]
    Customer.objects.filter(accounts=mall.rooms[1].account).update(phone="")
    mall.set_available(mall.rooms[0], 0)
    due()
    assert send_due_notices(actor=ACTOR, senders={"sms": lambda _letter: hang_while(mall, work)}) == 1
    faults.hit(work[0])
    assert work[1] == 1, "the other account's last call went by mail meanwhile"
    assert_still_sound()


@pytest.mark.faults("E1", control=True)
def test_a_provider_asked_inside_the_transaction_would_hold_everybody_up() -> None:
    mall = mall_of("sms", "mail", rooms=2)
    with unit_of_work(actor=ACTOR, verb="send"), pytest.raises(AssertionError):
        hang_while(mall, [1])


def forgetful(draws: random.Random, told: Counter[str], *, is_unknown: bool):
    def send(one: Letter) -> Sent:
        told[str(one.public_id)] += 1
        if draws.random() < 0.3:
            return Sent(error="no answer", is_unknown=is_unknown)
        return Sent(reference=str(told.total()))

    return send


def descend(mall: Mall, times: int, told: Counter[str], *, is_unknown: bool) -> None:
    send = forgetful(random.Random(7), told, is_unknown=is_unknown)
    for _ in range(times):
        for available in (9_000, 2_000, 60_000):
            mall.set_available(mall.rooms[0], available)
            for _again in range(3):
                due()
                send_due_notices(actor=ACTOR, senders={"sms": send})
                follow_unconfirmed_notices(actor=ACTOR)


@pytest.mark.faults("E2")
def test_an_answer_that_is_lost_brings_no_second_text(faults) -> None:
    mall, told = mall_of("sms"), Counter[str]()
    times = faults.times(short=5, full=100)
    descend(mall, times, told, is_unknown=True)
    assert len(told) == 2 * times
    assert set(told.values()) == {1}
    faults.hit(Notice.objects.exclude(error="").count())
    assert_still_sound()


@pytest.mark.faults("E2", control=True)
def test_sending_again_after_a_lost_answer_would_tell_twice() -> None:
    told = Counter[str]()
    descend(mall_of("sms"), 5, told, is_unknown=False)
    assert max(told.values()) > 1


def hover(mall: Mall, times: int) -> list[str]:
    for number in range(times):
        mall.set_available(mall.rooms[0], 10_000 + (1 if number % 2 else -1))
    return mall.notices(mall.rooms[0])


@pytest.mark.faults("E3")
def test_a_balance_that_hovers_brings_one_message(faults) -> None:
    times = faults.times(short=40, full=1_000)
    assert hover(mall_of("letterbox"), times) == ["level_1"]
    faults.hit(times)
    assert_still_sound()


@pytest.mark.faults("E3", control=True)
def test_without_hysteresis_it_would_bring_many(monkeypatch) -> None:
    monkeypatch.setattr(ladder, "_rearmed_above", ladder.floor_of)
    assert len(hover(mall_of("letterbox"), 40)) > 1


def flood(mall: Mall, warnings: int, last_calls: int) -> None:
    """Write very many warnings at once; the last calls among them come last."""
    kinds = ["level_1"] * warnings + ["last_call"] * last_calls
    Notice.objects.bulk_create(
        Notice(
            account=mall.rooms[0].account, kind=kind, cause_key=f"{kind}:{number}", channel="sms", recipient="+86",
            language="en", subject="s", body="b", created_at=mall.now, due_at=machine_now() - timedelta(seconds=1),
        )
        for number, kind in enumerate(kinds)
    )  # fmt: skip


def seconds_to_tell_last_calls(last_calls: int, limit_s: int) -> int:
    """How many seconds pass at the contract's rate until every last call was claimed."""
    told = 0
    for second in range(1, limit_s + 1):
        with unit_of_work(actor=ACTOR, verb="claim"):
            letters = claim_notices(channels=["sms"], limit=A_SECOND)
        assert len(letters) <= A_SECOND
        told += sum(one.kind == "last_call" for one in letters)
        if told == last_calls:
            return second
    return limit_s + 1


@pytest.mark.faults("E4")
def test_in_a_flood_the_last_calls_go_first_at_the_contracts_rate(faults) -> None:
    mall, count = mall_of("sms"), faults.times(short=500, full=10_000)
    flood(mall, count, 100)
    assert seconds_to_tell_last_calls(100, CUT_OFF_WITHIN_S) <= CUT_OFF_WITHIN_S
    faults.hit(count)
    assert_still_sound()


@pytest.mark.faults("E4", control=True)
def test_in_the_order_of_their_birth_they_would_come_too_late(monkeypatch) -> None:
    in_order = sending._CLAIM.replace("ORDER BY kind NOT IN ('code', 'last_call'), due_at, id", "ORDER BY id")
    assert in_order != sending._CLAIM
    monkeypatch.setattr(sending, "_CLAIM", in_order)
    flood(mall_of("sms"), 500, 100)
    assert seconds_to_tell_last_calls(100, CUT_OFF_WITHIN_S) > CUT_OFF_WITHIN_S


def run_dry_untold(mall: Mall, rounds: int) -> int:
    """Every message fails; the account runs dry and stays so. Returns how many orders to cut were made."""
    mall.set_available(mall.rooms[0], 0)
    for _ in range(rounds):
        due()
        send_due_notices(
            actor=ACTOR, senders=dict.fromkeys(("sms", "mail"), lambda _one: Sent(error="refused", is_permanent=True))
        )
        mall.wait(seconds=mall.policy.last_call_s)
        mall.set_available(mall.rooms[0], -1)
    return Command.objects.filter(wanted="off").count()


@pytest.mark.faults("E5")
def test_nobody_is_cut_whom_no_message_reached(faults) -> None:
    rounds = faults.times(short=3, full=20)
    assert run_dry_untold(mall_of("sms", "mail"), rounds) == 0
    assert Case.objects.filter(kind="notice_undelivered", closed_at=None).exists()
    faults.hit(Notice.objects.filter(state="failed").count())
    assert_still_sound()


@pytest.mark.faults("E5", control=True)
def test_without_the_proof_they_would_be(monkeypatch) -> None:
    mall = mall_of("sms", "mail")
    told_at = mall.now - timedelta(hours=1)
    monkeypatch.setattr(
        "prewatt.usecases._supply.find_proofs",
        lambda account_ids: {one: NoticeProof("n", "sms", told_at, "nobody") for one in account_ids},
    )
    assert run_dry_untold(mall, 3) == 1


def sent_for(text: str, template: str = "") -> dict[str, str]:
    http, seen = client(lambda _request: httpx.Response(200))
    gateway.send(letter(body=text, facts={"rooms": text}), settings("http", body=template), http)
    found: dict[str, str] = json.loads(seen[0].content)
    return found


@pytest.mark.faults("E6")
def test_a_tenants_own_text_stays_text(faults) -> None:
    draws = random.Random(11)
    for _ in range(faults.times(short=100, full=2_000)):
        name = "".join(draws.choices([*PAYLOADS, "店", "a", " "], k=draws.randint(1, 6)))
        facts = dict.fromkeys(
            ("rooms", "number", "operator", "phone", "available", "left", "grace", "at", "reason", "needed"), name
        )
        text = render(kind="last_call", language="en", facts=facts).body
        assert name in text
        sent = sent_for(text)
        assert (sent["text"], sent["to"]) == (text, "+8613800000000")
        assert "SECRET" not in json.dumps(sent)
        faults.hit()
    assert_still_sound()


@pytest.mark.faults("E6", control=True)
def test_text_pasted_into_the_body_would_change_it() -> None:
    pasted = gateway.BODY.replace("{text}", PAYLOADS[3]).replace("{to}", "+8613800000000")
    assert json.loads(pasted)["text"] != PAYLOADS[3]
