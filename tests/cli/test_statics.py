"""Static files: packed alike each time, sent packed to who takes it, and nothing outside their folder."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from prewatt.cli.statics import Statics, pack, takes_gzip

CSS = "a{color:red}\n" * 200
HASHED = "dist/app.0123456789ab.css"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    for name in (HASHED, "dist/app.css", "dist/app.0123456789ab.css.map", "dist/logo.0123456789ab.png"):
        (tmp_path / name).write_text(CSS)
    (tmp_path / "dist/tiny.0123456789ab.js").write_text("1")
    (tmp_path / ".gathered").write_text("secret")
    pack(tmp_path)
    return tmp_path


def ask(root: Path, path: str, method: str = "GET", **asked: str) -> tuple[int, dict[str, str], bytes]:
    """What the server would send: the headers as they are, and the file's bytes."""
    said: list[dict[str, Any]] = []

    async def beyond(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": scope["type"].encode()})

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    asyncio.run(Statics(beyond, root)(scope, None, send))
    begin, rest = said
    told = {name.decode(): value.decode() for name, value in begin["headers"]}
    return begin["status"], told, Path(rest["path"]).read_bytes() if "path" in rest else rest["body"]


def test_packing_makes_the_same_bytes_each_time_and_leaves_no_rest(root: Path) -> None:
    packed = {one.relative_to(root).as_posix(): one.read_bytes() for one in root.rglob("*.gz")}
    assert set(packed) == {f"{HASHED}.gz"}, "texts under hashed names, maps and small ones left out"
    assert packed[f"{HASHED}.gz"][4:8] == b"\0\0\0\0", "no time in it"
    pack(root)
    assert (root / f"{HASHED}.gz").read_bytes() == packed[f"{HASHED}.gz"]
    assert not list(root.rglob("*.new"))


def test_who_takes_gzip_gets_it_and_who_does_not_gets_the_text(root: Path) -> None:
    status, headers, body = ask(root, f"/static/{HASHED}", accept_encoding="br, gzip;q=0.5")
    assert (status, headers["content-encoding"], headers["content-type"]) == (200, "gzip", "text/css")
    assert (gzip.decompress(body).decode(), int(headers["content-length"])) == (CSS, len(body))
    status, plain, body = ask(root, f"/static/{HASHED}")
    assert (status, body.decode(), int(plain["content-length"])) == (200, CSS, len(CSS))
    assert "content-encoding" not in plain
    assert plain["vary"] == headers["vary"] == "accept-encoding"
    assert plain["etag"] != headers["etag"]
    assert plain["cache-control"] == headers["cache-control"] == "max-age=31536000, immutable"


def test_what_is_known_already_is_not_sent_again(root: Path) -> None:
    _, headers, _ = ask(root, f"/static/{HASHED}", accept_encoding="gzip")
    status, again, body = ask(
        root, f"/static/{HASHED}", accept_encoding="gzip", if_none_match=f'W/"x", {headers["etag"]}'
    )
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    assert ask(root, f"/static/{HASHED}", if_none_match=headers["etag"])[0] == 200, "that was the packed one"


def test_names_without_a_hash_and_other_kinds_are_sent_as_they_are(root: Path) -> None:
    _, headers, _ = ask(root, "/static/dist/app.css", accept_encoding="gzip")
    assert (headers["cache-control"], "content-encoding" in headers, "vary" in headers) == ("no-cache", False, False)
    assert ask(root, "/static/dist/logo.0123456789ab.png", accept_encoding="gzip")[1]["content-type"] == "image/png"


def test_a_head_has_no_body_and_other_methods_are_refused(root: Path) -> None:
    status, headers, body = ask(root, f"/static/{HASHED}", "HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(CSS)), b"")
    assert ask(root, f"/static/{HASHED}", "POST")[:2] == (405, {"allow": "GET, HEAD", "content-length": "0"})


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", ".gathered", f"{HASHED}.gz", "", "dist", "dist/", "x\0"])
def test_what_was_not_gathered_is_not_there(root: Path, path: str) -> None:
    assert ask(root, f"/static/{path}")[0] == 404


def test_all_else_goes_on_to_the_application(root: Path) -> None:
    for path in ("/", "/static", "/staticfiles/x", "/pay/static/x"):
        assert ask(root, path, accept_encoding="gzip") == (299, {}, b"http")


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True), ("GZip", True), ("gzip, deflate, br", True), ("*", True), ("br;q=1, *;q=0.1", True),
        ("gzip;q=0.001", True), ("", False), ("br", False), ("identity", False), ("gzip;q=0", False),
        ("gzip; q=0.000", False), ("gzip;q=0, *", False), ("*;q=0", False), ("xgzip", False),
    ],
)  # fmt: skip
def test_the_header_is_read_as_it_is_meant(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes
