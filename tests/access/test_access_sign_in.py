"""Signing in: by password and by code, counted by address and by login, never telling who is known."""

import re
from datetime import timedelta

import pytest
from tests.usecases_billing.town import ACTOR

from prewatt.access import services as access
from prewatt.access.codes import TRIES_MAX
from prewatt.access.errors import BadCode, BadContact, BadSignIn, TooManyTries
from prewatt.access.models import Action, OneTimeCode, TryCount, User
from prewatt.access.sessions import device_mark
from prewatt.kernel.clock import machine_now
from prewatt.notices.models import Notice
from prewatt.usecases.sign_in import Visitor, ask_for_code, sign_in_with_code, sign_in_with_password
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
HOME = Visitor("192.0.2.1")
ELSEWHERE = Visitor("198.51.100.9")


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.LETTERBOX = True


@pytest.fixture
def tenant() -> User:
    with unit_of_work(actor=ACTOR, verb="test"):
        return access.create_login(
            username="tenant", password="correct horse", name="Mei", phone="+8613800138000", email="mei@example.org"
        )


def digits_sent(contact: str) -> str:
    letter = Notice.objects.filter(kind="code", recipient=contact).order_by("-pk")[0]
    found = re.search(r"\d{6}", letter.body)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("typed", ["tenant", "TENANT ", "138 0013 8000", "+86 138-0013-8000", "Mei@Example.ORG"])
def test_name_phone_and_mail_open_the_same_login(tenant, typed):
    assert sign_in_with_password(visitor=HOME, typed=typed, password="correct horse") == tenant
    action = Action.objects.get(verb="sign_in")
    assert (action.actor, action.subject_id, action.address) == (tenant, str(tenant.public_id), HOME.address)


@pytest.mark.parametrize("typed", ["tenant", "nobody", "+8613900000000", ""])
def test_what_is_wrong_is_not_said(tenant, typed):
    with pytest.raises(BadSignIn, match="Name or password is wrong"):
        sign_in_with_password(visitor=HOME, typed=typed, password="wrong")
    assert Action.objects.get(verb="sign_in").outcome == "refused"


def test_a_login_that_was_shut_or_has_no_password_opens_to_none(tenant):
    tenant.set_unusable_password()
    tenant.save()
    with pytest.raises(BadSignIn):
        sign_in_with_password(visitor=HOME, typed="tenant", password="")
    User.objects.filter(pk=tenant.pk).update(is_active=False)
    code_id, contact = ask_for_code(visitor=HOME, typed="mei@example.org", language="en")
    assert not Notice.objects.exists()
    with pytest.raises(BadCode):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits="000000")
    assert contact == "mei@example.org"


def test_a_code_opens_the_login_once(tenant):
    code_id, contact = ask_for_code(visitor=HOME, typed="13800138000", language="en")
    digits = digits_sent(contact)
    assert digits not in OneTimeCode.objects.get().code_hash
    assert sign_in_with_code(visitor=HOME, code_id=code_id, digits=f" {digits[:3]} {digits[3:]}") == tenant
    with pytest.raises(BadCode, match="run out"):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits=digits)


def test_an_unknown_contact_is_answered_alike_and_nothing_is_sent(tenant):
    code_id, contact = ask_for_code(visitor=HOME, typed="13900000000", language="en")
    assert (contact, Notice.objects.count()) == ("+8613900000000", 0)
    with pytest.raises(BadCode, match="not right"):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits="123456")


def test_a_code_has_few_tries_and_a_short_life(tenant):
    code_id, contact = ask_for_code(visitor=HOME, typed="13800138000", language="en")
    right = digits_sent(contact)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(TRIES_MAX):
        with pytest.raises(BadCode):
            sign_in_with_code(visitor=HOME, code_id=code_id, digits=wrong)
    TryCount.objects.all().delete()
    with pytest.raises(BadCode, match="run out"):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits=right)
    code_id, contact = ask_for_code(visitor=HOME, typed="13800138000", language="en")
    OneTimeCode.objects.update(expires_at=machine_now() - timedelta(seconds=1))
    with pytest.raises(BadCode, match="run out"):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits=digits_sent(contact))


def test_a_code_belongs_to_whoever_has_the_contact_now(tenant):
    code_id, contact = ask_for_code(visitor=HOME, typed="13800138000", language="en")
    User.objects.filter(pk=tenant.pk).update(phone="+8613811111111")
    with pytest.raises(BadCode):
        sign_in_with_code(visitor=HOME, code_id=code_id, digits=digits_sent(contact))


@pytest.mark.parametrize("typed", ["", "mei@", "12345", "+86abc", "x" * 300])
def test_what_is_no_contact_is_said_at_once(typed):
    with pytest.raises(BadContact):
        ask_for_code(visitor=HOME, typed=typed, language="en")


def test_without_a_way_to_send_no_code_is_promised(tenant, settings):
    settings.LETTERBOX = False
    settings.EMAIL_HOST = ""
    with pytest.raises(BadContact, match="cannot send"):
        ask_for_code(visitor=HOME, typed="13800138000", language="en")


def test_after_five_wrong_passwords_the_sixth_waits_even_if_right(tenant):
    for _ in range(5):
        with pytest.raises(BadSignIn):
            sign_in_with_password(visitor=HOME, typed="tenant", password="wrong")
    with pytest.raises(TooManyTries) as refused:
        sign_in_with_password(visitor=HOME, typed="13800138000", password="correct horse")
    assert refused.value.facts["wait_s"] in range(1, 13)
    TryCount.objects.update(full_at=machine_now() + timedelta(seconds=40))  # twenty seconds later
    assert sign_in_with_password(visitor=HOME, typed="tenant", password="correct horse") == tenant


def test_nobody_can_lock_out_another(tenant):
    """An attacker uses up the login's tries: its own browser, and the way by code, stay open."""
    known = Visitor("203.0.113.5", device_mark(user=tenant))
    for number in range(6):
        with pytest.raises((BadSignIn, TooManyTries)):
            sign_in_with_password(visitor=Visitor(f"198.51.100.{number}"), typed="tenant", password="wrong")
    with pytest.raises(TooManyTries):
        sign_in_with_password(visitor=HOME, typed="tenant", password="correct horse")
    assert sign_in_with_password(visitor=known, typed="tenant", password="correct horse") == tenant
    code_id, contact = ask_for_code(visitor=HOME, typed="13800138000", language="en")
    assert sign_in_with_code(visitor=HOME, code_id=code_id, digits=digits_sent(contact)) == tenant


def test_the_mark_of_another_login_helps_nobody(tenant):
    with unit_of_work(actor=ACTOR, verb="test"):
        other = access.create_login(username="other", password="another horse")
    for _ in range(5):
        with pytest.raises(BadSignIn):
            sign_in_with_password(visitor=HOME, typed="tenant", password="wrong")
    for mark in (device_mark(user=other), "made up", f"{device_mark(user=tenant)}x"):
        with pytest.raises(TooManyTries):
            sign_in_with_password(visitor=Visitor(HOME.address, mark), typed="tenant", password="wrong")


def test_codes_are_not_sent_one_after_another(tenant):
    for _ in range(2):
        ask_for_code(visitor=HOME, typed="13800138000", language="en")
    with pytest.raises(TooManyTries):
        ask_for_code(visitor=ELSEWHERE, typed="13800138000", language="en")
    assert Notice.objects.filter(kind="code").count() == 2


def test_a_right_password_gives_its_try_back(tenant):
    for _ in range(8):
        assert sign_in_with_password(visitor=HOME, typed="tenant", password="correct horse") == tenant
