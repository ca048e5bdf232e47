"""Writes of metering, split by use. All of it needs a unit of work."""

from prewatt.metering.services.readings import insert_readings, mark_readings
from prewatt.metering.services.states import add_day_usage, ensure_meter_states, forget_held_line, write_states

__all__ = [
    "add_day_usage",
    "ensure_meter_states",
    "forget_held_line",
    "insert_readings",
    "mark_readings",
    "write_states",
]
