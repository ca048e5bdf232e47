"""One question to a line that is in no book yet. The process that serves pages is given what can ask it."""

from collections.abc import Callable
from dataclasses import dataclass

from prewatt.kernel.errors import Unable


@dataclass(frozen=True, slots=True)
class LineWish:
    """A line as somebody typed it, and the address of a meter on it, or nothing: then it is only connected to."""

    host: str
    port: int
    baud: int
    meter: str = ""
    profile: str = "dlt645-2007"


@dataclass(frozen=True, slots=True)
class LineFinding:
    """What the field said: nothing when it answered as typed, else a code of ``link.Finding`` and its words."""

    code: str = ""
    words: str = ""


class NoProbe(Unable):
    """This process cannot ask the field."""

    code = "no_probe"


_installed: list[Callable[[LineWish], LineFinding]] = []


def install(probe: Callable[[LineWish], LineFinding]) -> None:
    """This function will make the process one that can ask a line; only the start of a role calls it."""
    _installed[:] = [probe]


def ask_line(wish: LineWish) -> LineFinding:
    """This function will ask the line. Raises NoProbe in a process that cannot."""
    if not _installed:
        raise NoProbe("This process cannot reach the field.", hint="Start Prewatt with `prewatt up` or `prewatt web`.")
    return _installed[0](wish)
