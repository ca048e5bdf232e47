"""What ``--speed`` changes in the demo, and where it ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from prewatt.cli.demo.command import demo, refuse_too_fast
from prewatt.cli.demo.files import DemoFacts, virtual_meters
from prewatt.cli.demo.money import MINUTES_TO_ZERO, Reckoner, plan_purses
from prewatt.cli.demo.pace import last_call_s, read_interval_s
from prewatt.cli.demo.plan import Fate
from prewatt.cli.errors import UnableToStart
from prewatt.config.environment import environment
from prewatt.simulator.pace import sweep_us

START = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)
FACTS = DemoFacts(seed=1, first_day=START.date() - timedelta(days=45), start_at=START)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PREWATT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("prewatt.cli.embedded.unprivileged_account", lambda: None)
    environment.cache_clear()
    yield tmp_path / "data"
    environment.cache_clear()


def fastest() -> int:
    return 900_000_000 // sweep_us(FACTS.estate(FACTS.plan()))


def test_the_fastest_speed_is_the_one_at_which_a_sweep_fits_into_a_quarter_of_an_estate_hour() -> None:
    limit = fastest()
    assert 30 < limit < 60
    refuse_too_fast(FACTS, limit)
    with pytest.raises(UnableToStart) as refused:
        refuse_too_fast(FACTS, limit + 1)
    assert f"--speed {limit} at most" in (refused.value.hint or "")


def test_what_is_too_fast_leaves_nothing_behind(data: Path) -> None:
    result = CliRunner().invoke(demo, ["--speed", str(fastest() + 1)])
    assert isinstance(result.exception, UnableToStart)
    assert list((data / "state").iterdir()) == []


def test_facts_are_kept_whole_and_older_ones_still_read(tmp_path: Path) -> None:
    kept = DemoFacts(3, FACTS.first_day, START, port_first=17_000, speed=12, in_real_time=False)
    kept.save(tmp_path / "demo.json")
    assert DemoFacts.load(tmp_path / "demo.json") == kept
    (tmp_path / "old.json").write_text(
        f'{{"seed": 1, "first_day": "{FACTS.first_day}", "start_at": "{START.isoformat()}", "port_first": 16450}}'
    )
    assert DemoFacts.load(tmp_path / "old.json") == FACTS


@pytest.mark.parametrize("speed", [1, 4, 44])
def test_at_any_speed_the_show_is_paced_for_the_visitors_watch(speed: int) -> None:
    """All at once would be more than the site disconnects in a minute, and everything would stop."""
    plan = FACTS.plan()
    reckoner = Reckoner(meters=virtual_meters(plan, FACTS.estate(plan)), first_day=FACTS.first_day, zone=FACTS.zone)
    purses = {one.tenant: one for one in plan_purses(plan, reckoner=reckoner, start_at=START, speed=speed)}
    few = [one for one in plan.tenants if one.fate is Fate.MINUTES]
    dry = [
        sum(
            reckoner.cost(one, START + speed * timedelta(minutes=minute, seconds=1)) >= purses[one.code].opening
            for one in few
        )
        for minute in (0, *MINUTES_TO_ZERO)
    ]
    assert all(count <= place for place, count in enumerate(dry))
    assert dry[-1] == len(few)
    assert last_call_s(speed) == 60 * speed
    assert read_interval_s(speed) == min(60 * speed, 900)
