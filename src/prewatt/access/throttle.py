"""How often something may be tried. All processes count together, in one statement that no race gets past.

Each limit is a bucket that refills at a steady pace: ``burst`` tries at once, then one each ``every_s``. A refused try
takes nothing out, so that nobody is kept waiting by somebody who goes on trying. In a minute that gives at most
``burst + 60 / every_s`` tries.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any, Final

from django.db import connection

from prewatt.access.errors import TooManyTries
from prewatt.kernel.clock import machine_now

KEPT_FOR: Final = timedelta(days=2)
"""Longer than any bucket takes to refill: an older row says nothing."""

_TAKE: Final = """
INSERT INTO access_trycount (key, full_at) VALUES (%(key)s, %(now)s + %(period)s)
    ON CONFLICT (key) DO UPDATE SET full_at = greatest(access_trycount.full_at, %(now)s) + %(period)s
 WHERE greatest(access_trycount.full_at, %(now)s) + %(period)s <= %(now)s + %(room)s
RETURNING full_at
"""
_GIVE_BACK: Final = "UPDATE access_trycount SET full_at = full_at - %(period)s WHERE key = %(key)s"
_WAIT: Final = "SELECT full_at + %(period)s - %(room)s - %(now)s FROM access_trycount WHERE key = %(key)s"
_FORGET: Final = "DELETE FROM access_trycount WHERE full_at < %(before)s"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries at once, and how many seconds until one more."""

    name: str
    burst: int
    every_s: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many tries are left at once, and in how many seconds the bucket is whole again."""

    left: int
    whole_in_s: int


def take_try(*, limit: Limit, key: str) -> Allowance:
    """This function will count one try of ``key``, of which only a hash is kept, and say how many are left.

    Raises TooManyTries. It stands in no unit of work: a try counts even when what follows is rolled back.
    """
    asked = _asked(limit, key)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, asked)
        taken = cursor.fetchone()
        if taken is not None:
            return _allowance(limit, taken[0] - asked["now"])
        cursor.execute(_WAIT, asked)
        row = cursor.fetchone()
    wait_s = max(1, round(row[0].total_seconds())) if row else max(1, round(limit.every_s))
    raise TooManyTries("Too many attempts.", hint="Wait %(wait_s)s seconds, then try again.", wait_s=wait_s)


def give_back(*, limit: Limit, key: str) -> None:
    """This function will take back one counted try: it was none that should count."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, _asked(limit, key))


def forget_old_tries() -> int:
    """This function will delete rows that say nothing any more, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"before": machine_now() - KEPT_FOR})
        return int(cursor.rowcount)


def counted_address(address: str) -> str:
    """This function will return what tries are counted by: an IPv6 network of 64 bits belongs to one customer."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return known.compressed
    return known.ipv4_mapped.compressed if known.ipv4_mapped else str(IPv6Network((known, 64), strict=False))


def _allowance(limit: Limit, filled: timedelta) -> Allowance:
    filled_s = max(filled.total_seconds(), 0.0)
    return Allowance(max(limit.burst - math.ceil(filled_s / limit.every_s), 0), math.ceil(filled_s))


def _asked(limit: Limit, key: str) -> dict[str, Any]:
    period = timedelta(seconds=limit.every_s)
    return {
        "key": f"{limit.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        "now": machine_now(),
        "period": period,
        "room": period * limit.burst,
    }
