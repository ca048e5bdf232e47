"""Deliveries on their way: claim, commit, send, record. Nobody waits for another's slow receiver."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from prewatt.access.audit import Actor
from prewatt.estate.errors import WrongKey
from prewatt.estate.safe import Purpose, SecretSafe
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks import services
from prewatt.webhooks.queries import has_due_deliveries
from prewatt.webhooks.values import Outcome, Parcel

Send = Callable[[Parcel, list[str]], Outcome]
AT_ONCE: Final = 8
LOOK_S: Final = 0.25


def send_due_deliveries(
    *, actor: Actor, send: Send, key_file: Path, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """This function will send until nothing is due, and return how many deliveries were claimed.

    Eight endpoints are told at once, each of one thing after the other; whoever has answered is told the next while
    others are slow. ``send`` is given what to send and the secrets that sign it; it runs in threads and asks the
    database nothing. A delivery is sent at least once: its id tells a receiver that it came before. Raises KeyMissing.
    """
    if not has_due_deliveries():
        return 0
    safe = SecretSafe.open(key_file, Purpose.WEBHOOKS, create=True)
    count = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as threads:
        away: dict[Future[Outcome], Parcel] = {}
        while True:
            for parcel in _claim(actor, most=0 if is_stopping() else AT_ONCE - len(away)):
                away[threads.submit(_send, parcel, safe, send)] = parcel
                count += 1
            if not away:
                return count
            for ended in wait(away, timeout=LOOK_S, return_when=FIRST_COMPLETED).done:
                with unit_of_work(actor=actor, verb="send_delivery", of_facts=True) as work:
                    services.record_outcome(parcel=away.pop(ended), outcome=ended.result(), now=work.now)


def _claim(actor: Actor, *, most: int) -> list[Parcel]:
    if most < 1 or not has_due_deliveries():
        return []
    with unit_of_work(actor=actor, verb="claim_deliveries", of_facts=True):
        return services.claim_deliveries(most=most)


def _send(parcel: Parcel, safe: SecretSafe, send: Send) -> Outcome:
    try:
        secrets = [safe.unseal(sealed, bound_to=parcel.place) for sealed in parcel.sealed]
    except WrongKey as error:
        return Outcome(error=error.message)
    return send(parcel, secrets)
