"""The root of the error tree. Every room draws its own branch below it, in its ``errors.py``.

::

    PrewattError
    ├── Refused            the caller asked for something the rules forbid: tell the person, change nothing
    │   ├── NotFound       there is no such thing, or not for this caller
    │   ├── Conflict       the world moved on, or the same key came with other content
    │   └── NotPermitted   the login lacks the permission, or the scope
    └── Unable             the house could not do what it should: alarm, retry or a case; nothing is lost
"""

from typing import ClassVar

from typing_extensions import override


class PrewattError(Exception):
    """Something could not be done. ``code`` is stable, ``message`` says what, ``hint`` says what to do."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.facts = facts

    @override
    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Refused(PrewattError):
    """The caller's wish breaks a rule; nothing was changed."""

    code = "refused"


class NotFound(Refused):
    """No such thing, or none that this caller may see."""

    code = "not_found"


class Conflict(Refused):
    """The same key came with other content, or the state has moved on."""

    code = "conflict"


class NotPermitted(Refused):
    """The login lacks the permission, or the scope."""

    code = "not_permitted"


class Unable(PrewattError):
    """The house could not do what it should; nothing is lost."""

    code = "unable"
