"""Fixtures of rows about online payment: a town, its merchant, and the test provider inside the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecases_billing.town import Town
from tests.usecases_online.conftest import estate_clock, key_file
from tests.usecases_online.house import PayHouse, make_house, speaking

__all__ = ["estate_clock", "key_file"]


@pytest.fixture
def pay_house(
    db: None, estate_clock: None, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PayHouse]:
    """Everything of the test is rolled back."""
    with speaking(make_house(Town.build(), tmp_path / "testpay"), monkeypatch) as house:
        yield house


@pytest.fixture
def busy_house(
    committed_database: str, estate_clock: None, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PayHouse]:
    """Everything commits, in a database of its own: for threads."""
    with speaking(make_house(Town.build(), tmp_path / "testpay"), monkeypatch) as house:
        yield house
