"""The collector: follows the plan, one task a bus, and hands orders to the bus of their meter."""

import asyncio
import random

import structlog

from prewatt.field.bus import Bus, report_unplanned
from prewatt.field.gateway import Gateway, Reporter
from prewatt.field.lines import Connector
from prewatt.field.schedule import pause_s
from prewatt.field.times import Times
from prewatt.field.trial import try_place_alone
from prewatt.field.watch import LoopWatch
from prewatt.link.messages import (
    CommandOrder,
    Downward,
    FieldFault,
    FieldRejected,
    GatewayPlan,
    LeaseLost,
    LeasesHeld,
    Plan,
    TrialOrder,
)

STOP_WITHIN_S = 3.0

_log = structlog.get_logger(__name__)


class _Site:
    """A gateway with its running buses."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.buses: dict[int, Bus] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.installations: dict[int, int] = {}


class Collector:
    """Runs buses by the plan. ``hear`` takes every message from the core, in the event loop; nothing in it waits."""

    def __init__(self, *, up: Reporter, times: Times, connector: Connector, draw: random.Random) -> None:
        self._up = up
        self._times = times
        self._connector = connector
        self._draw = draw
        self._watch = LoopWatch(on_blocked=self._stood_still)
        self._sites: dict[int, _Site] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._trials: dict[int, asyncio.Task[None]] = {}  # by bus, where none of the plan's meters hangs

    def hear(self, message: Downward) -> None:
        """This method will do what the core says."""
        match message:
            case Plan(gateways=gateways):
                self._follow(gateways)
            case CommandOrder():
                self._order(message)
            case TrialOrder():
                self._try(message)
            case LeasesHeld(epochs=epochs):
                for gateway_id, site in self._sites.items():
                    if epochs.get(gateway_id) == site.gateway.plan.epoch:
                        site.gateway.lease.confirm(message)
            case LeaseLost(gateway_id=gateway_id):
                self._drop(gateway_id)

    async def stop(self) -> None:
        """This method will end all buses after the exchange in flight; commands that were said get two seconds."""
        for gateway_id in list(self._sites):
            self._drop(gateway_id)
        self._watch.stop()
        for trial in self._trials.values():
            trial.cancel()
        await asyncio.gather(*self._trials.values(), return_exceptions=True)
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def bus_count(self) -> int:
        """This property will be the number of buses that are running."""
        return sum(len(site.buses) for site in self._sites.values())

    def _follow(self, gateways: tuple[GatewayPlan, ...]) -> None:
        wanted = {plan.gateway_id: plan for plan in gateways}
        for gateway_id in [one for one in self._sites if one not in wanted]:
            self._drop(gateway_id)
        for gateway_id, plan in wanted.items():
            site = self._sites.get(gateway_id)
            if site is not None and site.gateway.plan.host != plan.host:
                self._drop(gateway_id)
                site = None
            if site is None:
                site = self._sites[gateway_id] = _Site(Gateway(plan, times=self._times, up=self._up))
            before, site.gateway.plan = site.gateway.plan, plan
            self._follow_buses(site)
            if before.read_interval_s != plan.read_interval_s:
                for bus in site.buses.values():
                    bus.reschedule()

    def _follow_buses(self, site: _Site) -> None:
        wanted = {plan.bus_id: plan for plan in site.gateway.plan.buses}
        before: dict[int, asyncio.Task[None]] = {}
        for bus_id, bus in list(site.buses.items()):
            plan = wanted.get(bus_id)
            if plan is None or (plan.port, plan.baud) != (bus.plan.port, bus.plan.baud):
                before[bus_id] = self._end(site, bus_id)
                site.gateway.forget_bus(bus_id)
            elif plan != bus.plan:
                bus.update(plan)
        for bus_id, plan in wanted.items():
            if bus_id not in site.buses:
                bus = Bus(
                    plan=plan,
                    gateway=site.gateway,
                    connector=self._connector,
                    watch=self._watch,
                    draw=random.Random(self._draw.random()),  # noqa: S311 - spreads attempts, keeps no secret
                )
                site.buses[bus_id] = bus
                site.tasks[bus_id] = asyncio.create_task(
                    self._keep_running(bus, before.get(bus_id) or self._trials.get(bus_id)), name=f"bus {bus_id}"
                )
        site.installations = {meter.installation_id: plan.bus_id for plan in wanted.values() for meter in plan.meters}

    async def _keep_running(self, bus: Bus, before: asyncio.Task[None] | None) -> None:
        """This method will run a bus, and again after a fault of ours: one bus must never stop the others.

        ``before`` is the task that spoke on the same line until now: two at once would collide.
        """
        if before is not None:
            await asyncio.wait([before])
        attempt = 0
        while True:
            try:
                await bus.run()
            except Exception:  # noqa: BLE001 - the last resort of a bus: told, and tried again
                attempt += 1
                _log.exception("bus failed", bus_id=bus.plan.bus_id, attempt=attempt)
                await asyncio.sleep(pause_s(attempt=attempt, draw=self._draw.random()))
            else:
                return

    def _order(self, order: CommandOrder) -> None:
        site = self._sites.get(order.gateway_id)
        if site is None or order.epoch != site.gateway.plan.epoch:
            _log.warning("order for a gateway that is not ours", command_id=order.command_id)
            return
        bus_id = site.installations.get(order.installation_id)
        if bus_id is None:
            report_unplanned(site.gateway, order)
        else:
            site.buses[bus_id].order(order)

    def _try(self, order: TrialOrder) -> None:
        """This method will try a place between the exchanges of its bus, or alone on a line that has no bus yet."""
        site = self._sites.get(order.gateway_id)
        if site is not None and order.epoch != site.gateway.plan.epoch:
            _log.warning("trial for a gateway that is not ours", trial_id=order.trial_id)
        elif site is not None and order.bus_id in site.buses:
            site.buses[order.bus_id].order_trial(order)
        else:
            before = self._trials.get(order.bus_id)
            task = asyncio.create_task(self._try_alone(order, before), name=f"trial on bus {order.bus_id}")
            self._trials[order.bus_id] = task

    async def _try_alone(self, order: TrialOrder, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        told = await try_place_alone(order=order, connector=self._connector, times=self._times, watch=self._watch)
        self._up.report(told, epoch=order.epoch)

    def _drop(self, gateway_id: int) -> None:
        site = self._sites.pop(gateway_id, None)
        if site is not None:
            for bus_id in list(site.buses):
                _ = self._end(site, bus_id)

    def _end(self, site: _Site, bus_id: int) -> asyncio.Task[None]:
        site.buses.pop(bus_id).stop()
        task = site.tasks.pop(bus_id)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    def _stood_still(self, lag_s: float) -> None:
        _log.warning("the event loop stood still", seconds=round(lag_s, 1))
        for site in self._sites.values():
            site.gateway.lease.stood_still(lag_s)
        for site in list(self._sites.values())[:1]:
            plan, now = site.gateway.plan, self._times.estate_now()
            site.gateway.report(FieldRejected(plan.gateway_id, FieldFault.LOOP_BLOCKED, now, round(lag_s)))
