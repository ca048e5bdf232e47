"""The list of faults, row by row: which were really hit, whether their tests and their control runs passed.

A test of a row carries ``@pytest.mark.faults("A7")``; one that shows that the row fails with its defence switched off
carries ``@pytest.mark.faults("A7", control=True)``. The fixture ``faults`` says how often to hit and counts the hits:

    def test_bytes_that_are_no_digits_are_refused(faults):
        for number in range(faults.times(short=20, full=1_000)):
            ...
            faults.hit()

``make test`` runs the short form, ``make faults`` the full one, ``.ci/run`` a third of the rows in full.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

ROWS: Final = (
    *(f"A{number}" for number in (*range(1, 13), 14, 15, 18, 19, 20, *range(25, 30))),
    *("B1", "B2", "B4", "B8", "C1", "C4", "C5", "C11", "D17", "F12", "G1", "G4", "G5", "G6", "H4", "H5", "H8"),
)
_PROPERTY: Final = "fault"


@dataclass(slots=True)
class Faults:
    """What a test of a row is told, and what it tells."""

    rows: tuple[str, ...]
    full: bool
    hits: int = 0

    def times(self, *, short: int, full: int) -> int:
        """How often to bring the fault about in this run."""
        return full if self.full else short

    def hit(self, times: int = 1) -> None:
        """Count that the fault really happened."""
        self.hits += times


@dataclass(slots=True)
class _Row:
    hits: int = 0
    passed: int = 0
    failed: int = 0
    controls: int = 0
    controls_failed: int = 0
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        return bool(self.hits and self.passed and self.controls) and not (self.failed or self.controls_failed)


@dataclass(slots=True, eq=False)  # pytest keeps its plugins in sets
class _Tally:
    full: bool
    share: tuple[int, int]
    rows: dict[str, _Row] = field(default_factory=lambda: defaultdict(_Row))

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told: Any = dict(report.user_properties).get(_PROPERTY)
        if told is None or not (report.when == "call" or report.failed):
            return
        rows, control, hits = told
        for name in rows:
            row = self.rows[name]
            row.seconds += report.duration
            if control:
                row.controls += report.passed
                row.controls_failed += report.failed
            else:
                row.hits += hits
                row.passed += report.passed
                row.failed += report.failed

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.full:
            return
        wanted = [name for place, name in enumerate(ROWS) if place % self.share[1] == self.share[0]]
        terminalreporter.section("faults")
        terminalreporter.write_line(
            f"{'row':5} {'hits':>8} {'tests':>6} {'failed':>6} {'control':>8} {'s':>7}  verdict"
        )
        for name in wanted:
            row = self.rows[name]
            control = "none" if not row.controls + row.controls_failed else "fails" if row.controls else "PASSES"
            verdict = "passed" if row.is_passed else "NOT PASSED"
            terminalreporter.write_line(
                f"{name:5} {row.hits:8} {row.passed:6} {row.failed:6} {control:>8} {row.seconds:7.1f}  {verdict}"
            )
        passed = sum(self.rows[name].is_passed for name in wanted)
        terminalreporter.write_line(f"rows passed / rows named: {passed} / {len(wanted)}")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption(
        "--faults", choices=["short", "full"], default="short", help="How often each fault is brought about."
    )
    group.addoption("--share", default="0/1", help="Run only this share of the rows: 2/3 is the last third.")


def pytest_configure(config: pytest.Config) -> None:
    place, shares = (int(part) for part in config.getoption("--share").split("/"))
    if not 0 <= place < shares:
        raise pytest.UsageError(f"--share {place}/{shares}: the first number must be below the second")
    config.pluginmanager.register(_Tally(config.getoption("--faults") == "full", (place, shares)), "prewatt-faults")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the rows of other shares; tests of no row stay in every share."""
    place, shares = (int(part) for part in config.getoption("--share").split("/"))
    mine = {name for index, name in enumerate(ROWS) if index % shares == place}
    left_out = [item for item in items if (rows := _rows_of(item)) and not mine.intersection(rows)]
    if shares > 1 and left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _rows_of(item: pytest.Item) -> tuple[str, ...]:
    return tuple(name for mark in item.iter_markers("faults") for name in mark.args)


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Any:
    """How often to hit, and where to count the hits."""
    return Faults(_rows_of(request.node), request.config.getoption("--faults") == "full")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    rows = _rows_of(item)
    if rows and call.when == "call":
        told = getattr(item, "funcargs", {}).get("faults")
        hits = told.hits if isinstance(told, Faults) else 1
        control = any(mark.kwargs.get("control") for mark in item.iter_markers("faults"))
        item.user_properties.append((_PROPERTY, [list(rows), control, hits]))
    yield
