"""One gateway as the field sees it: its lease, the state of its buses, and the envelope of all that it reports."""

import asyncio
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from prewatt.field.times import Times
from prewatt.link.messages import BusComm, Comm, GatewayComm, GatewayPlan, LeasesHeld, Upward

_log = structlog.get_logger(__name__)


class Reporter(Protocol):
    """The way up."""

    def report(self, payload: Upward, *, epoch: int) -> bool:
        """This method will send a fact; False when there was no room for it left."""

    @property
    def fill(self) -> float:
        """This property will be 1 when nothing more can be kept."""


class Lease:
    """Whether we may speak on a gateway, and whether we may command.

    Reading goes on when the database cannot be asked: nobody else can take the gateway then. Commands wait for a
    confirmed lease, because they were decided on balances that may have changed. After our process stood still for
    longer than the lease lasts somebody else may have the gateway: not a byte is said until it is confirmed again.
    """

    def __init__(self, times: Times) -> None:
        self._times = times
        self._loop = asyncio.get_running_loop()
        self._held_until = float("-inf")
        self._lasts_s = 0.0
        self._suspended_at: datetime | None = None

    @property
    def may_speak(self) -> bool:
        """This property will be false after a standstill, until the lease is confirmed."""
        return self._suspended_at is None

    @property
    def may_command(self) -> bool:
        """This property will be true while the lease is known to be ours."""
        return self.may_speak and self._loop.time() < self._held_until

    def confirm(self, held: LeasesHeld) -> None:
        """This method will take the database's word, unless it was asked before the last standstill."""
        if self._suspended_at is not None and held.renewed_at <= self._suspended_at:
            return
        self._suspended_at = None
        self._lasts_s = held.lasts_s
        age_s = (self._times.machine_now() - held.renewed_at).total_seconds()
        self._held_until = self._loop.time() + held.lasts_s - max(age_s, 0.0)

    def stood_still(self, lag_s: float) -> None:
        """This method will fall silent after a standstill as long as the lease."""
        if lag_s >= self._lasts_s:
            self._suspended_at = self._times.machine_now()


class Gateway:
    """What the buses of one gateway share. ``plan`` may be replaced at any time; its buses look it up when needed."""

    def __init__(self, plan: GatewayPlan, *, times: Times, up: Reporter) -> None:
        self.plan = plan
        self.times = times
        self.lease = Lease(times)
        self._up = up
        self._buses: dict[int, str | None] = {}  # bus -> why it is down, None where it is up
        self._bus_told: dict[int, bool] = {}
        self._comm: tuple[Comm, str] | None = None

    @property
    def zone(self) -> ZoneInfo:
        """This property will be the zone of the site, by which its meters keep their clocks."""
        return ZoneInfo(self.plan.time_zone)

    @property
    def fill(self) -> float:
        """This property will be 1 when the way up is full."""
        return self._up.fill

    def report(self, payload: Upward) -> None:
        """This method will send a fact up under the present epoch."""
        self._up.report(payload, epoch=self.plan.epoch)

    def bus_is_up(self, bus_id: int) -> None:
        """This method will record that a bus can be spoken on."""
        self._tell_bus(bus_id, is_up=True)
        self._buses[bus_id] = None
        self._review()

    def bus_is_down(self, bus_id: int, why: str, *, can_send: bool = False) -> None:
        """This method will record why nobody answers on a bus; ``can_send``: the connection stands nevertheless."""
        self._tell_bus(bus_id, is_up=can_send)
        self._buses[bus_id] = why
        self._review()

    def forget_bus(self, bus_id: int) -> None:
        """This method will forget a bus that is no longer in the plan."""
        self._buses.pop(bus_id, None)
        self._bus_told.pop(bus_id, None)
        self._review()

    def _tell_bus(self, bus_id: int, *, is_up: bool) -> None:
        if self._bus_told.get(bus_id) is not is_up:
            self._bus_told[bus_id] = is_up
            self.report(BusComm(self.plan.gateway_id, bus_id, is_up))

    def _review(self) -> None:
        reasons = [why for why in self._buses.values() if why is not None]
        if not self._buses:
            return
        if not reasons:
            comm, note = Comm.ONLINE, ""
        elif len(reasons) < len(self._buses):
            comm, note = Comm.DEGRADED, f"{len(reasons)} of {len(self._buses)} buses: {reasons[0]}"
        else:
            comm, note = Comm.LOST, reasons[0]
        if self._comm is not None and self._comm[0] is comm:
            return
        self._comm = (comm, note)
        self.report(GatewayComm(self.plan.gateway_id, comm, self.times.estate_now(), note[:200]))
        level = _log.info if comm is Comm.ONLINE else _log.warning
        level("gateway", gateway_id=self.plan.gateway_id, host=self.plan.host, comm=comm.value, note=note)
