"""A program's token is issued on the machine itself, as the first login is. It may have less than its login."""

from collections.abc import Collection
from datetime import timedelta

from prewatt.access import services as access
from prewatt.access.audit import Actor
from prewatt.access.errors import BadToken
from prewatt.access.queries import find_user
from prewatt.estate.models import Site
from prewatt.kernel.clock import machine_now
from prewatt.usecases.work import unit_of_work


def issue_token(
    *,
    actor: Actor,
    username: str,
    role_code: str = "machine",
    organisation: str = "Prewatt",
    permissions: Collection[str] = (),
    site_code: str = "",
    days: int = 0,
    note: str = "",
) -> str:
    """This function will issue a token to a program, whose login is made with the role when it is not there.

    ``permissions`` and ``site_code`` narrow it, 0 ``days`` never end. It is shown once. Raises BadToken, UnknownRole.
    """
    with unit_of_work(actor=actor, verb="issue_token", subject=("login", username), reason=note):
        user = find_user(username=username)
        if user is None:
            access.ensure_roles()
            user = access.create_login(username=username, password="", is_machine=True)
            access.grant(user=user, role_code=role_code, scope=access.ensure_organisation(name=organisation))
        if not user.is_machine:
            raise BadToken("This login is a person's.", hint="Give the program a login of its own.")
        site = Site.objects.select_related("scope").filter(code=site_code).first() if site_code else None
        if site_code and site is None:
            raise BadToken("There is no site of that code.", hint="Look at it in the settings.")
        return access.issue_token(
            user=user, permissions=permissions or None, scope=None if site is None else site.scope, note=note,
            expires_at=machine_now() + timedelta(days=days) if days else None,
        )  # fmt: skip
