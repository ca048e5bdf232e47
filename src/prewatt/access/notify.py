"""Waking whoever listens: at most one message per transaction and channel, delivered by PostgreSQL at its commit."""

from collections.abc import Iterable

from django.db import connection

from prewatt.access.audit import UnitOfWork, require_unit_of_work

PAYLOAD_BYTES_MAX = 7_999


def touch(
    *,
    site_id: int | None = None,
    points: Iterable[int] = (),
    accounts: Iterable[int] = (),
    cases: bool = False,
    commands_for_gateways: Iterable[int] = (),
) -> None:
    """This function will remember, in the unit of work, what live pages, workers and collectors must look at again.

    All are row numbers. Nothing is sent before ``usecases.unit_of_work`` ends well.
    """
    require_unit_of_work().touched.merge(
        site_id=site_id, points=points, accounts=accounts, gateways=commands_for_gateways, cases=cases
    )


def notify(*, channel: str, payload: str) -> None:
    """This function will send one message when the transaction commits. At most 7,999 bytes."""
    if len(payload.encode()) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a message of {len(payload)} characters does not fit on {channel}: say less, let them look")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def tell(work: UnitOfWork) -> None:
    """This function will send what the unit of work touched; called by ``usecases.unit_of_work`` alone, at its end."""
    for channel, payload in work.touched.messages():
        notify(channel=channel, payload=payload)
