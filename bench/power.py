"""Payment to power: a counter top-up is accepted, and the relay is proven closed, while sweeps run on every bus.

``floor``: half a read in flight, the command with its answer, and the status read, at the bus's bit rate and the
meter's own delay. ``product``: from the moment that the top-up's transaction has committed to the moment that the
relay's row says "on". Gate: 95 of 100 within twice the floor.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence

from django.db import connection

from bench.site import BenchSite, bench_site, percentile, wait_until
from prewatt.kernel.money import Money
from prewatt.simulator.estate import BusSpec, MeterSpec
from prewatt.wire.dlt645.timing import wire_us

GATE = 2.0
READ = 20 + 40
COMMAND = 32 + 16
STATUS = 20 + 22


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--baud", type=int, default=2400)
    options.add_argument("--payments", type=int, default=60)
    given = options.parse_args(arguments)
    with bench_site(baud=given.baud) as site, site.simulating(), site.collecting("registers", "relay"):
        wait_until(lambda: _count("on") == len(_rooms(site)), "every relay is proven on", within_s=120)
        chosen = _choose(site, given.payments)
        _hold(chosen)
        points = [point_id for _, point_id, _ in chosen]
        wait_until(lambda: _count("off", points) == len(chosen), "the chosen relays are proven off", within_s=120)
        measured = [(_pay(account_id, point_id), floor_s) for account_id, point_id, floor_s in chosen]
        return _tell(measured, given.baud, len(_names(site)))


def _tell(measured: Sequence[tuple[float, float]], baud: int, buses: int) -> bool:
    ratios = [took_s / floor_s for took_s, floor_s in measured]
    took = [one for one, _ in measured]
    print(f"payment to power, {len(measured)} top-ups at {baud} baud while {buses} buses sweep")
    print(f"  seconds: median {statistics.median(took):.3f}   p95 {percentile(took, 0.95):.3f}   worst {max(took):.3f}")
    print(
        f"  of the floor: median {statistics.median(ratios):.2f}   p95 {percentile(ratios, 0.95):.2f}   "
        f"worst {max(ratios):.2f}   gate {GATE}"
    )
    for stage, seconds in _stages():
        print(f"  {stage}: median {statistics.median(seconds):.3f}   p95 {percentile(seconds, 0.95):.3f}")
    return percentile(ratios, 0.95) <= GATE


def _names(site: BenchSite) -> list[BusSpec]:
    return list(site.estate.buses())


def _rooms(site: BenchSite) -> list[MeterSpec]:
    return [meter for bus in _names(site) for meter in bus.meters]


def _floor_s(bus: BusSpec, meter: MeterSpec) -> float:
    own_s = meter.delay_ms / 1000
    other_s = statistics.mean(one.delay_ms for one in bus.meters) / 1000

    def wire_s(characters: int) -> float:
        return wire_us(characters=characters, baud=bus.baud) / 1e6

    return (wire_s(READ) + other_s) / 2 + wire_s(COMMAND) + own_s + wire_s(STATUS) + own_s


def _count(reported: str, points: Sequence[int] | None = None) -> int:
    from prewatt.supply.models import Relay

    found = Relay.objects.filter(reported=reported)
    return (found if points is None else found.filter(pk__in=points)).count()


def _choose(site: BenchSite, count: int) -> list[tuple[int, int, float]]:
    """Accounts with one room, spread over the buses: (account, point, floor)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.address, t.account_id, t.metering_point_id FROM tenancy_tenancy t
                 JOIN estate_meterinstallation i ON i.metering_point_id = t.metering_point_id
                 JOIN tenancy_account a ON a.id = t.account_id AND a.payment_mode = 'prepaid'
                WHERE upper_inf(t.period)
                  AND (SELECT count(*) FROM tenancy_tenancy o WHERE o.account_id = t.account_id) = 1"""
        )
        found = {address: (account_id, point_id) for address, account_id, point_id in cursor.fetchall()}
    lines = [
        [(*found[meter.address], _floor_s(bus, meter)) for meter in bus.meters if meter.address in found]
        for bus in _names(site)
    ]
    turns = max(len(line) for line in lines)
    spread = [line[turn] for turn in range(turns) for line in lines if turn < len(line)]
    return spread[:count]


def _hold(chosen: Sequence[tuple[int, int, float]]) -> None:
    """Give the money back and place the credit holds that running out would have placed; the product does the rest."""
    from prewatt.supply.effects import Effect
    from prewatt.supply.services import apply_desired, place_hold
    from prewatt.usecases.clear_to_zero import clear_to_zero
    from prewatt.usecases.work import unit_of_work

    for account_id, point_id, _ in chosen:
        clear_to_zero(actor=BenchSite.actor(), account_id=account_id, reason="bench", token=f"bench-zero-{account_id}")
        with unit_of_work(actor=BenchSite.actor(), verb="bench_hold") as work:
            place_hold(
                point_id=point_id,
                reason="credit",
                effect=Effect.OFF,
                source_key=f"account:{account_id}",
                note="bench",
                now=work.now,
            )
            apply_desired(point_ids=[point_id], now=work.now)


def _stages() -> list[tuple[str, list[float]]]:
    """Where the time went, by the commands' own times; the status read and the commit are in the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT sent_at - queued_at, acknowledged_at - sent_at, ended_at - acknowledged_at FROM supply_command
                WHERE wanted = 'on' AND state = 'verified' AND acknowledged_at IS NOT NULL"""
        )
        rows = cursor.fetchall()
    names = ("queued to handed out", "handed out to accepted", "accepted to proven")
    return [(name, [row[place].total_seconds() for row in rows]) for place, name in enumerate(names)]


def _pay(account_id: int, point_id: int) -> float:
    from prewatt.usecases.take_payment import take_payment

    take_payment(
        actor=BenchSite.actor(),
        account_id=account_id,
        amount=Money(10_000, "CNY"),
        channel="cash",
        till="T1",
        token=f"bench-{account_id}",
    )
    accepted = time.monotonic()
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT reported FROM supply_relay WHERE metering_point_id = %s", [point_id])
            if cursor.fetchone()[0] == "on":
                return time.monotonic() - accepted
            if time.monotonic() - accepted > 30:
                raise RuntimeError(f"the relay of point {point_id} is not on 30 s after the payment")
            time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
