"""C1: PostgreSQL is killed with -9 under load. What was confirmed is there; what is unknown is looked up by its id."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connections
from tests.clusters import OwnCluster, connected_to
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound, lost_payments
from tests.usecases_billing.town import ACTOR, Room, Town, set_clock
from typing_extensions import override

from prewatt.cli.postgres.cluster import OWNER, Cluster
from prewatt.cli.supervisor import Kind, Program, Supervisor
from prewatt.kernel import clock
from prewatt.kernel.clock import monotonic_s
from prewatt.kernel.money import Money
from prewatt.payments.models import Payment
from prewatt.usecases._money import balance_of
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import Busy

WRITERS = 3
PAID_BEFORE = 12
KILLED_AFTER = 40
"""Confirmed writes between two kills."""


class Writer(threading.Thread):
    """Pays in one trade after the other, as a channel does: the id first, then again until its outcome is known."""

    def __init__(self, number: int, url: str, *, options: str = "") -> None:
        super().__init__(daemon=True)
        self.number, self.url, self.options = number, url, options
        self.confirmed: list[str] = []
        self.looked_up = 0
        self.ending = threading.Event()

    @override
    def run(self) -> None:
        while not self.ending.is_set():
            trade = f"{self.number}-{len(self.confirmed)}"
            while not self.pay(trade):
                self.looked_up += 1
            self.confirmed.append(trade)

    def pay(self, trade: str) -> bool:
        try:
            with self.connected() as connection:
                connection.execute("insert into trade values (%s) on conflict do nothing", (trade,))
                connection.commit()
        except psycopg.OperationalError:
            return False
        return True

    @contextlib.contextmanager
    def connected(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.url, options=self.options) as connection:
            yield connection


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path_factory.mktemp("supervisor"), None, announce=lambda _text: None)
    yield supervisor
    supervisor.stop()


@pytest.fixture(scope="module")
def served(supervisor: Supervisor, own_clusters: Callable[..., OwnCluster]) -> Iterator[Cluster]:
    """A durable cluster that the supervisor brings back, for all tests of this file."""
    cluster = own_clusters(durable=True).cluster
    program = Program(
        "postgres", cluster.command(), cluster.environment(), account=cluster.account, kind=Kind.DATABASE
    )  # fmt: skip
    supervisor.start(program)
    process = supervisor.process_of("postgres")
    assert process is not None
    cluster.wait_ready(process, timeout_s=30)
    yield cluster
    supervisor.stop()


@pytest.fixture
def cluster(served: Cluster) -> Iterator[Cluster]:
    """The cluster with a table for trades that is new for each test."""
    with psycopg.connect(served.url(OWNER), autocommit=True) as connection:
        connection.execute("create table trade (id text primary key)")
    yield served
    with psycopg.connect(served.url(OWNER), autocommit=True) as connection:
        connection.execute("drop table trade")


def kill_under_load(supervisor: Supervisor, writers: list[Writer], *, confirmed: int = KILLED_AFTER) -> float:
    """Kill the postmaster once enough was confirmed, and return how long until the next confirmed write."""
    goal = sum(len(one.confirmed) for one in writers) + confirmed
    supervisor.run(until=lambda: sum(len(one.confirmed) for one in writers) >= goal)
    pid = supervisor.pid_of("postgres")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    began_s, seen = monotonic_s(), [len(one.confirmed) + 1 for one in writers]  # the one in flight may still be told
    supervisor.run(
        until=lambda: (
            any(len(one.confirmed) > before for one, before in zip(writers, seen, strict=True))
            or monotonic_s() - began_s > 30
        )
    )
    return monotonic_s() - began_s


def run_writers(cluster: Cluster, *, options: str = "") -> list[Writer]:
    writers = [Writer(number, cluster.url(OWNER), options=options) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    return writers


def end_writers(writers: list[Writer]) -> None:
    for writer in writers:
        writer.ending.set()
    for writer in writers:
        writer.join(timeout=20)


def stored(cluster: Cluster) -> list[str]:
    with psycopg.connect(cluster.url(OWNER)) as connection:
        return [str(trade) for (trade,) in connection.execute("select id from trade")]


@pytest.mark.faults("C1")
@pytest.mark.slow
def test_c1_nothing_confirmed_is_lost_and_nothing_is_doubled(
    supervisor: Supervisor, cluster: Cluster, faults: Faults
) -> None:
    writers = run_writers(cluster)
    for _ in range(faults.times(short=2, full=5)):
        assert kill_under_load(supervisor, writers) < 15
        faults.hit()
    end_writers(writers)
    rows = stored(cluster)
    confirmed = [trade for writer in writers for trade in writer.confirmed]
    assert set(confirmed) <= set(rows), "a confirmed write is lost"
    assert len(rows) == len(set(rows))
    assert len(rows) - len(confirmed) <= WRITERS, "only what was in flight may be there unconfirmed"
    assert sum(writer.looked_up for writer in writers) > 0, "no outcome was unknown: the kill hit nothing"


@pytest.fixture
def room(cluster: Cluster, django_db_blocker: Any) -> Iterator[Room]:
    """A room with an account in real books, in the database that is going to be killed."""
    before = clock.estate_clock()
    with connected_to(cluster.url(OWNER), django_db_blocker):
        set_clock("2026-11-20T12:00")
        yield Town.build().add_room()
        clock.install(before)


class Payer(Writer):
    """Takes money at the till; who does not learn the outcome sends the same form again."""

    def __init__(self, number: int, room: Room) -> None:
        super().__init__(number, "")
        self.room = room

    @override
    def pay(self, trade: str) -> bool:
        try:
            take_payment(
                actor=ACTOR, account_id=self.room.account.pk, amount=Money(100, "CNY"), channel="cash", till="T1",
                token=trade,
            )  # fmt: skip
        except (OperationalError, InterfaceError, Busy):
            return False
        finally:
            connections["default"].close()
        return True


@pytest.mark.faults("C1")
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_c1_every_payment_that_was_confirmed_is_one_credit(supervisor: Supervisor, room: Room, faults: Faults) -> None:
    payers: list[Writer] = [Payer(number, room) for number in range(WRITERS)]
    for payer in payers:
        payer.start()
    for _ in range(faults.times(short=1, full=5)):
        assert kill_under_load(supervisor, payers, confirmed=PAID_BEFORE) < 25
        faults.hit()
    end_writers(payers)
    connections["default"].close()  # this thread's own was cut too
    confirmed = [trade for payer in payers for trade in payer.confirmed]
    assert sum(payer.looked_up for payer in payers) > 0, "no outcome was unknown: the kill hit nothing"
    assert lost_payments(confirmed) == set()
    assert Payment.objects.count() == len(confirmed), "each trade was sent again until its outcome was known"
    assert balance_of(account_id=room.account.pk) == Money(100 * len(confirmed), "CNY")
    assert_sound(seals=True)


@pytest.mark.faults("C1", control=True)
@pytest.mark.slow
def test_c1_without_synchronous_commit_confirmed_writes_are_lost(supervisor: Supervisor, cluster: Cluster) -> None:
    url = cluster.url(OWNER)
    set_up(cluster, "alter system set wal_writer_delay = '10s'")
    with psycopg.connect(url, autocommit=True, options="-c synchronous_commit=off") as connection:
        for number in range(KILLED_AFTER):
            connection.execute("insert into trade values (%s)", (f"hasty-{number}",))
        pid = supervisor.pid_of("postgres")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    supervisor.run(until=lambda: supervisor.pid_of("postgres") not in {None, pid} and cluster.is_ready())
    assert len(stored(cluster)) < KILLED_AFTER
    set_up(cluster, "alter system reset wal_writer_delay")


def set_up(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.url("postgres", database="postgres"), autocommit=True) as superuser:
        superuser.execute(statement)
        superuser.execute("select pg_reload_conf()")
