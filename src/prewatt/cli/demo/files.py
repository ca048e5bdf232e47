"""What the demo keeps in its data folder beside the database: how it was made, and the estate for the simulator."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from prewatt.cli.demo.plan import TIME_ZONE, DemoPlan, demo_plan
from prewatt.cli.demo.virtual import PORT_FIRST, virtual_estate
from prewatt.cli.ports import HeldPorts, hold_ports
from prewatt.simulator.estate import VirtualEstate
from prewatt.simulator.meters import VirtualMeter

_BLOCK_STEP = 100


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """How this demo was made; the same facts make the same estate and the same ledger.

    ``speed`` is that of the first start: the tenants who run dry do so minutes apart on the visitor's watch.
    ``in_real_time`` says that its clock began as the machine's and may catch up with it.
    """

    seed: int
    first_day: date
    start_at: datetime
    port_first: int = PORT_FIRST
    speed: int = 1
    in_real_time: bool = True

    @property
    def zone(self) -> ZoneInfo:
        """This property will be the site's time zone."""
        return ZoneInfo(TIME_ZONE)

    def plan(self) -> DemoPlan:
        """This method will draw the estate's plan."""
        return demo_plan(seed=self.seed)

    def estate(self, plan: DemoPlan) -> VirtualEstate:
        """This method will return the virtual estate of the plan."""
        return virtual_estate(plan, first_day=self.first_day, port_first=self.port_first)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """This method will read the facts, or return None where there are none yet."""
        if not path.exists():
            return None
        raw = json.loads(path.read_text())
        return cls(
            seed=raw["seed"],
            first_day=date.fromisoformat(raw["first_day"]),
            start_at=datetime.fromisoformat(raw["start_at"]),
            port_first=raw["port_first"],
            speed=raw.get("speed", 1),
            in_real_time=raw.get("in_real_time", True),
        )

    def save(self, path: Path) -> None:
        """This method will keep the facts, complete or not at all."""
        half = path.with_suffix(".half")
        half.write_text(json.dumps(asdict(self), default=str))
        half.replace(path)


def virtual_meters(plan: DemoPlan, estate: VirtualEstate) -> dict[str, VirtualMeter]:
    """This function will return the virtual meter of each room."""
    specs = {spec.address: spec for bus in estate.buses() for spec in bus.meters}
    return {unit.room: VirtualMeter(spec=specs[unit.address], estate=estate) for unit in plan.units}


def hold_port_block(*, host: str, wanted: int, count: int) -> HeldPorts:
    """This function will hold a block of free ports for the virtual gateways, at ``wanted`` or some hundreds above.

    Raises PortInUse when none is found.
    """
    return hold_ports(host=host, wanted=wanted, count=count, step=_BLOCK_STEP, hint="Stop what listens there.")


def free_port_block(*, host: str, wanted: int, count: int) -> int:
    """This function will return the first port of such a block, which others may take meanwhile."""
    held = hold_port_block(host=host, wanted=wanted, count=count)
    held.close()
    return held.first
