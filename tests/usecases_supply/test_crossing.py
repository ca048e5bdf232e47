"""A29: a disconnection and a top-up cross each other; the last decision, by the ledger, wins."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.fault_rows import Faults
from tests.usecases_supply.crossing import Crossing


@pytest.mark.django_db
@pytest.mark.timeout(1_200)
@pytest.mark.faults("A29")
def test_whatever_crosses_the_end_is_the_ledgers(faults: Faults) -> None:
    examples = faults.times(short=8, full=100)
    run_state_machine_as_test(
        Crossing,
        settings=settings(
            max_examples=examples, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    faults.hit(examples)
