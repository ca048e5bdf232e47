"""A whole site for tests: an imported estate, the simulator behind it, a collector in front; each in its own thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from tests.usecases_estate.sheets import OPENED_AT, estate_sheet, site_row

from prewatt.access.audit import Actor
from prewatt.cli.collector import Wiring, collecting
from prewatt.estate.models import Bus, MeterInstallation, Site, SupplyMode
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import EstateClock, estate_clock
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.simulator.estate import BusSpec, GatewaySpec, MeterSpec, VirtualEstate
from prewatt.simulator.loads import LoadKind
from prewatt.simulator.server import RunningEstate, running
from prewatt.usecases.import_estate import import_estate

T = TypeVar("T")
ACTOR = Actor(process="test")
SECRET = "864213"


def sheet_of(meters: int, *, per_bus: int, baud: int, interval_s: int, apart_wh: int = 0) -> EstateSheet:
    """``apart_wh`` lies between the registers of neighbours, so that no value can pass for another meter's."""
    sheet = estate_sheet(meters, per_bus=per_bus, site=site_row(read_interval_s=interval_s))
    rows = tuple(
        replace(
            row,
            opening_total_wh=1_000_000 + 4 * number * apart_wh,
            opening_rates_wh=(250_000 + number * apart_wh,) * 4,
            password=f"02:{SECRET}",
        )
        for number, row in enumerate(sheet.meters)
    )
    buses = tuple(replace(row, address="127.0.0.1", baud=baud) for row in sheet.buses)
    return replace(sheet, meters=rows, buses=buses)


def virtual_of(sheet: EstateSheet, *, mean_w: int = 800) -> VirtualEstate:
    """The sheet as the simulator knows it; registers begin where the sheet says."""
    gateways = tuple(
        GatewaySpec(
            name=f"{bus.gateway}:{bus.port}",
            buses=(
                BusSpec(
                    name=f"{bus.gateway}:{bus.port}",
                    baud=bus.baud,
                    meters=tuple(
                        MeterSpec(
                            address=row.address,
                            kind=LoadKind.SHOP,
                            mean_w=mean_w,
                            seed=number,
                            password=SECRET,
                            opening_wh=row.opening_rates_wh,
                            reply_delay_ms=20,
                        )
                        for number, row in enumerate(sheet.meters, start=1)
                        if (row.gateway, row.port) == (bus.gateway, bus.port)
                    ),
                ),
            ),
        )
        for bus in sheet.buses
    )
    return VirtualEstate(zone="Asia/Shanghai", first_day=(OPENED_AT + timedelta(hours=8)).date(), gateways=gateways)


class Loop:
    """An event loop in a thread; ``do`` runs a coroutine in it and waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T], timeout_s: float = 30) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


@dataclass
class LiveSite:
    """What a test sees of it. ``sim`` belongs to ``loop``."""

    site: Site
    sheet: EstateSheet
    sim: RunningEstate
    loop: Loop
    folder: Path
    key_file: Path

    @contextmanager
    def collector(self, name: str = "c1", *, lease_s: float = 6.0) -> Iterator[Loop]:
        """A collector in a loop of its own, until the context ends."""
        mine = Loop()
        wiring = Wiring(name=name, folder=self.folder, key_file=self.key_file, lease_s=lease_s)
        context = collecting(wiring)
        mine.do(context.__aenter__())
        try:
            yield mine
        finally:
            mine.do(context.__aexit__(None, None, None))
            mine.close()

    def installation(self, index: int) -> MeterInstallation:
        return MeterInstallation.objects.get(address=self.sheet.meters[index].address)

    def truth(self, index: int) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            return self.sim.truth(self.sheet.meters[index].address)

        return self.loop.do(ask())


@contextmanager
def live_site(
    folder: Path, *, meters: int = 4, per_bus: int = 26, baud: int = 19200, interval_s: int = 900, apart_wh: int = 0
) -> Iterator[LiveSite]:
    """Import an estate, run its meters, and point its buses at them. Supply is live."""
    key_file = folder / "meter.key"
    safe = MeterSafe.open(key_file, create=True)
    sheet = sheet_of(meters, per_bus=per_bus, baud=baud, interval_s=interval_s, apart_wh=apart_wh)
    result = import_estate(actor=ACTOR, sheet=sheet, safe=safe)
    site = Site.objects.get(pk=result.site_id)
    Site.objects.filter(pk=site.pk).update(supply_mode=SupplyMode.LIVE)
    loop = Loop()
    context = running(virtual_of(sheet), clock=_clock(), state_dir=folder / "sim")
    sim = loop.do(context.__aenter__())
    try:
        for bus in Bus.objects.select_related("gateway"):
            bus.port = sim.ports[f"{bus.gateway.code}:{bus.port}"]
            bus.save()
        yield LiveSite(site, sheet, sim, loop, folder, key_file)
    finally:
        loop.do(context.__aexit__(None, None, None))
        loop.close()


def _clock() -> EstateClock:
    return estate_clock()


def until(is_true: Callable[[], object], what: str, *, within_s: float = 10.0) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < end, f"{what}: not within {within_s} s"
        time.sleep(0.1)
