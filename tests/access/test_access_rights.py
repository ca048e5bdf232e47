"""Roles of one's own, roles given and taken: nobody gives what they lack, and somebody is left who gives rights."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.db import transaction

from prewatt.access import links, rights, roster, services
from prewatt.access.audit import Actor
from prewatt.access.errors import (
    BadLink,
    BadRole,
    LastAdministrator,
    RoleChanged,
    RoleInUse,
    RoleTooGreat,
    UnknownLogin,
    UnknownRole,
)
from prewatt.access.matrix import SUBJECTS
from prewatt.access.models import Membership, PasswordLink, Role, Scope, User
from prewatt.access.permissions import ROLES, Permission
from prewatt.access.queries import get_user_permissions
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted
from prewatt.usecases.manage_roles import bring_roles_up_to_date
from prewatt.usecases.work import unit_of_work

RoleEvent = apps.get_model("access", "RoleEvent")
UserEvent = apps.get_model("access", "UserEvent")
VIEWS = {"estate.view", "account.view"}


@dataclass
class Desk:
    """An operator with two sites, its administrator, one of the first site alone, and another operator."""

    organisation: Scope
    site: Scope
    other_site: Scope
    block: Scope
    elsewhere: Scope
    chief: User
    local: User
    cashier: User
    stranger: User


@pytest.fixture
def work(db: None) -> Iterator[None]:
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        yield


def login(name: str) -> User:
    return services.create_login(username=name, password="long enough", name=name.title(), email=f"{name}@example.org")


@pytest.fixture
def desk(work: None) -> Desk:
    services.ensure_roles()
    organisation = services.ensure_organisation(name="Operator")
    site, other_site = (
        services.create_scope(parent=organisation, kind="site", name=name) for name in ("Plaza", "Tower")
    )
    block = services.create_scope(parent=site, kind="building", name="1#")
    elsewhere = services.ensure_organisation(name="Another")
    chief, local, cashier, stranger = (login(name) for name in ("chief", "local", "cashier", "stranger"))
    services.grant(user=chief, role_code="administrator", scope=organisation)
    services.grant(user=local, role_code="administrator", scope=site)
    services.grant(user=cashier, role_code="cashier", scope=site)
    services.grant(user=stranger, role_code="administrator", scope=elsewhere)
    return Desk(organisation, site, other_site, block, elsewhere, chief, local, cashier, stranger)


def test_every_permission_stands_in_the_matrix_once():
    named = [right.permission for subject in SUBJECTS for right in subject.rights]
    assert sorted(named) == sorted(Permission)


def test_who_takes_money_at_the_desk_undoes_none_and_who_undoes_takes_none():
    for spec in ROLES.values():
        if spec.code != "administrator":
            assert not {"money.take", "money.reverse"} <= spec.permissions
            assert not {"money.take", "money.clear"} <= spec.permissions
            assert "admin.users" not in spec.permissions


def test_an_own_role_is_made_given_changed_and_felt_at_once(desk):
    role = rights.create_role(editor=desk.chief, scope=desk.organisation, name=" Night  desk ", permissions=VIEWS)
    assert role.name == "Night desk"
    rights.give_role(editor=desk.chief, user=desk.cashier, code=role.code, scope=desk.other_site)
    assert get_user_permissions(user=desk.cashier, scope=desk.other_site) == VIEWS
    changed = VIEWS | {"money.take"}
    rights.change_role(editor=desk.chief, code=role.code, name="Night", permissions=changed, seen=VIEWS)
    assert get_user_permissions(user=desk.cashier, scope=desk.other_site) == changed
    assert [set(one.permissions) for one in RoleEvent.objects.filter(code=role.code).order_by("pgh_id")] == [
        VIEWS, changed,
    ]  # fmt: skip
    with pytest.raises(RoleChanged):
        rights.change_role(editor=desk.chief, code=role.code, name="Night", permissions=VIEWS, seen=VIEWS)
    with pytest.raises(RoleInUse):
        rights.end_role(editor=desk.chief, code=role.code)
    assert rights.take_role(editor=desk.chief, user=desk.cashier, code=role.code, scope=desk.other_site)
    assert not rights.take_role(editor=desk.chief, user=desk.cashier, code=role.code, scope=desk.other_site)
    assert not get_user_permissions(user=desk.cashier, scope=desk.other_site)
    rights.end_role(editor=desk.chief, code=role.code)
    with pytest.raises(UnknownRole):
        rights.give_role(editor=desk.chief, user=desk.cashier, code=role.code, scope=desk.site)


@pytest.mark.parametrize("name", ["", " ", "n" * 61])
def test_a_role_needs_a_name_and_rights_that_exist(desk, name):
    with pytest.raises(BadRole):
        rights.create_role(editor=desk.chief, scope=desk.organisation, name=name, permissions=VIEWS)
    for wrong in ([], ["money.print"]):
        with pytest.raises((BadRole, RoleTooGreat)):
            rights.create_role(editor=desk.chief, scope=desk.organisation, name="Role", permissions=wrong)


def test_nobody_gives_what_they_lack(desk):
    small = rights.create_role(
        editor=desk.chief, scope=desk.site, name="Small chief", permissions={"admin.users", *VIEWS}
    )
    rights.give_role(editor=desk.chief, user=desk.cashier, code=small.code, scope=desk.site)
    editor = User.objects.get(username="cashier")
    rights.take_role(editor=desk.chief, user=editor, code="cashier", scope=desk.site)
    other = login("other")
    with pytest.raises(RoleTooGreat):
        rights.give_role(editor=editor, user=other, code="administrator", scope=desk.site)
    with pytest.raises(RoleTooGreat):
        rights.give_role(editor=editor, user=editor, code="finance", scope=desk.site)
    with pytest.raises(RoleTooGreat):
        rights.create_role(editor=editor, scope=desk.site, name="More", permissions={"money.take"})
    with pytest.raises(RoleTooGreat):
        rights.change_role(
            editor=editor, code=small.code, name="More", permissions={*VIEWS, "money.take"},
            seen=small.permissions,
        )  # fmt: skip
    with pytest.raises(RoleTooGreat):
        rights.take_role(editor=editor, user=desk.local, code="administrator", scope=desk.site)
    with pytest.raises(RoleTooGreat):
        rights.turn_login(editor=editor, user=desk.local, active=False)
    with pytest.raises(RoleTooGreat):
        rights.require_over(editor=editor, user=desk.local)
    rights.give_role(editor=editor, user=other, code=small.code, scope=desk.site)


def test_an_administrator_of_a_site_reaches_nothing_beyond_it(desk):
    for scope in (desk.organisation, desk.other_site, desk.elsewhere):
        with pytest.raises(NotPermitted):
            rights.give_role(editor=desk.local, user=desk.cashier, code="cashier", scope=scope)
    rights.give_role(editor=desk.local, user=desk.cashier, code="engineer", scope=desk.block)
    with pytest.raises(NotPermitted):
        rights.turn_login(editor=desk.local, user=desk.chief, active=False)
    for user in (desk.chief, desk.stranger):
        with pytest.raises(UnknownLogin):
            roster.find_managed(user=desk.local, public_id=user.public_id)
    shared = rights.create_role(editor=desk.chief, scope=desk.organisation, name="All sites", permissions=VIEWS)
    with pytest.raises(UnknownRole):
        rights.change_role(editor=desk.local, code=shared.code, name="Mine", permissions=VIEWS, seen=VIEWS)
    rights.give_role(editor=desk.local, user=desk.cashier, code=shared.code, scope=desk.site)
    foreign = rights.create_role(editor=desk.stranger, scope=desk.elsewhere, name="Foreign", permissions=VIEWS)
    assert foreign.code not in {one.code for one in roster.list_roles(user=desk.chief)}
    with pytest.raises(UnknownRole):
        rights.give_role(editor=desk.chief, user=desk.cashier, code=foreign.code, scope=desk.site)
    with pytest.raises(UnknownRole):
        rights.change_role(editor=desk.chief, code="cashier", name="Mine", permissions=VIEWS, seen=VIEWS)


def test_the_last_administrator_stays_one(desk):
    with pytest.raises(LastAdministrator), transaction.atomic():
        rights.take_role(editor=desk.chief, user=desk.chief, code="administrator", scope=desk.organisation)
    with pytest.raises(BadRole):
        rights.turn_login(editor=desk.chief, user=desk.chief, active=False)
    own = rights.create_role(
        editor=desk.chief, scope=desk.organisation, name="Chief", permissions=ROLES["administrator"].permissions
    )
    second = login("second")
    rights.give_role(editor=desk.chief, user=second, code=own.code, scope=desk.organisation)
    Membership.objects.filter(user=desk.chief).update(to_at=machine_now())
    with pytest.raises(LastAdministrator), transaction.atomic():
        rights.change_role(
            editor=second, code=own.code, name="Chief", permissions=VIEWS, seen=ROLES["administrator"].permissions
        )


def test_who_never_set_a_password_does_not_count_as_an_administrator(desk):
    invited = services.create_login(username="invited", password="", has_password=False)
    rights.give_role(editor=desk.chief, user=invited, code="administrator", scope=desk.organisation)
    with pytest.raises(LastAdministrator), transaction.atomic():
        rights.take_role(editor=desk.chief, user=desk.chief, code="administrator", scope=desk.organisation)


def test_a_login_is_closed_and_opened_and_its_history_says_so(desk):
    rights.turn_login(editor=desk.local, user=desk.cashier, active=False)
    assert not get_user_permissions(user=desk.cashier)
    rights.turn_login(editor=desk.local, user=desk.cashier, active=True)
    told = UserEvent.objects.filter(pgh_obj=desk.cashier).order_by("pgh_id").values_list("is_active", flat=True)
    assert list(told) == [True, False, True]
    assert not hasattr(UserEvent, "password")


def test_the_roster_shows_what_its_reader_may_see(desk):
    names = {one.username for one in roster.list_logins(user=desk.local)}
    assert names == {"local", "cashier"}
    assert {one.username for one in roster.list_logins(user=desk.chief)} == {"chief", "local", "cashier"}
    assert [one.username for one in roster.list_logins(user=desk.chief, text="CASH", role="cashier")] == ["cashier"]
    assert [one.name for one in roster.list_scopes(user=desk.chief)] == ["Operator", "Plaza", "1#", "Tower"]
    held = {one.code: one for one in roster.list_roles(user=desk.local)}
    assert held["cashier"].holders == 1
    assert not held["cashier"].may_change
    assert not held["cashier"].may_set_safety
    with pytest.raises(UnknownRole):
        roster.get_scope(user=desk.local, scope_id=desk.other_site.pk)


def test_safety_of_a_role_of_the_house_is_set_by_who_administers_everything(desk):
    with pytest.raises(NotPermitted):
        rights.set_role_safety(
            editor=desk.chief, code="cashier", idle_minutes=5, needs_second_factor=True, alone_up_to=500
        )
    services.grant(user=desk.chief, role_code="administrator", scope=desk.elsewhere)
    role = rights.set_role_safety(
        editor=desk.chief, code="cashier", idle_minutes=5, needs_second_factor=True, alone_up_to=500
    )
    services.ensure_roles()
    role.refresh_from_db()
    assert (role.idle_minutes, role.needs_second_factor, role.alone_up_to) == (5, True, 500)
    with pytest.raises(BadRole):
        rights.set_role_safety(
            editor=desk.chief, code="cashier", idle_minutes=5, needs_second_factor=True, alone_up_to=-1
        )
    with pytest.raises(BadRole):
        rights.set_role_safety(
            editor=desk.chief, code="cashier", idle_minutes=721, needs_second_factor=False, alone_up_to=None
        )
    with pytest.raises(UnknownRole):
        rights.set_role_safety(
            editor=desk.chief, code="nothing", idle_minutes=1, needs_second_factor=False, alone_up_to=None
        )


def test_a_link_works_once_and_a_newer_one_ends_it(desk):
    first = links.issue_link(user=desk.cashier, purpose="reset", by=desk.local)
    second = links.issue_link(user=desk.cashier, purpose="reset", by=desk.local)
    with pytest.raises(BadLink):
        links.get_link(token_text=first.token_text)
    row = links.get_link(token_text=second.token_text)
    assert roster.find_open_link(user=desk.cashier) == second.expires_at
    links.use_link(row=row)
    for act in (lambda: links.use_link(row=row), lambda: links.get_link(token_text=second.token_text)):
        with pytest.raises(BadLink):
            act()
    assert not PasswordLink.objects.filter(token_hash__contains=second.token_text).exists()
    with pytest.raises(BadLink):
        links.get_link(token_text="x" * 200)


def test_a_link_of_a_closed_login_or_an_old_one_opens_nothing(desk):
    made = links.issue_link(user=desk.cashier, purpose="invite", by=desk.local)
    User.objects.filter(pk=desk.cashier.pk).update(is_active=False)
    with pytest.raises(BadLink):
        links.get_link(token_text=made.token_text)
    User.objects.filter(pk=desk.cashier.pk).update(is_active=True)
    PasswordLink.objects.update(expires_at=machine_now())
    with pytest.raises(BadLink):
        links.get_link(token_text=made.token_text)


@pytest.mark.django_db
def test_an_older_installation_gets_the_new_roles_once():
    assert bring_roles_up_to_date(actor=Actor(process="test"))
    assert set(Role.objects.values_list("code", flat=True)) == set(ROLES)
    assert not bring_roles_up_to_date(actor=Actor(process="test"))
