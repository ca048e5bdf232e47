"""A town for each test, and a clock that is put back."""

from collections.abc import Iterator

import pytest
from tests.usecases_billing.town import Town, set_clock

from prewatt.kernel import clock


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    before = clock.estate_clock()
    set_clock("2026-11-20T12:00")
    yield Town.build()
    clock.install(before)
