"""Call-backs of a provider, over HTTP to real web processes, on a database that keeps what it confirms.

``speed``: 50 call-backs a second arrive, each for another order; measured from the instant at which it was due to its
answer, receipt, review of the supply and commit included. ``limit``: in the same run, beside them, one commit of an
insert of two rows over a connection that is kept. Gate: 99 of 100 within ten times the median commit.

``kill``: call-backs delivered thrice each from 16 clients in random order while web processes are killed at random.
Gate: every payment credited once, none lost, the books sound.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.callbacks_farm import Crowd, Farm, Teller, Told, make_orders
from bench.site import BenchSite, bench_site, percentile
from prewatt.config.environment import environment
from prewatt.testpay.keys import MERCHANT_NO, Keys

GATE: Final = 10.0
CLIENTS: Final = 16
TIMES: Final = 3
_COMMIT_EVERY_S: Final = 0.1
_WARM: Final = 60


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=50, help="call-backs a second")
    options.add_argument("--seconds", type=int, default=40)
    options.add_argument("--payments", type=int, default=10_000, help="of the killing part; 0 leaves it out")
    options.add_argument("--webs", type=int, default=3, help="web processes of the killing part")
    given = options.parse_args(arguments)
    with bench_site() as site:
        bench = Bench(site)
        reached = bench.speed(rate=given.rate, seconds=given.seconds)
        if given.payments:
            reached = bench.kill(payments=given.payments, webs=given.webs) and reached
        return reached


class Bench:
    """A merchant at the test provider, whose orders wait for their money."""

    def __init__(self, site: BenchSite) -> None:
        from prewatt.payments.models import Merchant
        from prewatt.payments.queries.merchants import notify_path

        self.site, self.keys = site, Keys.make(port=8190)
        self.url = environment().database_url
        self.merchant: Merchant = _open_merchant(site, self.keys)
        self.path = notify_path(self.merchant)

    def speed(self, *, rate: int, seconds: int) -> bool:
        """This method will let call-backs arrive at a pace and compare their answers with bare commits."""
        told = self._orders(rate * seconds + _WARM)
        with self._farm(1) as farm:
            self._tell(farm, told[:_WARM], rate=rate)
            reference = Commits(environment().owner_database_url or self.url)
            with reference:
                took = self._tell(farm, told[_WARM:], rate=rate)
        commit_s = statistics.median(reference.took)
        ratio = percentile(took, 0.99) / commit_s
        print(f"call-backs, {len(took)} at {rate} a second to one web process")
        print(
            f"  ms: median {_ms(statistics.median(took))}   p95 {_ms(percentile(took, 0.95))}   "
            f"p99 {_ms(percentile(took, 0.99))}   worst {_ms(max(took))}"
        )
        print(
            f"  one commit of two rows, {len(reference.took)} beside them: median {_ms(commit_s)}   "
            f"p99 {_ms(percentile(reference.took, 0.99))}"
        )
        print(f"  p99 of the median commit: {ratio:.1f}, gate {GATE}")
        return ratio <= GATE and self._is_sound(len(told))

    def kill(self, *, payments: int, webs: int) -> bool:
        """This method will count what is credited while web processes are killed."""
        before = self._credited()
        told = self._orders(payments)
        with self._farm(webs) as farm, farm.being_killed(kills=payments, between_s=(2.0, 8.0)) as killed:
            crowd = Crowd(farm=farm, keys=self.keys, path=self.path, work=told * TIMES)
            tally = crowd.run(clients=CLIENTS)
        credited = self._credited() - before
        print(f"call-backs, {payments} payments {TIMES} times each from {CLIENTS} clients to {webs} web processes")
        print(
            f"  killed {len(killed)} times   answers lost {tally.broken}   refused {tally.refused}   "
            f"sent again {tally.repeated}   credited {credited} of {payments}"
        )
        return credited == payments and bool(killed) and self._is_sound(before + payments)

    def _farm(self, count: int) -> Farm:
        return Farm(
            count=count, database_url=self.url, folder=Path(self.site.folder) / f"webs-{count}",
            key_file=environment().meter_key_file,
        )  # fmt: skip

    def _orders(self, count: int) -> list[Told]:
        from prewatt.tenancy.models import Account

        accounts = list(Account.objects.filter(site=self.site.site_id, payment_mode="prepaid").order_by("pk"))
        return make_orders(merchant=self.merchant, accounts=accounts, count=count)

    def _tell(self, farm: Farm, told: Sequence[Told], *, rate: int) -> list[float]:
        """This method will deliver at a pace, however long the answers take, and return the seconds of each."""
        begin_s, took, lock, places = time.perf_counter() + 0.1, list[float](), threading.Lock(), iter(range(len(told)))

        def client() -> None:
            teller = Teller(self.keys, self.path)
            while True:
                with lock:
                    place = next(places, None)
                if place is None:
                    teller.close()
                    return
                due_s = begin_s + place / rate
                time.sleep(max(due_s - time.perf_counter(), 0.0))
                status, body = teller.tell(farm.webs[0].port, told[place])
                if (status, body) != (200, b"success"):
                    raise RuntimeError(f"a call-back was answered {status} {body!r}")
                with lock:
                    took.append(time.perf_counter() - due_s)

        threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return took

    @staticmethod
    def _credited() -> int:
        from prewatt.payments.models import Payment

        return Payment.objects.filter(channel="testpay", kind="top_up").count()

    def _is_sound(self, credited: int) -> bool:
        from prewatt.payments.models import Unmatched
        from prewatt.usecases.verify_books import verify_books

        found = verify_books(seals=False)
        for one in found[:5]:
            print(f"  not sound: {one}")
        return self._credited() == credited and not Unmatched.objects.exists() and not found


class Commits:
    """Commits two rows, ten times a second, over one connection, until it is told to stop."""

    def __init__(self, url: str) -> None:
        self.took: list[float] = []
        self._url, self._ending = url, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Commits":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_reference (id bigserial PRIMARY KEY, amount bigint)")
            connection.commit()
            while not self._ending.wait(_COMMIT_EVERY_S):
                begin_s = time.perf_counter()
                connection.execute("INSERT INTO bench_reference (amount) VALUES (1), (-1)")
                connection.commit()
                self.took.append(time.perf_counter() - begin_s)


def _open_merchant(site: BenchSite, keys: Keys) -> Any:
    from prewatt.estate.models import Site
    from prewatt.estate.safe import Purpose, SecretSafe
    from prewatt.payments.models import Merchant
    from prewatt.payments.services.merchants import open_merchant, put_key
    from prewatt.usecases.work import unit_of_work

    place = Site.objects.select_related("scope").get(pk=site.site_id)
    known, safe = keys.merchants[MERCHANT_NO], SecretSafe.open(environment().meter_key_file, Purpose.MERCHANTS)
    with unit_of_work(actor=site.actor(), verb="open_merchant"):
        merchant = open_merchant(
            scope=place.scope, site=place, channel="testpay", merchant_no=MERCHANT_NO, app_id=known.app_id,
            name="Test provider", gateway_url="http://127.0.0.1:8190",
        )  # fmt: skip
        put_key(
            merchant=merchant, kind="secret", name="private_key_pem", serial=known.key.serial,
            text=known.key.private_pem, safe=safe,
        )  # fmt: skip
        put_key(merchant=merchant, kind="peer", name="", serial=keys.own.serial, text=keys.own.public_pem, safe=safe)
    return Merchant.objects.get(pk=merchant.pk)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
