"""A message to oneself: whether the mail server or the SMS provider that is set takes anything from here."""

from datetime import timedelta
from typing import Final

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted, Refused
from prewatt.kernel.ids import uuid7
from prewatt.notices.channels import SENDERS
from prewatt.notices.values import Letter
from prewatt.usecases.see_first_run import SUBJECT, Step, organisation_of
from prewatt.usecases.work import unit_of_work

WAYS: Final = ("mail", "sms")


class NotSent(Refused):
    """The message was not taken."""

    code = "not_sent"


def send_test_message(*, actor: Actor, way: str, recipient: str, subject: str, body: str) -> str:
    """This function will send one message and return its proof. Raises NotSent with the server's own words."""
    if actor.user is None or way not in WAYS:
        raise NotPermitted("A test message is sent by a named login.")
    scope = organisation_of(user=actor.user)
    letter = Letter(
        notice_id=0, public_id=uuid7(), account_id=None, kind="test", channel=way, recipient=recipient,
        subject=subject, body=body, facts={}, language=actor.user.language, tries=1,
        leased_until=machine_now() + timedelta(minutes=1),
    )  # fmt: skip
    sent = SENDERS[way](letter)
    with unit_of_work(actor=actor, verb="send_test_message", scope=scope, subject=(SUBJECT, Step.MESSAGES), reason=way):
        if sent.error:
            raise NotSent(
                "It was not sent: %(why)s.", hint="Look at the settings of docs/operations.md.", why=sent.error
            )
    return sent.proof or sent.reference
