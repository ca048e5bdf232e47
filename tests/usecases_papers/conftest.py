"""A town with a tariff by time of day, and a clock that is put back."""

import pytest
from tests.usecases_billing.town import OPENED, Town, set_clock
from tests.usecases_papers.month import LATE, TOU, begin_late


@pytest.fixture
def estate_clock() -> None:
    set_clock("2026-11-01T08:00")


@pytest.fixture
def town(db: None, estate_clock: None) -> Town:
    return Town.build(tariffs={OPENED: TOU})


@pytest.fixture
def late_town(town: Town) -> Town:
    """A town that keeps books from the last days of November on."""
    begin_late(town)
    set_clock(f"{LATE}T08:00")
    return town
