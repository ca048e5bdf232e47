"""A mall for each test, and a clock that is put back."""

from collections.abc import Iterator

import pytest

from prewatt.kernel import clock


@pytest.fixture(autouse=True)
def _put_clock_back() -> Iterator[None]:
    before = clock.estate_clock()
    yield
    clock.install(before)
