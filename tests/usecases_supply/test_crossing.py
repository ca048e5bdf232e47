"""A29: a disconnection and a top-up cross each other; the last decision, by the ledger, wins."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.usecases_supply.crossing import Crossing

EXAMPLES = int(os.environ.get("PREWATT_CROSSINGS", "8"))


@pytest.mark.django_db
@pytest.mark.timeout(1_200)
def test_whatever_crosses_the_end_is_the_ledgers():
    run_state_machine_as_test(
        Crossing,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
