"""Data identifiers and how their values are written: length, factor to our integer base unit, sign.

An identifier is an integer, 0x00010000 for what the standard prints as 00010000. Values become integers of the unit
named by the item: 0.01 kWh become 10 Wh, 0.1 V become 100 mV, 0.0001 kW become 100 mW. Nothing is rounded.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from prewatt.wire.dlt645.bcd import from_bcd, to_bcd
from prewatt.wire.dlt645.errors import BadData, BadRequest, UnknownIdentifier

FORWARD_ENERGY = 0x00010000
FORWARD_ENERGY_BLOCK = 0x0001FF00
COMBINED_ENERGY = 0x00000000
VOLTAGE_A = 0x02010100
VOLTAGE_BLOCK = 0x0201FF00
CURRENT_A = 0x02020100
CURRENT_BLOCK = 0x0202FF00
POWER = 0x02030000
POWER_BLOCK = 0x0203FF00
POWER_FACTOR = 0x02060000
FREQUENCY = 0x02800002
DATE = 0x04000101
TIME = 0x04000102
CLOCK = 0x0400010C
ADDRESS = 0x04000401
METER_NUMBER = 0x04000402
STATUS_WORD_3 = 0x04000503
STATUS_WORDS = 0x040005FF
TRIP_DELAY = 0x04001401
TRIP_COUNT = 0x1D000001
CLOSE_COUNT = 0x1E000001


def energy_of_rate(rate: int) -> int:
    """This function will return the identifier of forward active energy in one rate (1…63), 0 for the total."""
    return FORWARD_ENERGY | rate << 8


def daily_freeze_time(days_back: int) -> int:
    """This function will return the identifier of a daily freeze's instant; 1 is the last freeze."""
    return 0x05060000 | days_back


def daily_freeze_energy(days_back: int) -> int:
    """This function will return the identifier of forward active energy (total, rates) at a daily freeze."""
    return 0x05060100 | days_back


def identifier_text(di: int) -> str:
    """This function will print an identifier as the standard does."""
    return f"{di:08X}"


class Unit(StrEnum):
    """Base units of decoded values."""

    WH = "Wh"
    VARH = "varh"
    MILLIVOLT = "mV"
    MILLIAMPERE = "mA"
    MILLIWATT = "mW"
    MILLIVAR = "mvar"
    MILLIVOLTAMPERE = "mVA"
    PERMILLE = "1/1000"
    MILLIDEGREE = "m°"
    MILLIHERTZ = "mHz"
    MILLICELSIUS = "m°C"
    SECOND = "s"
    MINOR = "1/100 currency"
    MICRO_PRICE = "1e-6 currency"
    COUNT = "1"
    WORD = "bits"


@dataclass(frozen=True, slots=True)
class Item:
    """How one identifier's data are written. A block holds up to ``count_max`` values of ``length`` bytes."""

    unit: Unit
    length: int
    factor: int = 1
    signed: bool = False
    count_max: int = 1

    @property
    def is_word(self) -> bool:
        """This property will be true for bits, which are not decimal digits."""
        return self.unit is Unit.WORD


@dataclass(frozen=True, slots=True)
class _Family:
    """Identifiers that differ only in one or two bytes: rate, phase, settlement, freeze or record number."""

    mask: int
    base: int
    item: Item
    one_from: int = 0  # allowed values of the byte DI1 …
    one_to: int = 0
    block: int = 0  # … and how many values DI1 = FF brings

    def find(self, di: int) -> Item | None:
        if di & self.mask != self.base:
            return None
        one = di >> 8 & 0xFF
        if self.mask & 0xFF00 or self.one_from <= one <= self.one_to:
            return self.item
        if self.block and one == 0xFF:
            return Item(self.item.unit, self.item.length, self.item.factor, self.item.signed, self.block)
        return None


_WH = Item(Unit.WH, 4, 10)
_MW = Item(Unit.MILLIWATT, 3, 100, signed=True)
_MONEY = Item(Unit.MINOR, 4)
_PRICE = Item(Unit.MICRO_PRICE, 4, 100)
_SETTLEMENTS = 0x0C

_FAMILIES = (
    *(
        _Family(
            0xFFFF0000 | (0xF0),
            kind << 16,
            Item(Unit.WH if kind < 3 else Unit.VARH, 4, 10, signed=kind in {0, 3, 4}),
            one_to=0x3F,
            block=64,
        )
        for kind in range(9)
    ),
    _Family(0xFFFF00FF, 0x02010000, Item(Unit.MILLIVOLT, 2, 100), one_from=1, one_to=3, block=3),
    _Family(0xFFFF00FF, 0x02020000, Item(Unit.MILLIAMPERE, 3, signed=True), one_from=1, one_to=3, block=3),
    _Family(0xFFFF00FF, 0x02030000, _MW, one_to=3, block=4),
    _Family(0xFFFF00FF, 0x02040000, Item(Unit.MILLIVAR, 3, 100, signed=True), one_to=3, block=4),
    _Family(0xFFFF00FF, 0x02050000, Item(Unit.MILLIVOLTAMPERE, 3, 100), one_to=3, block=4),
    _Family(0xFFFF00FF, 0x02060000, Item(Unit.PERMILLE, 2, signed=True), one_to=3, block=4),
    _Family(0xFFFF00FF, 0x02070000, Item(Unit.MILLIDEGREE, 2, 100), one_from=1, one_to=3, block=3),
    _Family(0xFFFFFF00, 0x03330200, Item(Unit.COUNT, 2)),
    *(_Family(0xFFFFFF00, 0x03330000 | part << 8, _MONEY) for part in (3, 4, 5, 6)),
    _Family(0xFFFFFF00, 0x04050100, _PRICE),
    _Family(0xFFFFFF00, 0x04050200, _PRICE),
    *(
        _Family(0xFFFFFF00, 0x05000000 | kind << 16 | 0x100, Item(Unit.WH, 4, 10, count_max=64))
        for kind in (0, 1, 2, 3, 6)
    ),
)

_SINGLE = {
    0x02800001: Item(Unit.MILLIAMPERE, 3),
    0x02800002: Item(Unit.MILLIHERTZ, 2, 10),
    0x02800003: _MW,
    0x02800004: _MW,
    0x02800005: Item(Unit.MILLIVAR, 3, 100, signed=True),
    0x02800006: Item(Unit.MILLIVOLTAMPERE, 3, 100),
    0x02800007: Item(Unit.MILLICELSIUS, 2, 100, signed=True),
    0x02800008: Item(Unit.MILLIVOLT, 2, 10),
    0x02800009: Item(Unit.MILLIVOLT, 2, 10),
    0x0280000A: Item(Unit.SECOND, 4, 60),
    0x0280000B: _PRICE,
    0x02800020: _PRICE,
    0x00900100: _WH,
    0x00900101: _WH,
    0x00900200: _MONEY,
    0x00900201: _MONEY,
    0x03110000: Item(Unit.COUNT, 3),
    0x03300000: Item(Unit.COUNT, 3),
    0x03300D00: Item(Unit.COUNT, 3),
    0x04000103: Item(Unit.SECOND, 1, 60),
    0x04000104: Item(Unit.SECOND, 1, 60),
    0x04000201: Item(Unit.COUNT, 1),
    0x04000202: Item(Unit.COUNT, 1),
    0x04000203: Item(Unit.COUNT, 1),
    0x04000204: Item(Unit.COUNT, 1),
    0x04000205: Item(Unit.COUNT, 2),
    0x04000306: Item(Unit.COUNT, 3),
    0x04000307: Item(Unit.COUNT, 3),
    0x04000401: Item(Unit.COUNT, 6),
    0x04000402: Item(Unit.COUNT, 6),
    0x04000409: Item(Unit.COUNT, 3),
    0x0400040A: Item(Unit.COUNT, 3),
    **{0x04000500 | number: Item(Unit.WORD, 2) for number in range(1, 8)},
    STATUS_WORDS: Item(Unit.WORD, 2, count_max=7),
    **{0x04000700 | port: Item(Unit.WORD, 1) for port in range(1, 6)},
    0x04000E01: Item(Unit.MILLIWATT, 3, 100),
    0x04000E02: Item(Unit.MILLIWATT, 3, 100),
    0x04000E03: Item(Unit.MILLIVOLT, 2, 100),
    0x04000E04: Item(Unit.MILLIVOLT, 2, 100),
    **{0x04001000 | number: _MONEY for number in range(1, 6)},
    TRIP_DELAY: Item(Unit.SECOND, 2, 60),
    TRIP_COUNT: Item(Unit.COUNT, 3),
    CLOSE_COUNT: Item(Unit.COUNT, 3),
}


@cache
def find_item(di: int) -> Item | None:
    """This function will return how an identifier's data are written, or None when it is not in the table."""
    if di in _SINGLE:
        return _SINGLE[di]
    if di >> 24 == 0 and di & 0xFF > _SETTLEMENTS:
        return None
    return next((item for family in _FAMILIES if (item := family.find(di)) is not None), None)


def get_item(di: int) -> Item:
    """This function will return how an identifier's data are written. Raises UnknownIdentifier."""
    item = find_item(di)
    if item is None:
        raise UnknownIdentifier(f"Identifier {identifier_text(di)} is not in the table.")
    return item


def decode_values(*, di: int, data: bytes) -> tuple[int | None, ...]:
    """This function will read the values behind an identifier, in the item's base unit; None = not available.

    Raises BadData when the length is wrong or a nibble is no digit, UnknownIdentifier for what is not in the table.
    """
    item = get_item(di)
    count, rest = divmod(len(data), item.length)
    if rest or not 1 <= count <= item.count_max:
        raise BadData(f"{identifier_text(di)} came with {len(data)} bytes, its values have {item.length}.")
    return tuple(_value(item, data[at : at + item.length]) for at in range(0, len(data), item.length))


def decode_value(*, di: int, data: bytes) -> int:
    """This function will read the one value behind an identifier. Raises BadData also where it is not available."""
    values = decode_values(di=di, data=data)
    if len(values) != 1 or values[0] is None:
        raise BadData(f"{identifier_text(di)} brought {len(values)} values, one is wanted, and it must be there.")
    return values[0]


def encode_values(*, di: int, values: tuple[int | None, ...]) -> bytes:
    """This function will write values as a meter does. Raises BadRequest when one has digits that the item lacks."""
    item = get_item(di)
    if len(values) > item.count_max:
        raise BadRequest(f"{identifier_text(di)} holds {item.count_max} values, not {len(values)}.")
    return b"".join(_written(di, item, value) for value in values)


def _value(item: Item, data: bytes) -> int | None:
    if item.is_word:
        return int.from_bytes(data, "little")
    digits = from_bcd(data, signed=item.signed)
    return None if digits is None else digits * item.factor


def _written(di: int, item: Item, value: int | None) -> bytes:
    if item.is_word and value is not None:
        return value.to_bytes(item.length, "little")
    digits, rest = divmod(value or 0, item.factor)
    if rest:
        raise BadRequest(f"{value} {item.unit} has more digits than {identifier_text(di)} can hold.")
    return to_bcd(None if value is None else digits, length=item.length, signed=item.signed)
