"""The plan that the field follows, built from the estate and the leases in hand. Passwords are opened here."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import structlog

from prewatt.estate.errors import WrongKey
from prewatt.estate.queries import PlanMeter
from prewatt.estate.secrets import MeterSafe
from prewatt.link.messages import ALL_ITEMS, BusPlan, GatewayPlan, MeterPlan, Password, Plan, ReadItem

NO_RELAY: Final = "none"

_log = structlog.get_logger(__name__)


class Planner:
    """Builds plans. A password that cannot be opened is left out and told once: reading goes on, commands fail."""

    def __init__(self, safe: MeterSafe | None, *, items: frozenset[ReadItem] = ALL_ITEMS) -> None:
        self._safe = safe
        self._items = items
        self._opened: dict[bytes, Password | None] = {}

    def plan(self, *, rows: Sequence[PlanMeter], epochs: Mapping[int, int]) -> Plan:
        """This method will build the plan of the gateways held (gateway -> epoch); rows come by gateway and port."""
        gateways = groupby((row for row in rows if row.gateway_id in epochs), key=lambda row: row.gateway_id)
        return Plan(tuple(self._gateway(list(meters), epochs[gateway_id]) for gateway_id, meters in gateways))

    def _gateway(self, rows: Sequence[PlanMeter], epoch: int) -> GatewayPlan:
        first = rows[0]
        buses = groupby(rows, key=lambda row: row.bus_id)
        return GatewayPlan(
            gateway_id=first.gateway_id,
            host=first.gateway_address,
            epoch=epoch,
            read_interval_s=first.read_interval_s,
            time_zone=first.time_zone,
            buses=tuple(self._bus(list(meters)) for _, meters in buses),
            items=self._items,
        )

    def _bus(self, rows: Sequence[PlanMeter]) -> BusPlan:
        first = rows[0]
        return BusPlan(first.bus_id, first.port, first.baud, first.parity, tuple(self._meter(row) for row in rows))

    def _meter(self, row: PlanMeter) -> MeterPlan:
        return MeterPlan(
            installation_id=row.installation_id,
            address=row.address,
            profile=row.profile,
            password=self._password(row),
            has_relay=row.relay_kind != NO_RELAY,
            since_at=row.since_at,
        )

    def _password(self, row: PlanMeter) -> Password | None:
        sealed = row.password_sealed
        if sealed is None or self._safe is None:
            return None
        if sealed not in self._opened:
            try:
                opened = self._safe.unseal(sealed=sealed, maker=row.maker, serial=row.serial)
                self._opened[sealed] = Password(opened.level, opened.secret)
            except WrongKey as error:
                self._opened[sealed] = None
                _log.warning("no relay commands for this meter", meter=row.serial, why=str(error))
        return self._opened[sealed]
