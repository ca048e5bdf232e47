from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from prewatt.access import queries, services
from prewatt.access.audit import Actor, require_unit_of_work
from prewatt.access.errors import BadLogin, BadScope, LoginTaken, UnknownRole, UnknownToken
from prewatt.access.models import Membership, Role, Scope, User
from prewatt.access.permissions import ROLES, Permission
from prewatt.kernel.clock import machine_now
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def work() -> Iterator[None]:
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        yield


def _tree() -> tuple[Scope, Scope, Scope, Scope]:
    organisation = services.ensure_organisation(name="Operator")
    site = services.create_scope(parent=organisation, kind="site", name="Plaza")
    other = services.create_scope(parent=organisation, kind="site", name="Tower")
    building = services.create_scope(parent=site, kind="building", name="1#")
    return organisation, site, other, building


def _login(name: str = "ann") -> User:
    return services.create_login(username=name, password="long enough", name=name.title())


def test_a_service_outside_a_unit_of_work_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="unit of work"):
        services.ensure_roles()
    with pytest.raises(RuntimeError):
        require_unit_of_work()


@pytest.mark.usefixtures("work")
def test_roles_are_brought_up_to_date() -> None:
    services.ensure_roles()
    Role.objects.filter(code="cashier").update(permissions=[])
    services.ensure_roles()
    assert {role.code: set(role.permissions) for role in Role.objects.all()} == {
        code: set(spec.permissions) for code, spec in ROLES.items()
    }


@pytest.mark.usefixtures("work")
def test_a_path_is_the_ids_from_the_root() -> None:
    organisation, site, _, building = _tree()
    assert building.path == f"/{organisation.pk}/{site.pk}/{building.pk}/"
    assert services.ensure_organisation(name="Operator") == organisation
    assert queries.find_scope(path=site.path) == site


@pytest.mark.usefixtures("work")
def test_a_role_reaches_down_not_up_and_not_aside() -> None:
    services.ensure_roles()
    organisation, site, other, building = _tree()
    user = _login()
    services.grant(user=user, role_code="cashier", scope=site)
    for scope, allowed in ((site, True), (building, True), (organisation, False), (other, False)):
        assert queries.is_permitted(user=user, permission=Permission.MONEY_TAKE, scope=scope) is allowed
    assert not queries.is_permitted(user=user, permission=Permission.MONEY_REVERSE, scope=site)
    assert Permission.MONEY_TAKE in queries.get_user_permissions(user=user)
    assert queries.get_user_permissions(user=user, scope=other) == frozenset()


@pytest.mark.usefixtures("work")
def test_a_path_that_begins_alike_is_another_scope() -> None:
    """Scope 1 must not open scope 12: the path ends with a stroke."""
    services.ensure_roles()
    _, site, _, _ = _tree()
    twin = Scope.objects.create(
        pk=site.pk * 10 + 1, parent=site.parent, kind="site", name="Twin", path=f"{site.path[:-1]}1/"
    )
    user = _login()
    services.grant(user=user, role_code="cashier", scope=site)
    assert not queries.is_permitted(user=user, permission=Permission.MONEY_TAKE, scope=twin)
    found = queries.for_scope(
        Scope.objects.all(), path_field="path", user=user, permission=Permission.MONEY_TAKE
    ).values_list("name", flat=True)
    assert set(found) == {"Plaza", "1#"}


@pytest.mark.usefixtures("work")
def test_scopes_are_listed_at_their_highest() -> None:
    services.ensure_roles()
    _, site, other, building = _tree()
    user = _login()
    for scope in (building, site, other):
        services.grant(user=user, role_code="engineer", scope=scope)
    assert set(queries.scopes_of(user=user, permission=Permission.SUPPLY_SWITCH)) == {site, other}
    assert queries.scopes_of(user=user, permission=Permission.MONEY_TAKE) == []
    nothing = queries.for_scope(Scope.objects.all(), path_field="path", user=user, permission=Permission.MONEY_TAKE)
    assert list(nothing) == []


@pytest.mark.usefixtures("work")
def test_a_withdrawn_role_is_gone_at_once() -> None:
    services.ensure_roles()
    _, site, _, _ = _tree()
    user = _login()
    first = services.grant(user=user, role_code="auditor", scope=site)
    assert services.grant(user=user, role_code="auditor", scope=site) == first
    assert services.withdraw(user=user, role_code="auditor", scope=site)
    assert not services.withdraw(user=user, role_code="auditor", scope=site)
    assert queries.get_user_permissions(user=user) == frozenset()
    assert Membership.objects.count() == 1


@pytest.mark.usefixtures("work")
def test_an_inactive_login_may_nothing() -> None:
    services.ensure_roles()
    _, site, _, _ = _tree()
    user = _login()
    services.grant(user=user, role_code="administrator", scope=site)
    user.is_active = False
    assert queries.get_user_permissions(user=user) == frozenset()


@pytest.mark.usefixtures("work")
def test_logins_are_refused_with_a_reason() -> None:
    _login("Ann")
    assert queries.find_user(username="ANN") is not None
    with pytest.raises(LoginTaken):
        _login("ann")
    with pytest.raises(BadLogin, match="8 to 200"):
        services.create_login(username="bob", password="short")
    with pytest.raises(BadLogin, match="user name"):
        services.create_login(username="  ", password="long enough")
    with pytest.raises(UnknownRole, match="administrator"):
        services.grant(user=_login("cid"), role_code="king", scope=_tree()[0])
    organisation, _, _, building = _tree()
    with pytest.raises(BadScope):
        services.create_scope(parent=building, kind="site", name="x")
    with pytest.raises(BadScope):
        services.create_scope(parent=organisation, kind="organisation", name="x")


@pytest.mark.usefixtures("work")
def test_a_token_opens_until_it_is_revoked_or_expired() -> None:
    machine = services.create_login(username="erp", password="", is_machine=True)
    assert not machine.has_usable_password()
    text = services.issue_token(user=machine)
    assert queries.find_user_by_token(token_text=text) == machine
    for wrong in ("", "pw", "pw_x_y", text + "x", text[:-1], text.replace("pw_", "xx_"), "pw_" + "a" * 300):
        assert queries.find_user_by_token(token_text=wrong) is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_apitoken WHERE token_hash = %s", [text])
        assert cursor.fetchone() == (0,)
    prefix = text.split("_")[1]
    services.revoke_token(prefix=prefix)
    assert queries.find_user_by_token(token_text=text) is None
    with pytest.raises(UnknownToken):
        services.revoke_token(prefix=prefix)
    short = services.issue_token(user=machine, expires_at=machine_now() + timedelta(hours=1))
    assert queries.find_user_by_token(token_text=short) == machine
    with time_machine.travel(machine_now() + timedelta(hours=1), tick=False):
        assert queries.find_user_by_token(token_text=short) is None
    User.objects.filter(pk=machine.pk).update(is_active=False)
    assert queries.find_user_by_token(token_text=short) is None
