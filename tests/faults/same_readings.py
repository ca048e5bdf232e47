"""Run in a process of its own: records the readings of a site that other processes record too, in an order of its own.

Arguments: site id, readings a meter, seed. Begins when a line comes in; prints what became of its readings as JSON.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta

from prewatt.access.audit import Actor
from prewatt.estate.models import MeterInstallation
from prewatt.kernel import clock
from prewatt.metering.values import ReadingIn
from prewatt.usecases.record_readings import record_readings

PROGRAM = "import django; django.setup(); from tests.faults.same_readings import main; main()"
BATCH = 100
STEP_WH = 700
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(days=60)


def main() -> None:
    site_id, each, seed = (int(word) for word in sys.argv[1:])
    clock.install(clock.EstateClock(clock.machine_now(), NOW))
    meters = sorted(MeterInstallation.objects.filter(metering_point__site=site_id).values_list("pk", flat=True))
    readings = [
        ReadingIn(installation_id=meter, kind=1, read_at=BEGIN + timedelta(hours=hour), total_wh=hour * STEP_WH)
        for hour in range(1, each + 1)
        for meter in meters
    ]
    batches = [readings[at : at + BATCH] for at in range(0, len(readings), BATCH)]
    random.Random(seed).shuffle(batches)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    counts = {"inserted": 0, "repeated": 0, "held": 0}
    for batch in batches:
        result = record_readings(actor=Actor(process=f"p{seed}"), site_id=site_id, readings=batch)
        for name in counts:
            counts[name] += getattr(result, name)
    sys.stdout.write(json.dumps(counts) + "\n")
