from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from prewatt.cli.clocks import read_beat, resume_clock, write_beat
from prewatt.kernel.clock import EstateClock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_the_first_start_begins_where_it_is_told(tmp_path: Path) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    clock = resume_clock(tmp_path / "clock.json", speed=12, machine_at=NOW, first_at=first)
    assert clock.estate_at(NOW + timedelta(seconds=10)) == first + timedelta(minutes=2)


def test_at_real_time_it_catches_up_with_the_machine(tmp_path: Path) -> None:
    kept = tmp_path / "clock.json"
    write_beat(kept, clock=EstateClock.real_time(), machine_at=NOW)
    later = NOW + timedelta(days=1)
    clock = resume_clock(kept, speed=1, machine_at=later, first_at=NOW - timedelta(hours=3), in_real_time=True)
    assert clock.estate_at(later) == later


def test_one_that_began_in_another_time_goes_on_where_it_was(tmp_path: Path) -> None:
    kept, first = tmp_path / "clock.json", datetime(2026, 3, 1, tzinfo=UTC)
    write_beat(kept, clock=EstateClock(NOW, first), machine_at=NOW)
    later = NOW + timedelta(days=1)
    assert resume_clock(kept, speed=1, machine_at=later, first_at=first).estate_at(later) < first + timedelta(minutes=1)


@given(speed=st.integers(1, 240), then=st.integers(1, 240), off_s=st.integers(0, 10**6), ran_s=st.integers(0, 10**6))
def test_estate_time_never_goes_back(tmp_path_factory: object, speed: int, then: int, off_s: int, ran_s: int) -> None:
    kept = Path(tmp_path_factory.mktemp("clock")) / "clock.json"  # type: ignore[attr-defined]  # pytest's own type is private
    clock = EstateClock(NOW, NOW, speed)
    stopped = NOW + timedelta(seconds=ran_s)
    write_beat(kept, clock=clock, machine_at=stopped)
    again = stopped + timedelta(seconds=off_s)
    resumed = resume_clock(kept, speed=then, machine_at=again, first_at=again)
    assert resumed.estate_at(again) > clock.estate_at(stopped)
    assert read_beat(kept) == (clock.estate_at(stopped), speed)
    assert not kept.with_suffix(".half").exists()
