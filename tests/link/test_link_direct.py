"""Two ends of one process."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from prewatt.link.direct import DownwardEnd, UpwardEnd
from prewatt.link.errors import LinkFull
from prewatt.link.messages import BusComm, Downward, LeaseLost
from prewatt.link.spool import Spool

AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_numbers_only_grow_also_over_a_restart(tmp_path: Path) -> None:
    spool = Spool(path=tmp_path / "up.spool")
    first = UpwardEnd(collector="c", spool=spool, started_at=AT)
    assert first.report(BusComm(1, 2, is_up=True), epoch=3)
    assert first.report(BusComm(1, 2, is_up=False), epoch=3)
    second = UpwardEnd(collector="c", spool=spool, started_at=AT.replace(second=1))
    assert second.report(BusComm(1, 2, is_up=True), epoch=4)
    taken = spool.take(9)
    assert [one.epoch for one in taken] == [3, 3, 4]
    assert taken[0].seq < taken[1].seq < taken[2].seq
    assert second.fill < 0.01
    spool.close()


async def test_what_is_told_in_a_thread_is_heard_in_the_loop() -> None:
    heard: list[Downward] = []
    down = DownwardEnd(loop=asyncio.get_running_loop(), limit=3)
    down.on_message(heard.append)

    def tell() -> None:
        for gateway_id in range(3):
            down.tell(LeaseLost(gateway_id))
        with pytest.raises(LinkFull):
            down.tell(LeaseLost(4))

    thread = Thread(target=tell)
    thread.start()
    thread.join()
    await asyncio.sleep(0)
    assert heard == [LeaseLost(0), LeaseLost(1), LeaseLost(2)]
