"""TCP ports that a start has chosen, held until the role that needs them begins.

Between the choice and the role lie database and migrations; a start beside ours would choose the same.
"""

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prewatt.cli.errors import PortInUse

_TRIES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class HeldPorts:
    """Neighbouring ports that nobody else can take, from ``first`` on."""

    first: int
    sockets: Sequence[socket.socket]

    def close(self) -> None:
        """This method will let the ports go, for whoever comes next."""
        for one in self.sockets:
            one.close()


def hold_ports(*, host: str, wanted: int, hint: str, count: int = 1, step: int = 1) -> HeldPorts:
    """This function will hold ``count`` free ports in a row, from ``wanted`` on or some steps above.

    Raises PortInUse with the hint when none is found.
    """
    for first in range(wanted, min(wanted + _TRIES_MAX * step, 65_537 - count), step):
        with contextlib.ExitStack() as stack:
            try:
                sockets = [stack.enter_context(_listening(host, first + offset)) for offset in range(count)]
            except OSError:
                continue
            stack.pop_all()
            return HeldPorts(first, sockets)
    raise PortInUse(f"No {count} free {'port' if count == 1 else 'ports in a row'} from {wanted} on {host}.", hint=hint)


def _listening(host: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
        one.listen()
    except OSError:
        one.close()
        raise
    return one
