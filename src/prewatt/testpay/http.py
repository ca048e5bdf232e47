"""A question and its answer over HTTP, without the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BODY_BYTES_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """What came in: header names in lower case, ``path`` without its query."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def target(self) -> str:
        """This property will hold the path with its query, as it is signed."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out, once the call-back ``after`` has been tried, where there is one."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    after: str = ""


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """This function will answer with JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, {"content-type": "application/json", "cache-control": "no-store", **(headers or {})}, body)
