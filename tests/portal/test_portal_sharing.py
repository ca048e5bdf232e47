"""Invitations from the desk and from an owner, taken up once; sharing changed and ended."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.portal.world import make_login

from prewatt.access.models import Action, User
from prewatt.kernel.clock import machine_now
from prewatt.notices.models import Notice
from prewatt.tenancy.models import AccountShare, PortalInvitation
from prewatt.tenancy.queries import list_shared_accounts


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.LETTERBOX = True


def account_of(world):
    return world.ours.room.account


def invite_from_desk(world, **told) -> str:
    """Invite as the desk does, and return the link's path."""
    form = {"contact": "13811112222", "name": "Mei", "role": "owner", "language": "en"} | told
    answer = world.client("operator").post(reverse("console:sharing", args=[account_of(world).public_id]), form)
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.context["invited"].link).removeprefix("http://127.0.0.1:8000")


def invite_as_owner(world, **told):
    form = {"contact": "guest@example.org", "name": "Guest", "role": "viewer", "language": "zh-hans"} | told
    return world.client("owner").post(reverse("portal:invite", args=[account_of(world).public_id]), form)


def test_the_desk_prefills_the_customer(world):
    account = account_of(world)
    account.customer.phone, account.customer.language = "+8613811112222", "en"
    account.customer.save()
    page = world.client("operator").get(reverse("console:sharing", args=[account.public_id])).content.decode()
    assert "+8613811112222" in page
    assert account.customer.name in page


def test_an_invitation_makes_a_login_and_signs_it_in(world):
    path = invite_from_desk(world)
    letter = Notice.objects.get(kind="invitation")
    assert (letter.recipient, letter.language, letter.account_id) == ("+8613811112222", "en", account_of(world).pk)
    assert path in letter.body
    assert path.rpartition("/")[2] not in str(PortalInvitation.objects.values_list())
    client = Client()
    page = client.get(path).content.decode()
    assert "+86138****2222" in page
    assert account_of(world).customer.name in page
    answer = client.post(path, {"name": "Mei", "language": "en", "password": ""})
    assert answer["Location"] == reverse("portal:home", args=[account_of(world).public_id])
    user = User.objects.get(phone="+8613811112222")
    assert not user.has_usable_password()
    (shared,) = list_shared_accounts(user=user)
    assert (shared.account_id, shared.role) == (account_of(world).pk, "owner")
    assert client.get(answer["Location"]).status_code == 200
    assert Action.objects.filter(verb="accept_invitation", outcome="done").count() == 1


def test_a_link_works_once(world):
    path = invite_from_desk(world)
    Client().post(path, {"name": "Mei", "language": "en"})
    for answer in (Client().get(path), Client().post(path, {"name": "Eve", "language": "en"})):
        assert answer.status_code == 410
        assert "was used already" in answer.content.decode()
    assert AccountShare.objects.filter(invited_by=world.people["operator"]).count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": machine_now() - timedelta(seconds=1)}, "has expired"),
        ({"ended_at": machine_now()}, "was taken back"),
    ],
)
def test_a_link_that_ran_out_or_was_taken_back_says_so(world, change, words):
    path = invite_from_desk(world)
    PortalInvitation.objects.filter(recipient="+8613811112222").update(**change)
    for answer in (Client().get(path), Client().post(path, {"name": "Eve", "language": "en"})):
        assert answer.status_code == 410
        assert words in answer.content.decode()
    assert not User.objects.filter(phone="+8613811112222").exists()


def test_a_made_up_link_opens_nothing(db):
    for token in ("nonsense", "x" * 300, "%00"):
        assert Client().get(f"/my/invitation/{token}").status_code == 404


def test_a_newer_invitation_replaces_the_one_before(world):
    old, new = invite_from_desk(world), invite_from_desk(world)
    assert Client().get(old).status_code == 410
    assert Client().get(new).status_code == 200


def test_who_has_a_login_signs_in_and_accepts(world):
    user = make_login("mei", phone="+8613811112222")
    path = invite_from_desk(world, role="payer")
    page = Client().get(path).content.decode()
    assert f"/my/sign-in?next={path}" in page
    answer = Client().post(path, {"name": "Mei", "language": "en"})
    assert answer.status_code == 422
    client = Client()
    client.force_login(user)
    assert client.post(path).status_code == 302
    assert list_shared_accounts(user=user)[0].role == "payer"


def test_a_weak_password_is_refused_and_the_link_still_works(world):
    path = invite_from_desk(world)
    for password in ("12345678", "short"):
        answer = Client().post(path, {"name": "Mei", "language": "en", "password": password})
        assert answer.status_code == 422
    client = Client()
    assert client.post(path, {"name": "Mei", "language": "en", "password": "a long enough one"}).status_code == 302
    client.post("/my/sign-out")
    answer = client.post("/my/sign-in?way=password", {"contact": "13811112222", "password": "a long enough one"})
    assert answer.status_code == 302


def test_an_invitation_never_makes_a_role_smaller(world):
    path = invite_from_desk(world, role="viewer")
    world.client("owner").post(path)
    assert AccountShare.objects.get(user=world.people["owner"], to_at=None).role == "owner"
    path = invite_from_desk(world, role="owner")
    world.client("viewer").post(path)
    assert AccountShare.objects.get(user=world.people["viewer"], to_at=None).role == "owner"


def test_what_is_no_contact_or_has_no_way_is_said(world, settings):
    answer = invite_as_owner(world, contact="somebody")
    assert answer.status_code == 422
    settings.LETTERBOX, settings.EMAIL_HOST = False, ""
    answer = invite_as_owner(world)
    assert "hand over the link" in answer.content.decode()
    assert not Notice.objects.exists()


def test_an_owner_invites_lists_and_takes_back(world):
    answer = invite_as_owner(world)
    assert "guest@example.org" in answer.content.decode()
    client, where = world.client("owner"), reverse("portal:sharing", args=[account_of(world).public_id])
    page = client.get(where).content.decode()
    assert "gu***@example.org" in page
    made = PortalInvitation.objects.get(recipient="guest@example.org")
    client.post(reverse("portal:take_back", args=[account_of(world).public_id, made.public_id]))
    assert "gu***@example.org" not in client.get(where).content.decode()
    answer = client.post(reverse("portal:take_back", args=[account_of(world).public_id, made.public_id]), follow=True)
    assert "not open any more" in answer.content.decode()


def test_invitations_are_not_sent_by_the_hundred(world):
    answers = [invite_as_owner(world, contact=f"guest{number}@example.org").status_code for number in range(22)]
    assert answers == [200] * 20 + [429] * 2


def share_of(world, name):
    return AccountShare.objects.get(user=world.people[name], account=account_of(world), to_at=None)


def test_an_owner_changes_roles_and_ends_shares(world):
    client = world.client("owner")
    where = reverse("portal:share", args=[account_of(world).public_id, share_of(world, "viewer").public_id])
    assert client.get(where).status_code == 200
    client.post(where, {"role": "payer"})
    assert share_of(world, "viewer").role == "payer"
    assert client.post(where, {"role": "king"}).status_code == 422
    client.post(where, {"end": "1"})
    assert list_shared_accounts(user=world.people["viewer"]) == []
    assert client.get(where).status_code == 404


def test_an_account_that_is_shared_keeps_an_owner_unless_the_desk_says_otherwise(world):
    client, own = world.client("owner"), share_of(world, "owner")
    where = reverse("portal:share", args=[account_of(world).public_id, own.public_id])
    assert "only owner" in client.post(where, {"role": "viewer"}).content.decode()
    client.post(where, {"end": "1"})
    assert share_of(world, "owner").role == "owner"
    AccountShare.objects.filter(user=world.people["payer"]).update(role="owner")
    assert client.post(where, {"end": "1"})["Location"] == reverse("portal:start")
    assert list_shared_accounts(user=world.people["owner"]) == []
    end = reverse("console:sharing_end", args=[account_of(world).public_id])
    world.client("operator").post(end, {"share": str(share_of(world, "payer").public_id)})
    assert list_shared_accounts(user=world.people["payer"]) == []


def test_the_desk_takes_an_invitation_back(world):
    path = invite_from_desk(world)
    made = PortalInvitation.objects.get(recipient="+8613811112222")
    end = reverse("console:sharing_end", args=[account_of(world).public_id])
    client = world.client("operator")
    assert client.post(end, {"invitation": str(made.public_id)}).status_code == 302
    assert Client().get(path).status_code == 410
    answer = client.post(end, {"invitation": str(made.public_id)}, follow=True)
    assert "not open any more" in answer.content.decode()


def test_several_accounts_stand_under_one_login(world):
    owner = world.people["owner"]
    AccountShare.objects.create(account=world.theirs.room.account, user=owner, role="payer", from_at=machine_now())
    client = world.client("owner")
    page = client.get("/my/").content.decode()
    for side in (world.ours, world.theirs):
        assert side.room.account.customer.name in page
        assert client.get(reverse("portal:home", args=[side.room.account.public_id])).status_code == 200
    assert world.client("viewer").get("/my/")["Location"] == reverse("portal:home", args=[account_of(world).public_id])
