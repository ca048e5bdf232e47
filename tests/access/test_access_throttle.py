"""Buckets of tries: so many at once, then one each so many seconds; a refused try takes nothing out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prewatt.access import throttle
from prewatt.access.errors import TooManyTries
from prewatt.access.models import TryCount
from prewatt.access.throttle import Limit, counted_address, forget_old_tries, give_back, take_try

pytestmark = pytest.mark.django_db
LIMIT = Limit("test", burst=3, every_s=10)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(throttle, "machine_now", clock)
    return clock


def taken(limit=LIMIT, key="somebody"):
    try:
        take_try(limit=limit, key=key)
    except TooManyTries:
        return False
    return True


def test_a_burst_then_one_by_one(clock):
    assert [taken() for _ in range(5)] == [True, True, True, False, False]
    clock.at += timedelta(seconds=9)
    assert not taken()
    clock.at += timedelta(seconds=1)
    assert [taken(), taken()] == [True, False]


def test_others_and_other_limits_are_counted_apart(clock):
    assert [taken() for _ in range(4)][-1] is False
    assert taken(key="somebody else")
    assert taken(limit=Limit("other", burst=3, every_s=10))


def test_the_wait_is_said(clock):
    for _ in range(3):
        take_try(limit=LIMIT, key="somebody")
    clock.at += timedelta(seconds=4)
    with pytest.raises(TooManyTries) as refused:
        take_try(limit=LIMIT, key="somebody")
    assert refused.value.facts["wait_s"] == 6
    assert str(refused.value) == "Too many attempts. Wait 6 seconds, then try again."


def test_what_is_given_back_did_not_count(clock):
    for _ in range(20):
        take_try(limit=LIMIT, key="somebody")
        give_back(limit=LIMIT, key="somebody")
    assert [taken() for _ in range(4)] == [True, True, True, False]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_in_no_minute_more_than_the_burst_and_what_refills(clock, gaps):
    clock.at += timedelta(days=1)
    granted = []
    for gap in gaps:
        clock.at += timedelta(seconds=gap)
        if taken():
            granted.append(clock.at)
    for first in granted:
        within = [at for at in granted if first <= at < first + timedelta(seconds=60)]
        assert len(within) <= LIMIT.burst + 60 // LIMIT.every_s


def test_only_a_hash_is_kept_and_not_for_ever(clock):
    taken(key="+8613800138000")
    assert "13800138000" not in TryCount.objects.get().key
    assert forget_old_tries() == 0
    clock.at += timedelta(days=3)
    assert forget_old_tries() == 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_customers_network_counts_as_one(address, counted):
    assert counted_address(address) == counted
