"""Sending what waits: claim, commit, send, record. Nothing else waits for a slow provider."""

from collections.abc import Callable, Mapping

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.notices import services
from prewatt.notices.channels import SENDERS
from prewatt.notices.queries import has_due_notices, has_unconfirmed_notices
from prewatt.notices.values import Letter, Sent
from prewatt.usecases.work import unit_of_work


def send_due_notices(
    *, actor: Actor, senders: Mapping[str, Callable[[Letter], Sent]] = SENDERS, limit: int = services.CLAIM_MAX
) -> int:
    """This function will send a batch of due notices, codes and last calls first, and return how many were claimed.

    A letter is sent at least once, a text at most once, each by one sender at a time: a claim holds for a minute of
    machine time, and the letter's id travels with it.
    """
    if not has_due_notices(machine_now=machine_now(), channels=senders):
        return 0
    with unit_of_work(actor=actor, verb="claim_notices"):
        letters = services.claim_notices(channels=senders, limit=limit)
    for letter in letters:
        sent = senders[letter.channel](letter)
        with unit_of_work(
            actor=actor, verb="send_notice", subject=("notice", str(letter.public_id)), reason=letter.kind
        ) as work:
            services.record_sent(letter=letter, sent=sent, now=work.now)
    return len(letters)


def follow_unconfirmed_notices(*, actor: Actor) -> int:
    """This function will let warnings that no provider confirmed go by the next channel, and return how many waited."""
    if not has_unconfirmed_notices(machine_now=machine_now()):
        return 0
    with unit_of_work(actor=actor, verb="follow_notices") as work:
        return services.follow_unconfirmed(now=work.now)
