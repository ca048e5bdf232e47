"""Every address declares the permission that it needs, and keeps to it."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from prewatt.access.permissions import ROLES, Permission
from prewatt.console import urls
from prewatt.console.guard import PUBLIC

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
    assert declared == PUBLIC or declared in set(Permission), f"{address}: decorate the view with @requires(...)"


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


@pytest.mark.parametrize("role", ["cashier", "engineer", "auditor"])
def test_a_role_opens_what_it_may_and_nothing_else(sign_in, role):
    client = sign_in(role)
    for pattern in GUARDED:
        if pattern.name == "live":
            continue
        permission = DECLARED[pattern.name]
        answer = client.get(_address(pattern))
        list(answer) if answer.streaming else None  # read to its end, a stream closes itself
        status = answer.status_code
        if permission in ROLES[role].permissions:
            assert status != 403, f"{pattern.name} should open for {role}"
        else:
            assert status == 403, f"{pattern.name} must not open for {role}"
