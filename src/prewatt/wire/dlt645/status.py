"""Status words: what a meter says about itself (04000501..07)."""

from dataclasses import dataclass
from enum import IntEnum

from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.identifiers import STATUS_WORD_3, decode_value

RELAY_OPEN = 1 << 4
COMMANDED_OPEN = 1 << 6
PRE_TRIP_ALARM = 1 << 7
KEEP_POWER = 1 << 12

_PHASE = (
    "voltage_loss",
    "under_voltage",
    "over_voltage",
    "current_loss",
    "over_current",
    "overload",
    "flow_reversed",
    "phase_failure",
    "current_break",
)

FLAGS: dict[int, dict[int, str]] = {
    1: {
        1: "demand_by_block",
        2: "clock_battery_low",
        3: "backup_battery_low",
        4: "active_reversed",
        5: "reactive_reversed",
        8: "control_circuit_error",
        9: "security_module_error",
        12: "programming_error",
        13: "memory_error",
        14: "overdraft",
        15: "clock_fault",
    },
    2: {
        0: "active_a_reversed",
        1: "active_b_reversed",
        2: "active_c_reversed",
        4: "reactive_a_reversed",
        5: "reactive_b_reversed",
        6: "reactive_c_reversed",
    },
    3: {
        0: "second_table_set",
        3: "programming_allowed",
        4: "relay_open",
        6: "commanded_open",
        7: "pre_trip_alarm",
        12: "keep_power",
        13: "authenticated",
    },
    4: dict(enumerate(_PHASE)),
    5: dict(enumerate(_PHASE)),
    6: dict(enumerate(_PHASE)),
    7: {
        0: "voltage_sequence_reversed",
        1: "current_sequence_reversed",
        2: "voltage_unbalance",
        3: "current_unbalance",
        4: "auxiliary_supply_lost",
        5: "power_down",
        6: "demand_exceeded",
        7: "power_factor_low",
        8: "severe_current_unbalance",
        9: "cover_open",
        10: "terminal_cover_open",
    },
}
"""Bit -> name, per word. Bits 6 and up of word 3 and the late ones of 1 and 7 are from filings: not on every meter."""


class Supply(IntEnum):
    """What feeds the meter (word 3, bits 1 and 2)."""

    MAINS = 0
    AUXILIARY = 1
    BATTERY = 2
    RESERVED = 3


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """Status word 3. ``is_open`` is the relay as it is, ``is_commanded_open`` as it was told to be."""

    word: int

    @property
    def is_open(self) -> bool:
        """This property will be true when the relay is open: no power behind the meter."""
        return bool(self.word & RELAY_OPEN)

    @property
    def is_commanded_open(self) -> bool:
        """This property will be true when the last command was to open; meters of the base standard leave it 0."""
        return bool(self.word & COMMANDED_OPEN)

    @property
    def has_pre_trip_alarm(self) -> bool:
        """This property will be true while the meter warns that it will trip."""
        return bool(self.word & PRE_TRIP_ALARM)

    @property
    def keeps_power(self) -> bool:
        """This property will be true when the meter refuses to trip because power must stay."""
        return bool(self.word & KEEP_POWER)

    @property
    def supply(self) -> Supply:
        """This property will say what feeds the meter."""
        return Supply(self.word >> 1 & 0b11)


def relay_status(data: bytes) -> RelayStatus:
    """This function will read status word 3 (04000503). Raises BadData when it is not two bytes."""
    return RelayStatus(decode_value(di=STATUS_WORD_3, data=data))


def flags(*, number: int, word: int) -> frozenset[str]:
    """This function will name the bits that are set in status word 1…7."""
    if number not in FLAGS:
        raise BadData(f"There is no status word {number}.")
    return frozenset(name for bit, name in FLAGS[number].items() if word >> bit & 1)
