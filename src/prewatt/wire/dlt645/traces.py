"""Frames as text for traces and errors, with everything secret blacked out."""

from prewatt.wire.dlt645.frame import Frame, FrameFound, FrameScanner

MASK = "**"

_SECRET: dict[int, tuple[slice, ...]] = {
    0x03: (slice(8, None),),  # identity, keys, MACs and amounts behind identifier and operator
    0x04: (slice(2, 6),),  # DL/T 645-1997 write: the password field
    0x0F: (slice(0, None),),  # DL/T 645-1997 change of password
    0x14: (slice(5, 8),),  # identifier, PA, P0..P2
    0x18: (slice(5, 8), slice(9, 12)),  # identifier, old PA P0..P2, new PA P0..P2
    0x19: (slice(1, 4),),
    0x1A: (slice(1, 4),),
    0x1B: (slice(1, 4),),
    0x1C: (slice(1, 4),),  # PA, P0..P2
}
"""Function -> where passwords and secrets stand in DATA."""

_SEALED_LEVELS = (0x98, 0x99)
_PASSWORD_ITEMS = 0x04000C


def masked(frame: Frame) -> str:
    """This function will print address, control and data of a frame; passwords become ``**``, the checksum is left out.

    (With the checksum one could reckon a masked byte back.)
    """
    cells = [f"{byte:02X}" for byte in frame.data]
    for part in _secret_parts(frame):
        cells[part] = [MASK] * len(cells[part])
    return " ".join((frame.address, f"{frame.control:02X}", *cells))


def masked_bytes(raw: bytes) -> str:
    """This function will print what stands in raw bytes: frames masked, anything else only as a count.

    Bytes that form no frame are never shown: they may be half of one that carries a password.
    """
    scanner = FrameScanner()
    parts = []
    for event in (*scanner.feed(raw), *scanner.flush()):
        if isinstance(event, FrameFound):
            parts.append(masked(event.frame))
        else:
            parts.append(f"[{event.count} bytes, {event.reason}]")
    return " | ".join(parts)


def _secret_parts(frame: Frame) -> tuple[slice, ...]:
    data = frame.data
    if frame.is_reply:
        shows_password = frame.function in {0x11, 0x12} and data[1:4] == _PASSWORD_ITEMS.to_bytes(3, "little")
        if shows_password or frame.function == 0x18:
            return (slice(4 if shows_password else 1, None),)
        return (slice(4, None),) if frame.function == 0x03 else ()
    if frame.function == 0x14 and (data[1:4] == _PASSWORD_ITEMS.to_bytes(3, "little") or data[4:5] in _LEVEL_BYTES):
        return (slice(5, None),)
    if frame.function == 0x1C and data[:1] in _LEVEL_BYTES:
        return (slice(1, None),)
    return _SECRET.get(frame.function, ())


_LEVEL_BYTES = tuple(bytes([level]) for level in _SEALED_LEVELS)
