from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.usecases_billing.town import Room, Town, set_clock
from tests.usecases_online.house import PayHouse, make_house, speaking

from prewatt.estate.secrets import MeterSafe
from prewatt.usecases import _providers


@pytest.fixture
def estate_clock() -> None:
    set_clock("2026-11-20T12:00")


@pytest.fixture
def key_file(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "meter.key"
    MeterSafe.open(path, create=True)
    settings.METER_KEY_FILE = path
    _providers._safe_at.cache_clear()
    return path


@pytest.fixture
def town(db: None, estate_clock: None) -> Town:
    return Town.build()


@pytest.fixture
def room(town: Town) -> Room:
    return town.add_room()


@pytest.fixture
def house(town: Town, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PayHouse]:
    with speaking(make_house(town, tmp_path / "testpay"), monkeypatch) as house:
        yield house
