"""What access can refuse.

::

    Refused
    ├── BadLogin          a login cannot be made from this
    ├── BadScope          the scope does not fit below its parent
    ├── Conflict
    │   ├── LoginTaken    the user name, mail or phone belongs to another login
    │   └── KeyReused     the same Idempotency-Key came with another body
    └── NotFound
        ├── UnknownRole
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
