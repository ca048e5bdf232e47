"""What an error becomes on a tenant's screen: one place that maps the error tree to a status, a title and words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, PrewattError, Refused
from prewatt.reports.refusals import say


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a tenant reads it: what failed, what to do, a code to quote at the desk."""

    status: int
    title: str
    text: str
    hint: str
    code: str


def explain(error: PrewattError) -> Problem:
    """This function will turn an error into what the screen says, in the reader's language."""
    status, title = _status_and_title(error)
    said = say(error)
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
            return 403, _("You may not do this")
        case Conflict():
            return 409, _("Something has changed meanwhile")
        case Refused():
            return 422, _("This cannot be done")
        case _:
            return 503, _("This could not be done now")
