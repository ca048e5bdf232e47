"""Public ids: UUID version 7 (RFC 9562), made by us before anything is sent or stored."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """This function will return a new id whose first 48 bits are the machine time in ms."""
    ms = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = ms << 80 | 0x7 << 76 | (tail >> 68 & 0xFFF) << 64 | 0b10 << 62 | tail & (1 << 62) - 1
    return UUID(int=value)
