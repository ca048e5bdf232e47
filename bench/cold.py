"""Cold start: from ``prewatt demo`` in an empty data folder to a page that shows a live reading.

``limit``: initdb, migrate and one Django start, one after the other, in the same run. ``product``: until the room
board, asked as a signed-in visitor would, shows a reading that the collector brought. Gate: at most 4 times the limit.
"""

import argparse
import http.cookiejar
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench.site import PREWATT

GATE = 4.0
PATIENCE_S = 240
_ONLINE = re.compile(r"<b>(\d+)</b>/676")


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8790)
    given = options.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="prewatt-bench-"))
    folder.chmod(0o755)
    try:
        parts = _floor(folder / "floor")
        took = _cold(folder / "demo", given.port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    floor = sum(parts.values())
    print(f"cold start: {took:.1f} s to a page with a live reading")
    print(
        f"  of {' + '.join(f'{name} {value:.1f}' for name, value in parts.items())} s: {took / floor:.2f}, gate {GATE}"
    )
    return took <= GATE * floor


def _floor(folder: Path) -> dict[str, float]:
    environment = _environment(folder)
    parts = {}
    start = time.monotonic()
    subprocess.run([*PREWATT, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    parts["initdb and migrate"] = time.monotonic() - start
    start = time.monotonic()
    subprocess.run([*PREWATT, "manage", "check"], env=environment, check=True, stdout=subprocess.DEVNULL)
    parts["Django"] = time.monotonic() - start
    return parts


def _cold(folder: Path, port: int) -> float:
    command = [*PREWATT, "demo", "--port", str(port)]
    start = time.monotonic()
    process = subprocess.Popen(command, env=_environment(folder), stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        visitor = _Visitor(f"http://127.0.0.1:{port}")
        while not visitor.sees_live_reading():
            if process.poll() is not None or time.monotonic() - start > PATIENCE_S:
                raise RuntimeError(f"no live reading after {time.monotonic() - start:.0f} s")
            time.sleep(0.1)
        return time.monotonic() - start
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


class _Visitor:
    """Somebody who signs in as soon as the page answers and looks at the guard bar."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self._signed_in = False

    def sees_live_reading(self) -> bool:
        try:
            if not self._signed_in:
                self._sign_in()
            found = _ONLINE.search(self._get("/"))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return bool(found and int(found[1]))

    def _sign_in(self) -> None:
        self._get("/sign-in")
        token = next(cookie.value for cookie in self._cookies if "csrf" in cookie.name) or ""
        form = {"username": "admin", "password": "prewatt-demo", "csrfmiddlewaretoken": token}
        request = urllib.request.Request(
            f"{self._origin}/sign-in", urllib.parse.urlencode(form).encode(), {"Referer": self._origin}
        )
        with self._opener.open(request, timeout=10) as answer:
            self._signed_in = not answer.url.endswith("/sign-in")

    def _get(self, path: str) -> str:
        with self._opener.open(f"{self._origin}{path}", timeout=10) as answer:
            return str(answer.read().decode())


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREWATT_")}
    return {**kept, "PREWATT_DATA": str(folder)}


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
