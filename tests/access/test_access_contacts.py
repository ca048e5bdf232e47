"""Mail addresses and phones as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.access.contacts import is_mail, masked, to_contact


@pytest.mark.parametrize(
    ("typed", "contact"),
    [
        ("13800138000", "+8613800138000"),
        (" 138-0013 8000 ", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("+44 (0)20 7946 0018".replace("(0)", ""), "+442079460018"),
        ("Mei.Huang@Example.ORG", "mei.huang@example.org"),
        ("0513-5555 0100", None),
        ("55550100", None),
        ("+0123456789", None),
        ("+86", None),
        ("mei@localhost", None),
        ("mei huang@example.org", None),
        ("a@b@example.org", None),
        ("", None),
        ("x" * 250 + "@example.org", None),
    ],
)
def test_what_is_typed_becomes_a_contact_or_nothing(typed, contact):
    assert to_contact(typed) == contact


@given(st.text(max_size=80))
def test_a_contact_reads_as_itself(typed):
    contact = to_contact(typed)
    assert contact is None or to_contact(contact) == contact


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("+8613800138000", "+86138****8000"),
        ("+4912345", "+49****45"),
        ("mei.huang@example.org", "me***@example.org"),
        ("mei@example.org", "m***@example.org"),
    ],
)
def test_a_contact_is_shown_so_that_only_its_owner_knows_it(contact, shown):
    assert masked(contact) == shown
    assert is_mail(contact) == ("@" in shown)
