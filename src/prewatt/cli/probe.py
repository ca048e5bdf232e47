"""What asks one line for the pages: the trial of an import, on a line that nobody speaks on yet."""

import asyncio

from prewatt.estate.probing import LineFinding, LineWish
from prewatt.field.lines import Connector, TcpConnector
from prewatt.field.times import Times
from prewatt.field.trial import Failed, TrialLine, TrialMeter, try_lines
from prewatt.kernel.clock import estate_clock


def probe_line(wish: LineWish, *, connector: Connector | None = None) -> LineFinding:
    """This function will connect to a line and, when a meter is named, read that one once."""
    meters = (TrialMeter(wish.meter, wish.profile),) if wish.meter else ()

    async def ask() -> list[Failed]:
        return await try_lines(
            lines=[TrialLine(wish.host, wish.port, wish.baud, meters)],
            connector=connector or TcpConnector(),
            times=Times.of(estate_clock()),
        )

    for failed in asyncio.run(ask()):
        return LineFinding(failed.finding, failed.words)
    return LineFinding()
