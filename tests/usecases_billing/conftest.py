"""A town for each test, and a clock that is put back."""

import pytest
from tests.usecases_billing.town import Town, set_clock


@pytest.fixture
def town(db: None) -> Town:
    set_clock("2026-11-20T12:00")
    return Town.build()
