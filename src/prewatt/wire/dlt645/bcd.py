"""Packed decimal numbers, low byte first, as DL/T 645 sends them."""

from prewatt.wire.dlt645.errors import BadData, BadRequest

SIGN = 0x80
"""The top bit of the highest byte is the sign of a signed item; its digits then end at 79…9."""

FILLERS = (0xFF, 0xEE)
"""A meter fills an item that it does not have, such as an absent phase, with one of these."""


def from_bcd(data: bytes, *, signed: bool = False) -> int | None:
    """This function will return the number, or None for an item filled as not available.

    Raises BadData when a nibble is no decimal digit: a good checksum does not make it a number.
    """
    if not data:
        raise BadData("An item has no bytes.")
    if data.count(data[0]) == len(data) and data[0] in FILLERS:
        return None
    negative = signed and bool(data[-1] & SIGN)
    digits = data[::-1].hex()
    if negative:
        digits = bytes((data[-1] & ~SIGN, *data[-2::-1])).hex()
    if not digits.isdecimal():
        raise BadData(f"{data.hex(' ')} is not a packed decimal number.")
    return -int(digits) if negative else int(digits)


def to_bcd(value: int | None, *, length: int, signed: bool = False) -> bytes:
    """This function will write the number in ``length`` bytes; None becomes the filler FF.

    Raises BadRequest when it does not fit.
    """
    if value is None:
        return bytes([FILLERS[0]]) * length
    limit = (8 if signed else 10) * 10 ** (2 * length - 1)
    if abs(value) >= limit or (value < 0 and not signed):
        raise BadRequest(f"{value} does not fit into {length} decimal bytes.")
    wire = bytearray(bytes.fromhex(f"{abs(value):0{2 * length}d}")[::-1])
    if value < 0:
        wire[-1] |= SIGN
    return bytes(wire)
