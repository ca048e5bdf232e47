"""What an error becomes on a screen: one place that maps the error tree to a status, a title and words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.utils.translation import gettext as _

from prewatt.access.matrix import RIGHTS
from prewatt.console.labels import label
from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, PrewattError, Refused
from prewatt.reports.refusals import say


def _right(code: str) -> str:
    return str(RIGHTS[code].label) if code in RIGHTS else code


_NAMES: Final[Mapping[str, Callable[[str], str]]] = {"holds": partial(label, "hold"), "rights": _right}
"""Facts of errors that are codes, and what puts words to them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a person reads it: what failed, what to do, whether money or power was touched, a code to quote."""

    status: int
    title: str
    text: str
    hint: str
    code: str


def explain(error: PrewattError) -> Problem:
    """This function will turn an error into what the screen says, in the reader's language."""
    status, title = _status_and_title(error)
    said = say(error, names=_NAMES)
    return Problem(status, title, said.text, said.hint, error.code)


def sentence(error: PrewattError) -> str:
    """This function will write the error as one line, for a form."""
    problem = explain(error)
    return f"{problem.text} {problem.hint}".strip()


def _status_and_title(error: PrewattError) -> tuple[int, str]:
    match error:
        case NotFound():
            return 404, _("There is nothing here")
        case NotPermitted():
            return 403, _("Your role does not allow this")
        case Conflict():
            return 409, _("The world has moved on")
        case Refused():
            return 422, _("This cannot be done")
        case _:
            return 503, _("This could not be done now")
