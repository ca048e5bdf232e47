"""Two collectors must never speak on one line: leases, their epochs, and who may take them when."""

import pytest
from django.db import connection
from tests.usecases_billing.town import Town

from prewatt.access.audit import Actor
from prewatt.access.models import Action
from prewatt.estate.models import Gateway, GatewayLease
from prewatt.kernel.clock import machine_now
from prewatt.usecases.lease_gateways import Taken, release_leases, renew_leases, take_leases

pytestmark = pytest.mark.django_db
ACTOR = Actor(process="test")


@pytest.fixture
def gateways() -> list[int]:
    town = Town.build()
    Gateway.objects.create(site=town.site, code="G2", address="127.0.0.2")
    return list(Gateway.objects.order_by("pk").values_list("pk", flat=True))


def take(collector: str, gateways: list[int], *, starting: bool = False, lasts_s: float = 6.0) -> dict[int, Taken]:
    return take_leases(actor=ACTOR, collector=collector, gateway_ids=gateways, starting=starting, lasts_s=lasts_s)


def test_what_nobody_holds_is_taken_once(gateways: list[int]) -> None:
    assert take("a", gateways) == {one: Taken(1, continues=False) for one in gateways}
    assert take("b", gateways) == {}
    assert take("a", gateways) == {}
    assert Action.objects.filter(verb="lease_gateways").count() == 1


def test_a_lease_that_ran_out_is_taken_with_a_higher_epoch_and_its_holder_learns_it(gateways: list[int]) -> None:
    take("a", gateways, lasts_s=0)
    assert take("b", gateways[:1]) == {gateways[0]: Taken(2, continues=False)}
    assert renew_leases(collector="a", held=dict.fromkeys(gateways, 1)) == {gateways[1]}
    assert GatewayLease.objects.get(pk=gateways[1]).until > machine_now()


def test_a_collector_that_starts_takes_its_own_back_at_once(gateways: list[int]) -> None:
    take("a", gateways)
    assert take("a", gateways, starting=True) == {one: Taken(2, continues=True) for one in gateways}
    assert renew_leases(collector="a", held=dict.fromkeys(gateways, 1)) == set()
    assert take("b", gateways, starting=True) == {}


def test_after_somebody_else_nothing_continues(gateways: list[int]) -> None:
    take("a", gateways, lasts_s=0)
    take("b", gateways, lasts_s=0)
    assert take("a", gateways, starting=True) == {one: Taken(3, continues=False) for one in gateways}


def test_one_that_lost_its_lease_to_its_own_namesake_waits_like_any_other(gateways: list[int]) -> None:
    take("a", gateways)
    take("a", gateways, starting=True)
    assert take("a", gateways) == {}


def test_released_is_free(gateways: list[int]) -> None:
    take("a", gateways)
    release_leases(collector="a", held=dict.fromkeys(gateways, 1))
    assert set(take("b", gateways)) == set(gateways)


def test_nothing_held_costs_no_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert renew_leases(collector="a", held={}) == set()


def test_renewing_writes_no_action(gateways: list[int]) -> None:
    take("a", gateways)
    before = Action.objects.count()
    renew_leases(collector="a", held=dict.fromkeys(gateways, 1))
    assert Action.objects.count() == before
    assert not connection.needs_rollback
