"""In doubt: stay on. Each reason to spare, each way back, and what must never happen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.supply.policy import (
    AccountFacts,
    Answer,
    CutsMade,
    NoticeProof,
    PointFacts,
    Reason,
    SiteRules,
    Verdict,
    decide,
    inputs_of,
    is_friendly,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROOF = NoticeProof("n1", "mail", NOW - timedelta(hours=2), "taken")
EMPTY = AccountFacts(0, 0, 0, 100, proof=PROOF)
LIVE = PointFacts(mode="live")
SITE = SiteRules(local_time=time(12))


def say(
    account: AccountFacts = EMPTY, point: PointFacts = LIVE, site: SiteRules = SITE, cuts: CutsMade | None = None
) -> Verdict:
    return decide(account=account, point=point, site=site, cuts=cuts or CutsMade(), now=NOW)


def spared(verdict: Verdict) -> Reason | None:
    assert verdict.answer is Answer.SPARE
    return verdict.reason


def test_credit_used_up_and_everything_sound_is_cut():
    assert say() == Verdict(Answer.CUT, Reason.NO_CREDIT)


def test_a_fen_in_credit_is_left_alone():
    assert say(replace(EMPTY, ledger_balance=1)).answer is Answer.NOTHING


def test_allowed_credit_counts_and_what_is_accrued_does_not():
    assert say(AccountFacts(500, 800, 301, 100, proof=PROOF)).answer is Answer.NOTHING
    assert say(AccountFacts(500, 800, 300, 100, proof=PROOF)).answer is Answer.CUT


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"has_relay": False}, Reason.NO_RELAY),
        ({"protected": True}, Reason.PROTECTED),
        ({"frozen": True}, Reason.FROZEN),
        ({"reading_held": True}, Reason.READING_HELD),
        ({"under_work": True}, Reason.UNDER_WORK),
        ({"gateway_lost": True}, Reason.GATEWAY_LOST),
        ({"meter_lost": True}, Reason.METER_LOST),
    ],
)
def test_what_spares_a_point(fact: dict[str, Any], reason: Reason):
    assert spared(say(point=replace(LIVE, **fact))) is reason


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"stopped": True}, Reason.STOPPED),
        ({"loading": True}, Reason.LOADING),
        ({"day_off": True}, Reason.FRIENDLY_DAY),
        ({"friendly_from": time(11), "friendly_to": time(13)}, Reason.FRIENDLY_HOURS),
        ({"last_call_s": 3 * 3600}, Reason.NOTICE_TOO_FRESH),
    ],
)
def test_what_spares_a_site(rule: dict[str, Any], reason: Reason):
    assert spared(say(site=replace(SITE, **rule))) is reason


def test_no_proof_no_cut():
    assert spared(say(replace(EMPTY, proof=None))) is Reason.NO_NOTICE


def test_limits_of_a_minute_and_a_day():
    assert spared(say(cuts=CutsMade(minute=5, day=5))) is Reason.LIMIT_MINUTE
    assert spared(say(cuts=CutsMade(minute=0, day=50))) is Reason.LIMIT_DAY
    assert say(cuts=CutsMade(minute=4, day=49)).answer is Answer.CUT


@pytest.mark.parametrize(
    ("account", "point"),
    [
        (replace(EMPTY, prepaid=False), LIVE),
        (replace(EMPTY, open=False), LIVE),
        (EMPTY, replace(LIVE, is_tenant=False)),
        (EMPTY, replace(LIVE, is_electricity=False)),
        (EMPTY, replace(LIVE, mode="off")),
    ],
)
def test_what_credit_does_not_decide(account: AccountFacts, point: PointFacts):
    assert say(account, point).answer is Answer.NOTHING
    assert say(account, replace(point, held=True, proven_off=True)).answer is Answer.RESTORE


def test_shadow_asks_for_no_notice_and_knows_no_limit():
    shadow = replace(LIVE, mode="shadow")
    assert say(replace(EMPTY, proof=None), shadow, cuts=CutsMade(99, 99)).answer is Answer.CUT
    assert spared(say(point=replace(shadow, protected=True))) is Reason.PROTECTED


def test_a_proven_disconnection_ends_at_the_minimum_reconnect_balance():
    off = replace(LIVE, held=True, proven_off=True)
    assert say(replace(EMPTY, ledger_balance=99), off).answer is Answer.NOTHING
    assert say(replace(EMPTY, ledger_balance=100), off) == Verdict(Answer.RESTORE, Reason.IN_CREDIT)


def test_without_a_minimum_it_ends_above_zero_not_at_it():
    off, account = replace(LIVE, held=True, proven_off=True), replace(EMPTY, min_reconnect_balance=0)
    assert say(account, off).answer is Answer.NOTHING
    assert say(replace(account, ledger_balance=1), off).answer is Answer.RESTORE


def test_who_pays_before_the_relay_opened_was_never_off():
    assert say(replace(EMPTY, ledger_balance=1), replace(LIVE, held=True)) == Verdict(Answer.RESTORE, Reason.IN_CREDIT)


def test_a_cut_that_is_not_proven_is_judged_again():
    held = replace(LIVE, held=True)
    assert say(point=held).answer is Answer.NOTHING
    assert spared(say(point=held, site=replace(SITE, day_off=True))) is Reason.FRIENDLY_DAY
    assert spared(say(point=held, site=replace(SITE, stopped=True))) is Reason.STOPPED


def test_a_silent_line_does_not_end_a_cut_that_is_not_proven():
    assert say(point=replace(LIVE, held=True, gateway_lost=True, meter_lost=True)).answer is Answer.NOTHING


def test_a_command_on_its_way_is_awaited():
    out = replace(LIVE, held=True, command_out=True)
    assert say(point=out, site=replace(SITE, stopped=True)).answer is Answer.NOTHING
    assert say(replace(EMPTY, ledger_balance=1), out).answer is Answer.NOTHING  # its end is awaited, then judged


def test_leaving_live_ends_every_credit_hold():
    for mode in ("off", "shadow"):
        assert say(point=PointFacts(mode=mode, held=True, proven_off=True)) == Verdict(Answer.RESTORE, Reason.MODE_OFF)


def test_a_refusal_has_an_end():
    for facts in (replace(LIVE, withheld="no_notice"), PointFacts(mode="shadow", shadow=True)):
        assert say(replace(EMPTY, ledger_balance=1), facts) == Verdict(Answer.RESTORE, Reason.IN_CREDIT)


@pytest.mark.parametrize(
    ("at", "inside"), [("07:59", True), ("08:00", False), ("19:59", False), ("20:00", True), ("00:00", True)]
)
def test_friendly_hours_over_midnight(at: str, inside: bool):
    site = SiteRules(time.fromisoformat(at), friendly_from=time(20), friendly_to=time(8))
    assert (is_friendly(site) is Reason.FRIENDLY_HOURS) is inside


def test_friendly_hours_within_a_day_and_a_whole_day():
    noon = SiteRules(time(13), friendly_from=time(12), friendly_to=time(13))
    assert is_friendly(noon) is None
    assert is_friendly(replace(noon, local_time=time(12))) is Reason.FRIENDLY_HOURS
    assert is_friendly(replace(noon, friendly_from=time(9), friendly_to=time(9))) is Reason.FRIENDLY_HOURS


def test_weekends_may_be_worked():
    assert is_friendly(replace(SITE, day_off=True, friendly_weekends=False)) is None


def test_inputs_can_be_kept_as_json():
    site = replace(SITE, friendly_from=time(20), friendly_to=time(8))
    inputs = inputs_of(account=EMPTY, point=LIVE, site=site, cuts=CutsMade(1, 2))
    kept = json.loads(json.dumps(inputs))
    assert kept["available"] == 0
    assert kept["account"]["proof"]["notice_id"] == "n1"
    assert kept["site"]["friendly_from"] == "20:00:00"
    assert kept["cuts"] == {"minute": 1, "day": 2}


amounts = st.integers(-10_000, 10_000)
flags = st.booleans()
proofs = st.none() | st.builds(
    NoticeProof, st.just("n"), st.just("mail"), st.integers(0, 10_000).map(lambda s: NOW - timedelta(seconds=s)),
    st.just("p"),
)  # fmt: skip
accounts = st.builds(AccountFacts, amounts, amounts, st.integers(0, 1000), st.integers(0, 500), flags, flags, proofs)
points = st.builds(
    PointFacts, st.sampled_from(["off", "shadow", "live"]), flags, flags, flags, flags, flags, flags, flags, flags,
    flags, flags, flags, flags, st.sampled_from(["", "no_notice"]), flags,
)  # fmt: skip
times = st.times()
sites = st.builds(
    SiteRules, times, flags, flags, flags, st.none(), st.none(), flags, st.integers(0, 7200), st.integers(0, 6),
    st.integers(0, 60),
) | st.builds(SiteRules, times, friendly_from=times, friendly_to=times)  # fmt: skip
counts = st.builds(CutsMade, st.integers(0, 10), st.integers(0, 60))


@given(accounts, points, sites, counts)
def test_nobody_is_cut_against_the_rules(account: AccountFacts, point: PointFacts, site: SiteRules, cuts: CutsMade):
    if say(account, point, site, cuts).answer is not Answer.CUT:
        return
    assert account.available <= 0
    assert account.prepaid
    assert account.open
    spared = [point.protected, point.frozen, point.reading_held, point.meter_lost, point.gateway_lost]
    assert not any([*spared, site.stopped, site.loading])
    assert is_friendly(site) is None
    if point.mode == "live":
        assert account.proof is not None
        assert (NOW - account.proof.delivered_at).total_seconds() >= site.last_call_s
        assert cuts.minute < site.cuts_per_minute
        assert cuts.day < site.cuts_per_day


_ORDER = {Answer.CUT: 0, Answer.SPARE: 1, Answer.NOTHING: 2, Answer.RESTORE: 3}


@given(accounts, points, sites, counts, st.integers(0, 20_000))
def test_more_money_never_makes_it_darker(
    account: AccountFacts, point: PointFacts, site: SiteRules, cuts: CutsMade, more: int
):
    poor, rich = (
        say(account, point, site, cuts),
        say(replace(account, ledger_balance=account.ledger_balance + more), point, site, cuts),
    )
    if poor.answer is not Answer.CUT and not (point.held and poor.answer is Answer.SPARE):
        assert rich.answer is not Answer.CUT
    if poor.answer is Answer.RESTORE:
        assert rich.answer is Answer.RESTORE
    if not point.held and point.withheld:
        assert _ORDER[rich.answer] >= _ORDER[poor.answer]


@given(accounts, points, sites, counts)
def test_answers_carry_reasons(account: AccountFacts, point: PointFacts, site: SiteRules, cuts: CutsMade):
    verdict = say(account, point, site, cuts)
    assert (verdict.reason is None) is (verdict.answer is Answer.NOTHING)
