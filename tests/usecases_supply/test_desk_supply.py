"""What people do to supply: with a reason, within the rules, and by name where it matters."""

import pytest
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.access.models import Action
from prewatt.estate.models import Place, SupplyMode
from prewatt.kernel.errors import PrewattError, Refused
from prewatt.supply import errors
from prewatt.supply.errors import (
    CutLimitReached,
    CutsStopped,
    NamedPersonNeeded,
    NotLive,
    PointFrozen,
    PointProtected,
    PreviewOutdated,
    ReasonMissing,
    StillHeld,
    UnknownHold,
    UnknownPoint,
    UnknownSite,
)
from prewatt.supply.models import Command, Decision, Hold, ModeChange, SupplyPolicy
from prewatt.supply.queries import get_policy, list_commands, list_decisions, list_holds, list_mode_changes
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.freeze_point import freeze_point, lock_off_point, unfreeze_point, unlock_point
from prewatt.usecases.protect_point import protect_point, unprotect_point
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.reconnect_point import reconnect_point
from prewatt.usecases.review_due import review_due
from prewatt.usecases.set_supply_mode import preview_supply_mode, set_supply_mode
from prewatt.usecases.stop_cuts import resume_cuts, stop_cuts

pytestmark = pytest.mark.django_db


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.fixture
def person(mall: Mall):
    """An engineer of the site."""
    return mall.engineer()


def act(usecase, mall: Mall, person, reason: str = "asked by the tenant"):
    return usecase(actor=person, point_public_id=mall.rooms[0].point.public_id, reason=reason)


def test_disconnect_and_reconnect_from_the_desk(mall: Mall, person):
    room = mall.rooms[0]
    supply = act(disconnect_point, mall, person)
    assert (supply.desired, supply.reported, supply.holds) == ("off", "on", ("manual",))
    command = mall.carry_out(room)
    assert (command.wanted, command.state, command.cause) == ("off", "verified", "manual")
    decision = Decision.objects.get(metering_point_id=room.point.pk)
    assert command.decision_id == decision.id
    assert decision.inputs == {"reason": "asked by the tenant", "by": "Wang Li"}
    assert Action.objects.get(verb="disconnect_point").actor == person.user
    assert mall.notices(room) == ["disconnected"]
    act(reconnect_point, mall, person)
    assert mall.carry_out(room).state == "verified"
    assert mall.relay(room).reported == "on"
    [hold] = list_holds(point_id=room.point.pk, with_lifted=True)
    assert (hold.placed_by, hold.lifted_by) == ("Wang Li", "Wang Li")
    assert list_holds(point_id=room.point.pk) == []
    assert [row.wanted for row in list_commands(point_ids=[room.point.pk])] == ["on", "off"]


@pytest.mark.parametrize(
    "usecase",
    [disconnect_point, reconnect_point, protect_point, unprotect_point, freeze_point, lock_off_point, unlock_point],
)
def test_each_needs_a_reason_and_a_refusal_is_recorded(usecase, mall: Mall, person):
    with pytest.raises(ReasonMissing):
        act(usecase, mall, person, reason="  ")
    assert Action.objects.filter(outcome="refused", verb=usecase.__name__).count() == 1
    assert not Hold.objects.exists()


def test_another_sites_person_finds_no_such_room(mall: Mall):
    with pytest.raises(UnknownPoint):
        act(disconnect_point, mall, mall.person("stranger"))


def test_credit_is_not_overruled_by_reconnecting(mall: Mall, person):
    room = mall.rooms[0]
    mall.cut(room)
    with pytest.raises(StillHeld):
        act(reconnect_point, mall, person)
    assert mall.is_held(room)


def test_protection_brings_power_back_and_its_end_judges_anew(mall: Mall, person):
    room = mall.rooms[0]
    mall.cut(room)
    assert act(protect_point, mall, person).desired == "on"
    mall.carry_out(room)
    mall.set_available(room, -5_000)
    assert mall.relay(room).reported == "on"
    assert not mall.is_held(room)
    assert mall.relay(room).withheld == "protected"
    with pytest.raises(PointProtected):
        act(disconnect_point, mall, person)
    act(unprotect_point, mall, person)
    assert mall.is_held(room)
    with pytest.raises(UnknownHold):
        act(unprotect_point, mall, person)


def test_frozen_sends_nothing_in_either_direction(mall: Mall, person):
    room = mall.rooms[0]
    act(freeze_point, mall, person)
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.relay(room).frozen
    assert mall.relay(room).withheld == "frozen"
    with pytest.raises(PointFrozen):
        act(disconnect_point, mall, person)
    mall.report(room, "off")
    assert reconcile_supply(actor=ACTOR) == 0
    act(unfreeze_point, mall, person)
    assert mall.commands(room) == []
    assert mall.relay(room).desired == "off", "the credit that was out all the time decides now"


def test_a_safety_lock_beats_protection_and_only_a_person_ends_it(mall: Mall, person):
    room = mall.rooms[0]
    act(protect_point, mall, person)
    assert act(lock_off_point, mall, person).desired == "off"
    mall.carry_out(room)
    mall.set_available(room, 100_000)
    assert mall.relay(room).desired == "off"
    with pytest.raises(NamedPersonNeeded):
        act(unlock_point, mall, ACTOR)
    assert act(unlock_point, mall, person).desired == "on"


def test_freezing_needs_a_name(mall: Mall):
    with pytest.raises(NamedPersonNeeded):
        act(freeze_point, mall, ACTOR)


def test_a_site_that_is_not_live_sends_nothing(mall: Mall, person):
    mall.site.supply_mode = SupplyMode.SHADOW
    mall.site.save()
    with pytest.raises(NotLive):
        act(disconnect_point, mall, person)


def test_the_limit_holds_for_people_too(mall: Mall, person):
    SupplyPolicy.objects.update(cuts_per_minute=1)
    act(disconnect_point, mall, person)
    other = mall.add_room()
    with pytest.raises(CutLimitReached):
        disconnect_point(actor=person, point_public_id=other.point.public_id, reason="x")


def test_stop_all_recalls_what_was_not_handed_out_and_resume_lets_it_go_on(mall: Mall, person):
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    assert stop_cuts(actor=person, site_id=mall.site.pk, reason="something is wrong")
    assert mall.commands(room) == [("off", "voided")]
    assert not mall.is_held(room)
    assert not stop_cuts(actor=person, site_id=mall.site.pk, reason="again")
    assert get_policy(site_id=mall.site.pk).stopped_at is not None
    with pytest.raises(CutsStopped):
        act(disconnect_point, mall, person)
    with pytest.raises(NamedPersonNeeded):
        resume_cuts(actor=ACTOR, site_id=mall.site.pk, reason="fine")
    mall.wait(seconds=1)
    assert resume_cuts(actor=person, site_id=mall.site.pk, reason="fine")
    assert review_due(actor=ACTOR) == 1
    assert mall.is_held(room)


def test_resuming_after_the_limit_lets_the_next_ones_go(person, mall: Mall):
    SupplyPolicy.objects.update(cuts_per_minute=1)
    rooms = [mall.rooms[0], mall.add_room()]
    for room in rooms:
        mall.warn(room)
    mall.wait(minutes=2)
    for room in rooms:
        mall.set_available(room, -1)
    assert [mall.is_held(room) for room in rooms] == [True, False]
    mall.wait(seconds=1)
    resume_cuts(actor=person, site_id=mall.site.pk, reason="they are all rightly out of credit")
    assert mall.cases() == []
    mall.wait(seconds=1)
    review_due(actor=ACTOR)
    assert [mall.is_held(room) for room in rooms] == [True, True]


@pytest.mark.parametrize("usecase", [stop_cuts, resume_cuts])
def test_stopping_and_resuming_need_reason_and_site(usecase, mall: Mall, person):
    with pytest.raises(ReasonMissing):
        usecase(actor=person, site_id=mall.site.pk, reason="")
    with pytest.raises(UnknownSite):
        usecase(actor=person, site_id=0, reason="x")


def test_going_live_shows_first_who_would_be_disconnected_and_is_signed(person, mall: Mall):
    mall.site.supply_mode = SupplyMode.OFF
    mall.site.save()
    poor, rich = mall.rooms[0], mall.add_room()
    mall.set_available(poor, -700)
    mall.set_available(rich, 700)
    [row] = preview_supply_mode(site_id=mall.site.pk)
    assert (row.code, row.answer, row.reason, row.available) == (poor.point.code, "spare", "no_notice", -700)
    with pytest.raises(ReasonMissing):
        set_supply_mode(actor=person, site_id=mall.site.pk, mode="live", statement="")
    with pytest.raises(NamedPersonNeeded):
        set_supply_mode(actor=ACTOR, site_id=mall.site.pk, mode="live", statement="go")
    with pytest.raises(PreviewOutdated):
        set_supply_mode(actor=person, site_id=mall.site.pk, mode="live", statement="go", previewed=[])
    set_supply_mode(
        actor=person, site_id=mall.site.pk, mode="live", statement="agreed with finance", previewed=[poor.point.pk]
    )
    mall.site.refresh_from_db()
    assert mall.site.supply_mode == "live"
    assert mall.site.live_since is not None
    [change] = list_mode_changes(site_id=mall.site.pk)
    assert (change.signed_by, change.would_disconnect[0]["point"]) == (person.user, poor.point.code)
    assert mall.notices(poor) == ["last_call"]
    assert not mall.is_held(poor)


def test_leaving_live_brings_back_what_we_had_disconnected(person, mall: Mall):
    room = mall.rooms[0]
    mall.cut(room)
    set_supply_mode(actor=person, site_id=mall.site.pk, mode="shadow", statement="trouble")
    assert not mall.is_held(room)
    assert reconcile_supply(actor=ACTOR) == 0, "its command is there already"
    assert mall.carry_out(room).wanted == "on"
    assert mall.relay(room).reported == "on"
    assert ModeChange.objects.count() == 1


def test_one_building_may_leave_live(person, mall: Mall):
    set_supply_mode(
        actor=person, site_id=mall.site.pk, building_id=mall.town.building.pk, mode="off", statement="refit"
    )
    assert Place.objects.get(pk=mall.town.building.pk).supply_mode == "off"
    mall.site.refresh_from_db()
    assert mall.site.supply_mode == "live"
    with pytest.raises(UnknownSite):
        set_supply_mode(actor=person, site_id=mall.site.pk, building_id=0, mode="off", statement="x")


def test_months_later_every_decision_can_be_read(mall: Mall):
    room = mall.rooms[0]
    mall.cut(room)
    decisions = list_decisions(account_id=room.account.pk)
    assert [row.answer for row in decisions] == ["cut", "spare", "spare"][: len(decisions)]
    account = decisions[0].inputs["account"]
    assert isinstance(account, dict)
    assert account["proof"]["proof"] == "test"


def test_every_refusal_says_how_to_go_on():
    branch = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PrewattError)]
    assert all(issubclass(one, Refused) for one in branch)
    assert len({one.code for one in branch}) == len(branch)


def test_no_command_without_a_decision_and_an_author(mall: Mall, person):
    mall.cut(mall.rooms[0])
    act(protect_point, mall, person)
    assert not Command.objects.filter(decision_id=None).exists()
    assert not Command.objects.filter(action_id=None).exists()
