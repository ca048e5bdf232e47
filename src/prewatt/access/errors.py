"""What access can refuse.

::

    Refused
    ├── BadLogin          a login cannot be made from this
    ├── BadScope          the scope does not fit below its parent
    ├── BadSignIn         name and password, or contact and code, do not open a login
    ├── BadCode           the code is not the one that was sent, or not any more
    ├── BadContact        neither a mail address nor a phone, or none that can be reached
    ├── TooManyTries      somebody has tried too often: wait ``facts["wait_s"]`` seconds
    ├── StaleSession      the sign-in is too long ago for this: sign in again
    ├── Conflict
    │   ├── LoginTaken    the user name, mail or phone belongs to another login
    │   └── KeyReused     the same Idempotency-Key came with another body
    └── NotFound
        ├── UnknownRole
        ├── UnknownSession
        └── UnknownToken
"""

from prewatt.kernel.errors import Conflict, NotFound, Refused


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
