"""The first login of a new installation: made once, by whoever reads the terminal on which it was started."""

import secrets
from typing import Final

from django.conf import settings
from django.db import connection

from prewatt.access.audit import Actor
from prewatt.access.errors import BadCode
from prewatt.access.models import User
from prewatt.access.services import create_login, ensure_organisation, ensure_roles, grant
from prewatt.kernel.errors import Conflict
from prewatt.usecases.work import unit_of_work

ADMINISTRATOR: Final = "administrator"


class AlreadyBegun(Conflict):
    """Somebody has made the first login already."""

    code = "already_begun"


def is_to_begin() -> bool:
    """This function will tell whether the first login may be made here: a code was printed, and there is no login."""
    return bool(settings.SETUP_CODE) and not User.objects.exists()


def begin_installation(
    *, actor: Actor, code: str, organisation: str, username: str, name: str, password: str, language: str
) -> User:
    """This function will make the organisation and its first administrator.

    Raises BadCode, AlreadyBegun, BadLogin. Two at once are one after the other: the second finds a login.
    """
    with unit_of_work(actor=actor, verb="begin_installation", subject=("login", username[:60])):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('prewatt.begin_installation', 0))")
        if not is_to_begin():
            raise AlreadyBegun("This installation has its first login already.", hint="Sign in with it.")
        if not secrets.compare_digest(_plain(code).encode(), _plain(settings.SETUP_CODE).encode()):
            raise BadCode("This is not the set-up code.", hint="Read it on the terminal where Prewatt was started.")
        ensure_roles()
        user = create_login(username=username, password=password, name=name, language=language)
        grant(user=user, role_code=ADMINISTRATOR, scope=ensure_organisation(name=organisation))
        return user


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").upper()
