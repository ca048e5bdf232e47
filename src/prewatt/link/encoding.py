"""Envelopes as lines of JSON, for the spool and for streams between machines."""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from prewatt.link.errors import BadMessage
from prewatt.link.messages import VERSION, Envelope, Upward

_Reader = Callable[[Any], Any]


def encode(envelope: Envelope) -> bytes:
    """This function will write an envelope as one line of JSON, its end of line included."""
    payload = envelope.payload
    head = [envelope.version, envelope.collector, envelope.epoch, envelope.seq, type(payload).__name__]
    values = [_plain(getattr(payload, name)) for name in _NAMES[type(payload).__name__]]
    return json.dumps([*head, values], separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> Envelope:
    """This function will read one line. Raises BadMessage when it is torn, unknown or of another version."""
    try:
        version, collector, epoch, seq, kind, values = json.loads(line)
        if version != VERSION:
            raise BadMessage(f"Version {version} of the field's messages is not spoken here, only {VERSION}.")
        payload = _TYPES[kind](*(reader(value) for reader, value in zip(_READERS[kind], values, strict=True)))
        return Envelope(str(collector), int(epoch), int(seq), payload, version)
    except (ValueError, TypeError, KeyError) as error:
        raise BadMessage(f"{len(line)} bytes are not a message: {error}.") from error


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value


def _reader(hint: Any) -> _Reader:
    if get_origin(hint) in {Union, types.UnionType}:
        inner = _reader(next(one for one in get_args(hint) if one is not type(None)))
        return lambda value: None if value is None else inner(value)
    if hint is datetime:
        return datetime.fromisoformat
    if get_origin(hint) is tuple:
        return tuple
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _unchanged


def _unchanged(value: Any) -> Any:
    return value


_TYPES = {kind.__name__: kind for kind in get_args(Upward)}
_NAMES = {name: tuple(one.name for one in fields(kind)) for name, kind in _TYPES.items()}
_READERS = {name: tuple(_reader(hint) for hint in get_type_hints(kind).values()) for name, kind in _TYPES.items()}
