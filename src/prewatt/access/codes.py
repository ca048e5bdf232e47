"""One-time codes: six digits, ten minutes, five tries, used once. Only a slow hash of each is kept.

Whoever asks gets the id of the code asked for, and only with that id it can be tried: nobody can use up the tries of
another. A code asked for in a name that is not known is hashed and kept as well, and never sent: the time that the
answer takes tells nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import BadCode
from prewatt.access.models import OneTimeCode, User
from prewatt.kernel.clock import machine_now

DIGITS: Final = 6
TRIES_MAX: Final = 5
LIVES_FOR: Final = timedelta(minutes=10)
FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A new code: the id that stays with the browser, and the digits that travel to the contact."""

    public_id: UUID
    digits: str


def ask_code(*, purpose: str, contact: str, user: User | None) -> Asked:
    """This function will make a code; ``user`` is None when nobody is known by the contact."""
    require_unit_of_work()
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    now = machine_now()
    row = OneTimeCode.objects.create(
        purpose=purpose, contact=contact, user=user, code_hash=make_password(digits), created_at=now,
        expires_at=now + LIVES_FOR,
    )  # fmt: skip
    return Asked(row.public_id, digits)


def find_live_code(*, public_id: UUID, purpose: str) -> OneTimeCode | None:
    """This function will return a code that can still be tried."""
    rows = OneTimeCode.objects.select_related("user").filter(public_id=public_id, purpose=purpose, used_at=None)
    return rows.filter(expires_at__gt=machine_now(), tries__lt=TRIES_MAX).first()


def try_code(*, row: OneTimeCode, digits: str) -> None:
    """This function will compare what was typed with the code. Raises BadCode.

    The try is counted first and by itself, so that it counts whatever comes of it. The code is not used up yet.
    """
    counted = OneTimeCode.objects.filter(pk=row.pk, tries__lt=TRIES_MAX, used_at=None).update(tries=F("tries") + 1)
    typed = "".join(letter for letter in digits if letter.isdigit())
    if counted != 1 or not check_password(typed, row.code_hash):
        if row.tries + 1 >= TRIES_MAX:
            raise BadCode("The code is not right.", hint="Ask for a new code.")
        raise BadCode("The code is not right.", hint="Type the newest code that you were sent.")


def use_code(*, row: OneTimeCode) -> None:
    """This function will use up a code that was typed rightly; of two that come at once, one wins. Raises BadCode."""
    require_unit_of_work()
    if OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=machine_now()) != 1:
        raise BadCode("The code was used already.", hint="Ask for a new code.")


def forget_old_codes() -> int:
    """This function will delete codes that ran out a day ago, and return how many."""
    return OneTimeCode.objects.filter(expires_at__lt=machine_now() - FORGOTTEN_AFTER).delete()[0]
