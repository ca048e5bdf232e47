"""A login's second factor as rows: a sealed secret, the last half minute that was used, codes for a lost phone."""

import hashlib
import secrets
from typing import Final

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import BadCode
from prewatt.access.models import RecoveryCode, SecondFactor, User
from prewatt.access.totp import find_counter
from prewatt.kernel.clock import machine_now

RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_CHARS: Final = 16


def find_factor(*, user: User) -> SecondFactor | None:
    """This function will return the second factor that is in force."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False, ended_at=None).first()


def has_factor(*, user: User) -> bool:
    """This function will tell whether the login has a second factor in force."""
    return find_factor(user=user) is not None


def find_draft(*, user: User) -> SecondFactor | None:
    """This function will return the newest factor that was begun and not proven yet."""
    return SecondFactor.objects.filter(user=user, confirmed_at=None, ended_at=None).order_by("-pk").first()


def begin_factor(*, user: User, sealed: bytes) -> SecondFactor:
    """This function will keep a new secret until its owner proves to hold it; a draft from before ends."""
    require_unit_of_work()
    now = machine_now()
    SecondFactor.objects.filter(user=user, confirmed_at=None, ended_at=None).update(ended_at=now)
    return SecondFactor.objects.create(user=user, sealed=sealed, created_at=now)


def confirm_factor(*, row: SecondFactor, secret: bytes, typed: str) -> list[str]:
    """This function will put a draft in force, the one before out of it, and return the new recovery codes, once.

    Raises BadCode.
    """
    require_unit_of_work()
    counter = _require_counter(secret, typed, after=row.last_counter)
    now = machine_now()
    SecondFactor.objects.filter(user=row.user, confirmed_at__isnull=False, ended_at=None).update(ended_at=now)
    row.confirmed_at, row.last_counter = now, counter
    row.save(update_fields=["confirmed_at", "last_counter"])
    RecoveryCode.objects.filter(user=row.user, used_at=None).update(used_at=now)
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_CHARS)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=row.user, code_hash=_hash(code), created_at=now) for code in codes
    )
    return ["-".join(code[place : place + 4] for place in range(0, _CHARS, 4)) for code in codes]


def use_factor(*, row: SecondFactor, secret: bytes, typed: str) -> None:
    """This function will use a code up: of two that come with the same one, one wins. Raises BadCode."""
    require_unit_of_work()
    counter = _require_counter(secret, typed, after=row.last_counter)
    if SecondFactor.objects.filter(pk=row.pk, last_counter__lt=counter).update(last_counter=counter) != 1:
        raise BadCode("The code was used already.", hint="Wait for the next one.")


def use_recovery_code(*, user: User, typed: str) -> int:
    """This function will use a recovery code up, and return how many are left. Raises BadCode."""
    require_unit_of_work()
    rows = RecoveryCode.objects.filter(user=user, used_at=None)
    if rows.filter(code_hash=_hash(typed)).update(used_at=machine_now()) != 1:
        raise BadCode("The code is not right.", hint="Type one of your recovery codes that was not used yet.")
    return rows.count()


def end_factor(*, user: User) -> bool:
    """This function will put a login's second factor out of force, with its recovery codes; tell whether it had one."""
    require_unit_of_work()
    now = machine_now()
    RecoveryCode.objects.filter(user=user, used_at=None).update(used_at=now)
    return SecondFactor.objects.filter(user=user, ended_at=None).update(ended_at=now) > 0


def is_recovery_code(typed: str) -> bool:
    """This function will tell a recovery code from a code of six figures."""
    return len(_plain(typed)) == _CHARS


def _require_counter(secret: bytes, typed: str, *, after: int) -> int:
    figures = "".join(letter for letter in typed if letter.isdigit())
    counter = find_counter(secret=secret, typed=figures, now_s=int(machine_now().timestamp()), after=after)
    if counter is None:
        raise BadCode("The code is not right.", hint="Type the figures that the app shows now; each works once.")
    return counter


def _plain(typed: str) -> str:
    return "".join(letter for letter in typed.lower() if letter.isalnum())


def _hash(typed: str) -> str:
    """This function will hash a recovery code: eighty random bits need no slow hash."""
    return hashlib.sha256(_plain(typed).encode()).hexdigest()
