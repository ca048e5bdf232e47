"""The places that wait to be tried on one bus, one after the other."""

from collections import deque
from typing import Protocol

from prewatt.field.dlt645 import Registers
from prewatt.field.exchange import Question, Result
from prewatt.field.gateway import Gateway
from prewatt.field.trial import no_line, try_place
from prewatt.link.messages import TrialOrder
from prewatt.wire.dlt645.timing import wire_us


class BusAsker(Protocol):
    """Puts a question on the bus, commands first, at another pace than the plan's."""

    async def __call__(self, question: Question[Registers], /, *, baud: int | None) -> Result[Registers]:
        """This method will put the question and return what came of it."""


class Trials:
    """The orders of a bus. The first one is under way, or next; what is given back is not told again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._orders: deque[TrialOrder] = deque()

    def add(self, order: TrialOrder) -> None:
        """This method will keep an order until the bus has a turn for it."""
        self._orders.append(order)

    def give_back(self, why: str) -> None:
        """This method will tell of all of them that there is no line."""
        while self._orders:
            self._gateway.report(no_line(self._orders.popleft(), self._gateway.times, why))

    async def serve(self, ask: BusAsker) -> None:
        """This method will try what waits, and tell what was found."""
        while self._orders:
            order = self._orders[0]
            told = await try_place(order=order, voice=_Voice(ask, order.baud), times=self._gateway.times)
            if self._orders and self._orders[0] is order:
                self._orders.popleft()
                self._gateway.report(told)


class _Voice:
    """What a trial speaks through: the bus, at the baud that was typed."""

    def __init__(self, ask: BusAsker, baud: int) -> None:
        self._ask = ask
        self._baud = baud

    async def ask(self, question: Question[Registers], /) -> Result[Registers]:
        return await self._ask(question, baud=self._baud)

    def wire_s(self, characters: int, /) -> float:
        return wire_us(characters=characters, baud=self._baud) / 1_000_000
