"""``prewatt web`` as a process: it is ready, serves hashed files and strict headers, and stops with a stream open."""

import gzip
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from prewatt.cli.web import is_free, next_free_port
from prewatt.kernel.clock import monotonic_s

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def address() -> str:
    told = connection.settings_dict
    return (
        f"postgresql://{told['USER']}:{quote(told['PASSWORD'])}@/{told['NAME']}"
        f"?host={quote(told['HOST'])}&port={told['PORT'] or 5432}"
    )


@pytest.fixture
def port() -> int:
    return next_free_port("127.0.0.1", 18_800 + os.getpid() % 1_000)


@pytest.fixture
def web(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    environment |= {
        "PREWATT_DATABASE_URL": address(),
        "PREWATT_ALLOW_UNSAFE_DATABASE": "true",
        "PREWATT_DATA": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
    }
    log = (tmp_path / "web.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "prewatt.cli.main", "web", "--port", str(port)],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    until_s = monotonic_s() + 60
    while is_free("127.0.0.1", port):
        assert process.poll() is None, (tmp_path / "web.log").read_text()
        assert monotonic_s() < until_s
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()
    log.close()


def get(port: int, path: str, *, method: str = "GET", **asked: str) -> tuple[int, dict[str, str], bytes]:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        asking.request(method, path, headers={name.replace("_", "-"): value for name, value in asked.items()})
        answer = asking.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        asking.close()


@pytest.mark.timeout(150)
def test_web_from_start_to_stop(web: Any, port: int) -> None:
    status, headers, body = get(port, "/readyz")
    assert (status, body) == (200, b'{"ready": true, "problems": []}')
    assert "script-src 'self'" in headers["content-security-policy"]
    status, _, body = get(port, "/sign-in")
    assert status == 200
    hashed = re.search(rb'href="(/static/dist/app\.[0-9a-f]{12}\.css)"', body)
    if (Path(__file__).parents[2] / "src/prewatt/static/dist/app.css").exists():
        assert hashed is not None
        status, headers, _ = get(port, hashed[1].decode())
        assert (status, headers["content-type"]) == (200, "text/css")
        assert headers["cache-control"] == "max-age=31536000, immutable"
        plain = get(port, hashed[1].decode())[2]
        status, headers, packed = get(port, hashed[1].decode(), accept_encoding="gzip")
        assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "accept-encoding")
        assert gzip.decompress(packed) == plain
        assert len(packed) * 4 < len(plain)
        assert int(headers["content-length"]) == len(packed)
        assert get(port, hashed[1].decode(), accept_encoding="gzip", if_none_match=headers["etag"])[0] == 304
        status, headers, nothing = get(port, hashed[1].decode(), method="HEAD")
        assert (status, int(headers["content-length"]), nothing) == (200, len(plain), b"")
    assert "content-encoding" not in get(port, "/sign-in", accept_encoding="gzip")[1], "a page is never packed"
    for outside in ("/static/../secret.key", "/static/..%2fsecret.key", "/static//etc/passwd"):
        assert get(port, outside)[0] == 404
    with socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        began_s = monotonic_s()
        web.terminate()
        assert web.wait(timeout=10) == 0
    assert monotonic_s() - began_s < 5
    assert is_free("127.0.0.1", port)
