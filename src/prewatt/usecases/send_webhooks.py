"""Deliveries on their way: claim, commit, send, record. Nothing else waits for a slow receiver."""

from collections.abc import Callable
from pathlib import Path

from prewatt.access.audit import Actor
from prewatt.estate.errors import WrongKey
from prewatt.estate.safe import Purpose, SecretSafe
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks import services
from prewatt.webhooks.queries import has_due_deliveries
from prewatt.webhooks.values import Outcome, Parcel

Send = Callable[[Parcel, list[str]], Outcome]


def send_due_deliveries(*, actor: Actor, send: Send, key_file: Path) -> int:
    """This function will send one due delivery to each endpoint, and return how many were claimed.

    ``send`` is given what to send and the secrets that sign it. A delivery is sent at least once: its id tells a
    receiver that it came before. Raises KeyMissing.
    """
    if not has_due_deliveries():
        return 0
    safe = SecretSafe.open(key_file, Purpose.WEBHOOKS, create=True)
    with unit_of_work(actor=actor, verb="claim_deliveries", of_facts=True):
        parcels = services.claim_deliveries()
    for parcel in parcels:
        outcome = _send(parcel, safe, send)
        with unit_of_work(actor=actor, verb="send_delivery", of_facts=True) as work:
            services.record_outcome(parcel=parcel, outcome=outcome, now=work.now)
    return len(parcels)


def _send(parcel: Parcel, safe: SecretSafe, send: Send) -> Outcome:
    try:
        secrets = [safe.unseal(sealed, bound_to=parcel.place) for sealed in parcel.sealed]
    except WrongKey as error:
        return Outcome(error=error.message)
    return send(parcel, secrets)
