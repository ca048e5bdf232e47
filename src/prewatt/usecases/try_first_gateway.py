"""The first gateway is asked before it is written down."""

from prewatt.access.audit import Actor
from prewatt.estate.models import Bus
from prewatt.estate.probing import LineFinding, LineWish, ask_line
from prewatt.kernel.errors import Conflict, NotPermitted
from prewatt.usecases.see_first_run import SUBJECT, Step, organisation_of
from prewatt.usecases.work import unit_of_work


class LineKnown(Conflict):
    """The line is in the books: the collector speaks on it, and nobody else may."""

    code = "line_known"


def try_gateway(*, actor: Actor, wish: LineWish) -> LineFinding:
    """This function will connect to a line and read a meter on it when one is named; what it found is on record.

    Raises LineKnown, NoProbe, NotPermitted.
    """
    if actor.user is None:
        raise NotPermitted("A gateway is tried by a named login.")
    scope = organisation_of(user=actor.user)
    if Bus.objects.filter(gateway__address=wish.host, port=wish.port).exists():
        raise LineKnown("This line is in the books already.", hint="The communication map shows how it answers.")
    with unit_of_work(
        actor=actor, verb="try_gateway", scope=scope, subject=(SUBJECT, Step.GATEWAY), reason=f"{wish.host}:{wish.port}"
    ):
        pass  # on record before the question goes out; no transaction is held open while the field answers
    return ask_line(wish)
