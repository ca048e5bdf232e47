"""Every address declares the permission that it needs, and keeps to it."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.console.conftest import NOW, build_town, make_user
from tests.fault_rows import asked
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.access import services as access
from prewatt.access.models import Role
from prewatt.access.permissions import ROLES, Permission
from prewatt.console import urls
from prewatt.console.guard import ANYBODY, PUBLIC
from prewatt.usecases.work import unit_of_work

NOBODY = uuid4()


def _views(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def _console():
    return list(_views(urls.urlpatterns))


@pytest.mark.parametrize(("address", "view"), _console(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_view_declares_a_permission(address, view):
    declared = getattr(view, "prewatt_permission", None)
    assert declared in {PUBLIC, ANYBODY, *Permission}, f"{address}: decorate the view with @requires(...)"


def test_the_whole_site_has_no_address_without_a_mark():
    health = {"healthz", "readyz"}
    for address, view in _views(get_resolver().url_patterns):
        if address not in health and not address.startswith("api/"):
            assert hasattr(view, "prewatt_permission"), address


def _address(pattern):
    parts = {
        "public_id": NOBODY,
        "key_id": 1,
        "tab": "ledger",
        "stretch": "14",
        "verb": "protect",
        "month": "2026-11",
        "kind": "statement",
        "page": 1,
        "form": "zip",
        "code": "nothing",
        "token": "nonsense",
        "number": 1,
    }
    names = pattern.pattern.converters
    return reverse(f"console:{pattern.name}", kwargs={name: parts[name] for name in names})


GUARDED = [one for one in urls.urlpatterns if getattr(one.callback, "prewatt_permission", PUBLIC) != PUBLIC]

DECLARED = {one.name: getattr(one.callback, "prewatt_permission", PUBLIC) for one in GUARDED}


@pytest.mark.parametrize("pattern", GUARDED, ids=lambda pattern: pattern.name)
def test_without_a_login_every_guarded_page_asks_for_one(db, pattern):
    if pattern.name == "live":
        return
    answer = Client().get(_address(pattern))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=")
    assert Client().get(_address(pattern), headers={"HX-Request": "true"}).status_code == 401


OWN = frozenset({Permission.READINGS_VIEW, Permission.CASES_WORK})
"""What a role made in the matrix may do."""


@pytest.fixture(scope="module")
def place(module_database):
    set_clock(NOW)
    town = build_town(rooms=1)
    with unit_of_work(actor=ACTOR, verb="test"):
        access.ensure_roles()
        Role.objects.create(code="own", name="Own", permissions=sorted(OWN), scope=town.organisation)
        Role.objects.create(code="nothing-at-all", name="None", permissions=[], scope=town.organisation)
    return town


@pytest.mark.faults("F1")
@pytest.mark.parametrize("role", [*ROLES, "own", "nothing-at-all"])
def test_a_role_opens_what_it_may_and_nothing_else_by_get_and_post(place, faults, role):
    asked(10)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(make_user(place, role))
    permitted = {"own": OWN} | {spec.code: spec.permissions for spec in ROLES.values()}
    held = permitted.get(role, frozenset())
    for pattern in GUARDED:
        if pattern.name == "live":
            continue
        declared, where = DECLARED[pattern.name], _address(pattern)
        allowed = bool(held) if declared == ANYBODY else declared in held
        if allowed and role != "administrator":  # whose every page is opened by the tests of reading
            answer = client.get(where)
            list(answer) if answer.streaming else None  # read to its end, a stream closes itself
            assert answer.status_code != 403, f"{pattern.name} should open for {role}"
            faults.hit()
        if not allowed:
            for method in ("post", "get")[: faults.times(short=1, full=2)]:
                answer = getattr(client, method)(where)
                assert answer.status_code in {403, 405}, f"{pattern.name} must not open for {role} by {method}"
                assert method == "post" or answer.status_code == 403
                faults.hit()
