"""How long bytes take. Integers of microseconds and milliseconds: nothing here measures, it only reckons."""

CHARACTER_BITS = 11
"""One start, eight data, even parity, one stop (DL/T 645-2007, physical layer)."""

BAUDS = (600, 1200, 2400, 4800, 9600, 19200)
"""The bit rates that the standard knows."""

REPLY_DELAY_MIN_MS = 20
REPLY_DELAY_MAX_MS = 500
"""Td: from the last byte of a request to the first byte of its reply (DL/T 645-2007)."""

CHARACTER_GAP_MAX_MS = 500
"""Tb: the longest silence between two bytes of one frame (DL/T 645-2007)."""


def wire_us(*, characters: int, baud: int) -> int:
    """This function will return the microseconds that characters take on the wire, rounded up."""
    return -(-characters * CHARACTER_BITS * 1_000_000 // baud)
