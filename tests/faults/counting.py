"""Virtual buses whose meters never say the same number twice: each reading can be traced to the answer it came from."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.field.virtual_bus import START, Estate, Spoken, VirtualMeter, loop_time, run
from typing_extensions import override

from prewatt.link.messages import BusSweep, Comm, MeterComm, ReadingReported, ReadItem
from prewatt.wire.dlt645.frame import REPLY_BIT, Frame, encode

REGISTERS = frozenset({ReadItem.REGISTERS})
APART_WH = 1_000_000
OLD_S = 4.0
"""An older answer is of another time when it is believed: the latest come 3 s late, after an exchange of their own.

DL/T 645 numbers no questions: what comes while the same meter is asked the same again answers either.
"""

Bend = Callable[[VirtualMeter, Frame, bytes, random.Random], Spoken]


@dataclass
class CountingMeter(VirtualMeter):
    """Counts 10 Wh with each answer and remembers when it said which number."""

    said_at: dict[int, float] = field(default_factory=dict)

    @override
    def answer(self, frame: Frame) -> Frame | None:
        self.total_wh += 10
        self.said_at[self.total_wh] = loop_time()
        return super().answer(frame)


def counting_estate(*, buses: int = 1, meters: int = 8, interval_s: int = 1) -> Estate:
    estate = Estate(buses=buses, meters=meters, items=REGISTERS, interval_s=interval_s)
    for number, bus in enumerate(estate.buses):
        bus.meters = [
            CountingMeter(meter.address, estate.times, total_wh=APART_WH * (1 + place + number * meters))
            for place, meter in enumerate(bus.meters)
        ]
    return estate


def readings(estate: Estate) -> list[ReadingReported]:
    return estate.ear.all(ReadingReported)


def wrong_readings(estate: Estate) -> list[ReadingReported]:
    """Readings at a wrong meter, with a number nobody said, of another time, or counted twice."""
    used: Counter[tuple[int, int]] = Counter()
    found = []
    for one in readings(estate):
        meter = estate.buses[one.installation_id // 100].meters[one.installation_id % 100]
        assert isinstance(meter, CountingMeter)
        said_at = meter.said_at.get(one.total_wh)
        read_at = (one.read_at - START).total_seconds() + 1000.0
        used[one.installation_id, one.total_wh] += 1
        is_its_own = one.rates_wh in {(one.total_wh, 0, 0, 0), ()}
        if said_at is None or not 0 <= read_at - said_at < OLD_S or not is_its_own:
            found.append(one)
    return found + [one for one in readings(estate) if used[one.installation_id, one.total_wh] > 1]


def blamed(estate: Estate) -> set[int]:
    """Installations that were ever called anything but online."""
    return {one.installation_id for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE}


def failed_reads(estate: Estate) -> int:
    return sum(one.reads_failed for one in estate.ear.all(BusSweep))


@dataclass
class Heard:
    """What came of a run under one fault. ``hit_requests`` are the places in ``requests`` that were hit."""

    estate: Estate
    hit_requests: list[int]

    @property
    def hits(self) -> int:
        return len(self.hit_requests)

    @property
    def requests(self) -> list[tuple[float, Frame]]:
        return self.estate.buses[0].requests

    @property
    def longest_gap_s(self) -> float:
        times = [at for at, _ in self.requests]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def asked_elsewhere_first(self) -> list[int]:
        """First hits of a meter after which another meter was asked before the same one again."""
        hit = set(self.hit_requests)
        found = []
        for place in self.hit_requests:
            address = self.requests[place][1].address
            is_repeat = place - 1 in hit and self.requests[place - 1][1].address == address
            follows = self.requests[place + 1][1].address if place + 1 < len(self.requests) else address
            if not is_repeat and follows != address:
                found.append(place)
        return found


def heard_under(bend: Bend | None, *, reads: int, share: float = 0.3, echoes: bool = False, seed: int = 11) -> Heard:
    """Read counting meters under a fault that hits a share of the answers, until so many were asked."""
    hit_requests: list[int] = []

    async def main() -> Heard:
        estate, draw = counting_estate(), random.Random(seed)
        bus = estate.buses[0]
        bus.echoes = echoes
        enough = asyncio.Event()

        def fault(meter: VirtualMeter, frame: Frame, raw: bytes) -> Spoken | None:
            if len(bus.requests) >= reads:
                enough.set()
            if bend is None or draw.random() >= share:
                return None
            hit_requests.append(len(bus.requests) - 1)
            return bend(meter, frame, raw, draw)

        bus.fault = fault
        estate.start()
        await enough.wait()
        await estate.collector.stop()
        return Heard(estate, hit_requests)

    return run(main())


def reply(meter: VirtualMeter, frame: Frame, data: bytes, address: str = "") -> bytes:
    return encode(Frame(address or meter.address, frame.control | REPLY_BIT, data))


def noise(draw: random.Random) -> bytes:
    return bytes(draw.choice([0x68, 0xFE, 0x16, draw.randrange(256)]) for _ in range(draw.randrange(1, 61)))
