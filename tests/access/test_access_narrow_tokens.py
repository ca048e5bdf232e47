"""A token may have less than its login: fewer permissions, a smaller scope."""

import pytest
from django.test import Client
from tests.console.conftest import build_town
from tests.usecases_billing.town import ACTOR, Town, set_clock

from prewatt.access.errors import BadToken
from prewatt.access.models import Action, ApiToken, User
from prewatt.access.queries import find_user_by_token, get_user_permissions
from prewatt.access.services import grant
from prewatt.usecases.issue_token import issue_token
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    set_clock("2026-11-20T12:00")
    return build_town(rooms=1)


def erp(town: Town, **narrow: object) -> str:
    """A token of a program that may read and take everywhere in the town's organisation, and at another site."""
    issue_token(actor=ACTOR, username="erp")
    user = User.objects.get(username="erp")
    if not user.memberships.filter(scope=town.organisation).exists():
        with unit_of_work(actor=ACTOR, verb="test"):
            grant(user=user, role_code="machine", scope=town.organisation)
    return issue_token(actor=ACTOR, username="erp", **narrow)  # type: ignore[arg-type]  # what a test gives it


def ask(token: str, town: Town) -> tuple[int, int]:
    """How the account is answered, and a top-up without a body."""
    where, headers = f"/api/v1/accounts/{town.rooms[0].account.public_id}", {"Authorization": f"Bearer {token}"}
    client = Client()
    return client.get(where, headers=headers).status_code, client.post(f"{where}/top-ups", headers=headers).status_code


def test_a_token_has_what_it_was_given_and_its_login_has(town: Town) -> None:
    assert ask(erp(town), town) == (200, 400)
    narrow = erp(town, permissions=["api.read"], note="Reads for the ERP")
    assert ask(narrow, town) == (200, 403)
    user = find_user_by_token(token_text=narrow)
    assert user is not None
    assert get_user_permissions(user=user) == {"api.read"}
    assert ApiToken.objects.filter(note="Reads for the ERP", permissions=["api.read"]).exists()
    assert Action.objects.filter(verb="issue_token", subject_id="erp", reason="Reads for the ERP").exists()
    user.memberships.update(to_at=ApiToken.objects.latest("pk").created_at)
    assert ask(narrow, town) == (403, 403)


def test_a_token_reaches_its_own_site_alone(town: Town) -> None:
    other = Town.build()
    erp(town)
    with unit_of_work(actor=ACTOR, verb="test"):
        grant(user=User.objects.get(username="erp"), role_code="machine", scope=other.organisation)
    here = issue_token(actor=ACTOR, username="erp", site_code=town.site.code)
    there = issue_token(actor=ACTOR, username="erp", site_code=other.site.code)
    assert ask(here, town) == (200, 400)
    assert ask(there, town)[0] == 404


def test_a_token_cannot_have_what_its_login_lacks(town: Town) -> None:
    for narrow in ({"permissions": ["money.clear"]}, {"permissions": ["odd"]}, {"site_code": "nowhere"}):
        with pytest.raises(BadToken):
            erp(town, **narrow)
    User.objects.filter(username="erp").update(is_machine=False)
    with pytest.raises(BadToken, match="person"):
        issue_token(actor=ACTOR, username="erp")
