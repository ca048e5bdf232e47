"""Real web processes that may be killed, and clients that tell them of payments as the test provider does."""

import contextlib
import http.client
import json
import os
import queue
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from prewatt.cli.web import is_free, next_free_port
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.ids import uuid7
from prewatt.testpay import signing
from prewatt.testpay.keys import Keys

PREWATT: Final = (sys.executable, "-m", "prewatt.cli.main")
AMOUNT: Final = 5_000
READY_WITHIN_S: Final = 120.0
_PAUSE_S: Final = 0.02
_OUT: Final = (OSError, http.client.HTTPException)
NO_ANSWER: Final = (0, b"")


class Web:
    """One ``prewatt web``."""

    def __init__(self, port: int, variables: Mapping[str, str], log: Path) -> None:
        self.port, self._variables, self._log = port, variables, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """This method will start the process; ``wait`` says when it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*PREWATT, "web", "--port", str(self.port)], env=dict(self._variables), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def wait(self) -> None:
        """This method will wait until the process answers."""
        end_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end_s:
            asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.suppress(*_OUT), contextlib.closing(asking):
                asking.request("GET", "/healthz")
                if asking.getresponse().status == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the web process on {self.port} does not answer: {self._log.read_text()[-2000:]}")

    def kill(self) -> None:
        """This method will kill the process, as the machine's lack of memory does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class Farm:
    """Several web processes behind each other's back, some of them dead."""

    def __init__(self, *, count: int, database_url: str, folder: Path, key_file: Path) -> None:
        variables = {
            **os.environ, "PREWATT_DATABASE_URL": database_url, "PREWATT_DATA": str(folder),
            "PREWATT_KEY_FILE": str(key_file), "PREWATT_SECRET_KEY": "farm" * 12,
            "PREWATT_ALLOW_UNSAFE_DATABASE": "true", "PREWATT_LOG_LEVEL": "ERROR",
            "PYTHONPATH": os.pathsep.join(str(Path(__file__).parents[1] / part) for part in ("src", ".")),
        }  # fmt: skip
        for name in ("PREWATT_OWNER_DATABASE_URL", "PREWATT_CLOCK", "PREWATT_PROCESS", "PREWATT_PORT"):
            variables.pop(name, None)
        folder.mkdir(parents=True, exist_ok=True)
        ports, port = list[int](), 18_000 + os.getpid() % 2_000
        while len(ports) < count:
            port = next_free_port("127.0.0.1", port + 1)
            ports.append(port)
        self.webs = [Web(port, variables, folder / f"web-{port}.log") for port in ports]

    def __enter__(self) -> Self:
        self.webs[0].start()
        self.webs[0].wait()  # it gathers the static files; the others find them there
        for web in self.webs[1:]:
            web.start()
        for web in self.webs[1:]:
            web.wait()
        return self

    def __exit__(self, *_: object) -> None:
        for web in self.webs:
            web.kill()

    @contextlib.contextmanager
    def being_killed(self, *, kills: int, between_s: tuple[float, float], seed: int = 1) -> Iterator[list[int]]:
        """Kill one process after the other at random moments; each begins again at once. Yields the ports killed."""
        draw, ending, killed = random.Random(seed), threading.Event(), list[int]()

        def kill() -> None:
            while len(killed) < kills and not ending.wait(draw.uniform(*between_s)):
                web = draw.choice(self.webs)
                web.kill()
                killed.append(web.port)
                while not ending.is_set() and not is_free("127.0.0.1", web.port):
                    ending.wait(0.05)
                web.start()
                web.wait()

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        try:
            yield killed
        finally:
            ending.set()
            killer.join(READY_WITHIN_S)


@dataclass(frozen=True, slots=True)
class Told:
    """A payment that the provider tells of."""

    order_no: str
    trade_no: str
    merchant_no: str
    app_id: str

    def body(self) -> bytes:
        """This method will write the call-back."""
        order = {
            "order_no": self.order_no, "trade_no": self.trade_no, "merchant_no": self.merchant_no,
            "app_id": self.app_id, "amount": AMOUNT, "currency": "CNY", "state": "paid",
            "paid_at": int(machine_now().timestamp()), "payer": "te***er", "refunded": 0,
        }  # fmt: skip
        return json.dumps({"event_id": f"ev-{self.trade_no}", "kind": "trade", "order": order}).encode()


@dataclass(slots=True)
class Teller:
    """Signs call-backs with the provider's key and brings them to the merchant's address; one for each client."""

    keys: Keys
    path: str
    _kept: dict[int, http.client.HTTPConnection] = field(default_factory=dict)

    def tell(self, port: int, told: Told) -> tuple[int, bytes]:
        """This method will deliver one call-back, over a connection that this client keeps."""
        body = told.body()
        stamp, nonce = str(int(machine_now().timestamp())), secrets.token_hex(16)
        data = signing.message("callback", self.keys.own.serial, stamp, nonce, body=body)
        headers = {
            "Content-Type": "application/json", "testpay-key": self.keys.own.serial, "testpay-time": stamp,
            "testpay-nonce": nonce, "testpay-signature": signing.sign(self.keys.own.private, data),
        }  # fmt: skip
        asking = self._kept.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=20))
        try:
            asking.request("POST", self.path, body=body, headers=headers)
            answer = asking.getresponse()
            return answer.status, answer.read()
        except _OUT:
            self._kept.pop(port).close()
            return NO_ANSWER

    def close(self) -> None:
        """This method will end all connections."""
        for asking in self._kept.values():
            asking.close()


@dataclass(slots=True)
class Tally:
    """What the clients saw."""

    delivered: int = 0
    repeated: int = 0
    broken: int = 0
    refused: dict[int, int] = field(default_factory=dict)


def make_orders(*, merchant: Any, accounts: Sequence[Any], count: int) -> list[Told]:
    """Write orders that wait for their money, without asking a provider. Imports models: after Django is there."""
    from prewatt.payments.models import Order, OrderState

    now = machine_now()
    orders = [
        Order(
            order_no=uuid7().hex, account=accounts[number % len(accounts)], site_id=accounts[0].site_id,
            merchant=merchant, way="page", amount=AMOUNT, currency="CNY", subject="Electricity", language="en",
            token=f"farm-{number}-{uuid7().hex}", state=OrderState.PENDING, created_at=estate_now(), asked_at=now,
            expires_at=now + timedelta(hours=12), next_query_at=now + timedelta(hours=12),
        )
        for number in range(count)
    ]  # fmt: skip
    Order.objects.bulk_create(orders, batch_size=1_000)
    return [
        Told(one.order_no, f"TF{place}-{one.order_no[-12:]}", merchant.merchant_no, merchant.app_id)
        for place, one in enumerate(orders)
    ]


class Crowd:
    """Clients that deliver call-backs in random order; what is not answered with success comes again."""

    def __init__(self, *, farm: Farm, keys: Keys, path: str, work: Sequence[Told], seed: int = 1) -> None:
        self.tally = Tally()
        self._farm, self._keys, self._path, self._seed, self._count = farm, keys, path, seed, len(work)
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Told] = queue.SimpleQueue()
        for told in random.Random(seed).sample(list(work), len(work)):
            self._waiting.put(told)

    def run(self, *, clients: int) -> Tally:
        """This method will deliver everything, and say what the clients saw."""
        threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.tally

    def _client(self, number: int) -> None:
        draw, teller = random.Random(self._seed * 1_000 + number), Teller(self._keys, self._path)
        with contextlib.closing(teller):
            while self.tally.delivered < self._count:
                with contextlib.suppress(queue.Empty):
                    told = self._waiting.get(timeout=_PAUSE_S)
                    if not self._is_success(*teller.tell(draw.choice(self._farm.webs).port, told)):
                        self._waiting.put(told)
                        time.sleep(_PAUSE_S)

    def _is_success(self, status: int, body: bytes) -> bool:
        with self._lock:
            if (status, body) == (200, b"success"):
                self.tally.delivered += 1
                return True
            self.tally.repeated += 1
            self.tally.broken += not status
            if status:
                self.tally.refused[status] = self.tally.refused.get(status, 0) + 1
            return False
