"""Static files: packed once when they are gathered, sent packed to who takes it. Pages are never packed.

A page holds secrets beside what a stranger can put into it, and its packed length would tell of them (BREACH); scripts
and styles hold none.
"""

import gzip
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROUTE: Final = "/static/"
PACKED: Final = ".gz"
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_TEXTS: Final = frozenset(_TYPES) - {".map"}  # maps are megabytes that only a developer's browser asks for
_HASHED: Final = re.compile(r"\.[0-9a-f]{12}\.\w+$")
_A_YEAR: Final = "max-age=31536000, immutable"
_ASKED_EACH_TIME: Final = "no-cache"
_BYTES_MIN: Final = 1_000
"""Less fits into one packet anyhow."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    size: int
    etag: bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    cache: str
    plain: _File
    packed: _File | None


def pack(root: Path) -> None:
    """This function will write ``name.gz`` beside each text under a hashed name, the same bytes for the same text."""
    for path in sorted(root.rglob("*")):
        if path.suffix not in _TEXTS or not _HASHED.search(path.name) or path.stat().st_size < _BYTES_MIN:
            continue
        made = path.with_name(f"{path.name}.new")
        made.write_bytes(gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))
        made.replace(path.with_name(path.name + PACKED))


def takes_gzip(header: str) -> bool:
    """This function will say whether an Accept-Encoding header takes gzip: by its name, else by ``*``; q=0 is a no."""
    told: dict[str, bool] = {}
    for one in header.lower().split(","):
        name, _, more = one.partition(";")
        told[name.strip()] = not re.fullmatch(r"q=0(\.0{0,3})?", more.replace(" ", ""))
    return told.get("gzip", told.get("*", False))


class Statics:
    """Answers for the gathered files before the application; whatever else is asked goes on to it unchanged.

    What is not in the folder when the process starts is not there. The server itself sends the files.
    """

    def __init__(self, application: Any, root: Path) -> None:
        self._application = application
        self._entries = {
            f"{ROUTE}{path.relative_to(root).as_posix()}": _entry(path)
            for path in root.rglob("*")
            if path.is_file() and path.suffix != PACKED and not path.name.startswith(".")
        }

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """This method will answer one request over ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith(ROUTE):
            await self._application(scope, receive, send)
            return
        status, headers, path = self._answer(scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if path:
            await send({"type": "http.response.pathsend", "path": path})
        else:
            await send({"type": "http.response.body", "body": b""})

    def _answer(self, scope: Mapping[str, Any]) -> tuple[int, Headers, str]:
        """This method will return status, headers, and the file to send, if any."""
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")], ""
        entry = self._entries.get(scope["path"])
        if entry is None:
            return 404, [(b"content-length", b"0")], ""
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        packed = entry.packed if takes_gzip(asked.get(b"accept-encoding", "")) else None
        file = packed or entry.plain
        headers = [(b"etag", file.etag), (b"cache-control", entry.cache.encode())]
        if entry.packed:
            headers.append((b"vary", b"accept-encoding"))
        if file.etag.decode() in asked.get(b"if-none-match", ""):
            return 304, headers, ""
        headers += [(b"content-type", entry.kind.encode()), (b"content-length", str(file.size).encode())]
        if packed:
            headers.append((b"content-encoding", b"gzip"))
        return 200, headers, "" if scope["method"] == "HEAD" else file.path


def _entry(path: Path) -> _Entry:
    packed = path.with_name(path.name + PACKED)
    return _Entry(
        kind=_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        cache=_A_YEAR if _HASHED.search(path.name) else _ASKED_EACH_TIME,
        plain=_file(path),
        packed=_file(packed) if packed.is_file() else None,
    )


def _file(path: Path) -> _File:
    told = path.stat()
    return _File(str(path), told.st_size, f'"{told.st_mtime_ns:x}-{told.st_size:x}"'.encode())
