"""Sending what waits: claim, commit, send, record. Nothing else waits for a slow mail server."""

from collections.abc import Callable, Mapping

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.notices import services
from prewatt.notices.channels import SENDERS
from prewatt.notices.queries import has_due_notices
from prewatt.notices.values import Letter, Sent
from prewatt.usecases.work import unit_of_work


def send_due_notices(*, actor: Actor, senders: Mapping[str, Callable[[Letter], Sent]] = SENDERS) -> int:
    """This function will send a batch of due notices, last calls first, and return how many were claimed.

    A letter is sent at least once and at most once at a time: its claim holds for a minute of machine time, and its id
    travels with it.
    """
    if not has_due_notices(machine_now=machine_now()):
        return 0
    with unit_of_work(actor=actor, verb="claim_notices"):
        letters = services.claim_notices(channels=senders)
    for letter in letters:
        sent = senders[letter.channel](letter)
        with unit_of_work(
            actor=actor, verb="send_notice", subject=("notice", str(letter.public_id)), reason=letter.kind
        ) as work:
            services.record_sent(letter=letter, sent=sent, now=work.now)
    return len(letters)
