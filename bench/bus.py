"""Bus efficiency: how much of a sweep the wires are busy, or waiting for a meter that may still think.

``limit``: seconds that the characters take at the bit rate, and the meters' own delays. ``product``: seconds that the
sweeps took. All 676 meters, billing registers (0001FF00), 2400 baud; each reading is stored, rated and accrued by the
same collector meanwhile. Gate: median bus at least 0.95.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.site import BenchSite, Control, bench_site, percentile, wait_until

GATE = 0.95


def main(arguments: Sequence[str] = ()) -> bool:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--baud", type=int, default=2400)
    options.add_argument("--seconds", type=float, default=30.0)
    given = options.parse_args(arguments)
    with bench_site(baud=given.baud) as site, site.simulating() as control, site.collecting("registers"):
        wait_until(lambda: _swept() == len(site.estate.buses()), "every bus was swept", within_s=120)
        time.sleep(2)
        before, stored_before, start = _counters(site, control), _stored(), time.monotonic()
        time.sleep(given.seconds)
        after, elapsed = _counters(site, control), time.monotonic() - start
        time.sleep(1)
        stored = _stored() - stored_before
    replies = sum(after[bus]["replies"] - before[bus]["replies"] for bus in after)
    shares = [_busy_s(after[bus]) - _busy_s(before[bus]) for bus in after]
    shares = [share / elapsed for share in shares]
    median, worst = statistics.median(shares), min(shares)
    print(f"bus efficiency, {len(shares)} buses at {given.baud} baud, {elapsed:.0f} s of sweeps: {replies} answers")
    print(f"  stored, rated and accrued meanwhile: {stored} readings ({stored / max(replies, 1):.3f} of the answers)")
    print(f"  median bus {median:.4f}   worst {worst:.4f}   p10 {percentile(shares, 0.1):.4f}   gate {GATE}")
    return median >= GATE and stored >= 0.95 * replies


def _busy_s(counters: dict[str, Any]) -> float:
    return float(counters["wire_us"] + counters["delay_us"]) / 1e6


def _counters(site: BenchSite, control: Control) -> dict[str, dict[str, Any]]:
    return {bus.name: control.ask("counters", bus=bus.name) for bus in site.estate.buses()}


def _stored() -> int:
    from prewatt.metering.models import Reading

    return Reading.objects.filter(kind=1).count()


def _swept() -> int:
    from prewatt.metering.models import BusState

    return BusState.objects.count()


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
