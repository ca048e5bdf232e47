"""What access can refuse.

::

    Refused
    ├── BadLogin          a login cannot be made from this
    ├── BadScope          the scope does not fit below its parent
    ├── BadSignIn         name and password, or contact and code, do not open a login
    ├── BadCode           the code is not the one that was sent, or not any more
    ├── BadContact        neither a mail address nor a phone, or none that can be reached
    ├── TooManyTries      somebody has tried too often: wait ``facts["wait_s"]`` seconds
    ├── BadLink           a link that sets a password does not work any more
    ├── BadRole           a role cannot be made, changed or given like this
    ├── BadToken          a token cannot have what its login lacks
    ├── StaleSession      the sign-in is too long ago for this: sign in again
    ├── Conflict
    │   ├── LoginTaken    the user name, mail or phone belongs to another login
    │   ├── KeyReused     the same Idempotency-Key came with another body
    │   ├── RoleChanged   somebody else changed the role since it was shown
    │   ├── RoleInUse     people hold the role
    │   └── LastAdministrator  the organisation would have nobody left who gives rights
    ├── NotPermitted
    │   └── RoleTooGreat  it would give or take what the editor does not hold
    └── NotFound
        ├── UnknownLogin
        ├── UnknownRole
        ├── UnknownSession
        └── UnknownToken
"""

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, Refused


class BadLogin(Refused):
    """A login cannot be made from what was given."""

    code = "bad_login"


class LoginTaken(Conflict):
    """The user name, mail address or phone belongs to another login."""

    code = "login_taken"


class KeyReused(Conflict):
    """The same idempotency key came with another body."""

    code = "key_reused"


class UnknownRole(NotFound):
    """There is no role of that code."""

    code = "unknown_role"


class UnknownToken(NotFound):
    """There is no such token in force."""

    code = "unknown_token"


class BadScope(Refused):
    """The scope does not fit below its parent."""

    code = "bad_scope"


class BadSignIn(Refused):
    """Name and password do not open a login; which of them is wrong is not said."""

    code = "bad_sign_in"


class BadCode(Refused):
    """The code is not the one that was sent, was used, or has expired."""

    code = "bad_code"


class BadContact(Refused):
    """Neither a mail address nor a phone number, or one that cannot be reached."""

    code = "bad_contact"


class TooManyTries(Refused):
    """It was tried too often; ``facts["wait_s"]`` says for how many seconds to wait."""

    code = "too_many_tries"


class StaleSession(Refused):
    """The sign-in is too long ago for something that would lock its owner out."""

    code = "stale_session"


class UnknownSession(NotFound):
    """The login has no such session."""

    code = "unknown_session"


class BadLink(Refused):
    """The link was used, has run out, was replaced, or never was."""

    code = "bad_link"


class BadRole(Refused):
    """A role cannot be made, changed or given like this."""

    code = "bad_role"


class RoleChanged(Conflict):
    """Somebody else has changed the role since it was shown."""

    code = "role_changed"


class RoleInUse(Conflict):
    """People hold the role."""

    code = "role_in_use"


class LastAdministrator(Conflict):
    """Nobody would be left who can give rights in the organisation."""

    code = "last_administrator"


class RoleTooGreat(NotPermitted):
    """It would give or take rights that the editor does not hold."""

    code = "role_too_great"


class UnknownLogin(NotFound):
    """There is no such login, or none that this caller may see."""

    code = "unknown_login"


class BadToken(Refused):
    """A token cannot have what its login lacks."""

    code = "bad_token"
