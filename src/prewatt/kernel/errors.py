"""The root of the error tree. Every room draws its own branch below it, in its ``errors.py``.

::

    PrewattError
    ├── Refused            the caller asked for something the rules forbid: tell the person, change nothing
    │   ├── NotFound       there is no such thing, or not for this caller
    │   ├── Conflict       the world moved on, or the same key came with other content
    │   └── NotPermitted   the login lacks the permission, or the scope
    └── Unable             the house could not do what it should: alarm, retry or a case; nothing is lost
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override


class PrewattError(Exception):
    """Something could not be done. ``code`` is stable, ``message`` says what, ``hint`` says what to do.

    Message and hint may name facts as ``%(amount)s``: whoever shows the error to a person can then translate
    ``template`` and ``hint_template``, and typeset the facts.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        self.template = message
        self.hint_template = hint
        self.facts = facts
        self.message = fill(message, facts)
        self.hint = fill(hint, facts)
        super().__init__(self.message)

    @override
    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def fill(template: str, facts: Mapping[str, object]) -> str:
    """This function will put facts into a sentence that names some, as ``%(amount)s``; any other stays as it is."""
    if "%(" not in template:
        return template
    return template % {name: ", ".join(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}


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
