"""The list of faults, row by row: which were really hit, whether their tests and their control runs passed.

A test of a row carries ``@pytest.mark.faults("A7")``; one that shows that the row fails with its defence switched off
carries ``@pytest.mark.faults("A7", control=True)``. The fixture ``faults`` says how often to hit and counts the hits:

    def test_bytes_that_are_no_digits_are_refused(faults):
        for number in range(faults.times(short=20, full=1_000)):
            ...
            faults.hit()

What the oracle is asked (``tests/faults/invariants.py``) is noted by ``asked``. ``make test`` runs the short form of
all rows, ``make faults`` the full one, ``.ci/run`` (``--faults 1/3``) a third of the rows in full and the others in
short form. Each of them fails when a row that is named below has no test, no hit, no invariant asked after it or no
control run.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import pytest

ROWS: Final = (
    *(f"A{number}" for number in (*range(1, 13), 14, 15, 18, 19, 20, *range(25, 30))),
    *("B1", "B2", "B4", "B8", "C1", "C4", "C5", "C11"),
    *(f"D{number}" for number in range(1, 18)),
    *(f"E{number}" for number in range(1, 7)),
    *("F1", "F2", "F3", "F4", "F5", "F6", "F8", "F9", "F11", "F12"),
    *("G1", "G4", "G5", "G6", "H4", "H5", "H6", "H8"),
)
"""The rows that must pass. A row that an issue names is added here, and is missed until it has tests."""

_PROPERTY: Final = "fault"
_asked: Final[set[int]] = set()
"""The invariants that the test that runs now has asked for, by number."""


def asked(*numbers: int) -> None:
    """Note that the oracle looked at these invariants: 4 is I4."""
    _asked.update(numbers)


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
    invariants: set[int] = field(default_factory=set)

    @property
    def missing(self) -> list[str]:
        """What keeps the row from being passed."""
        lacks = {
            "no test": not self.passed + self.failed,
            "no hit": bool(self.passed) and not self.hits,
            "no invariant asked": bool(self.passed) and not self.invariants,
            "a test failed": bool(self.failed),
            "no control run": not self.controls + self.controls_failed,
            "a control run passed": bool(self.controls_failed),
        }
        return [what for what, is_so in lacks.items() if is_so]


@dataclass(slots=True, eq=False)  # pytest keeps its plugins in sets
class _Tally:
    in_full: tuple[str, ...]
    is_demanded: bool
    wanted: tuple[str, ...] = ROWS
    rows: dict[str, _Row] = field(default_factory=lambda: defaultdict(_Row))

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told: Any = dict(report.user_properties).get(_PROPERTY)
        if told is None or not (report.when == "call" or report.failed):
            return
        rows, control, hits, invariants = told
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
                row.invariants.update(invariants)

    def unpassed(self) -> dict[str, list[str]]:
        """The rows that are not passed, with why; a row that nobody asked for in this run is left out."""
        seen = [name for name in self.wanted if self.is_demanded or name in self.rows]
        return {name: missing for name in seen if (missing := self.rows[name].missing)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_demanded and session.exitstatus == pytest.ExitCode.OK and self.unpassed():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not (self.in_full or self.is_demanded):
            return
        write, unpassed = terminalreporter.write_line, self.unpassed()
        named = [name for name in self.wanted if self.is_demanded or name in self.rows]
        shown = [name for name in named if name in self.in_full or name in unpassed]
        terminalreporter.section("faults in full" if self.in_full else "faults in short form")
        if shown:
            write(
                f"{'row':5} {'hits':>8} {'tests':>6} {'failed':>6} {'control':>8} {'s':>7}  {'invariants':16} verdict"
            )
        for name in shown:
            row = self.rows[name]
            control = "none" if not row.controls + row.controls_failed else "fails" if row.controls else "PASSES"
            verdict = f"NOT PASSED: {', '.join(unpassed[name])}" if name in unpassed else "passed"
            write(
                f"{name:5} {row.hits:8} {row.passed:6} {row.failed:6} {control:>8} {row.seconds:7.1f}"
                f"  {_shown(row.invariants):16} {verdict}"
            )
        write(f"rows passed / rows named: {len(named) - len(unpassed)} / {len(named)}")


def _shown(invariants: Iterable[int]) -> str:
    """1, 2, 3, 9 as I1-3 I9."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(invariants)), key=lambda pair: pair[1] - pair[0])
    ]
    return " ".join(f"I{run[0]}" if len(run) == 1 else f"I{run[0]}-{run[-1]}" for run in runs) or "none"


def in_full(config: pytest.Config) -> tuple[str, ...]:
    """The rows whose faults are brought about in full numbers in this run."""
    asked_for = str(config.getoption("--faults"))
    if asked_for in {"short", "full"}:
        return ROWS if asked_for == "full" else ()
    place, _, shares = asked_for.partition("/")
    if not (place.isdecimal() and shares.isdecimal() and int(place) < int(shares)):
        raise pytest.UsageError(f"--faults {asked_for}: say short, full, or a share such as 0/3, 1/3, 2/3")
    return ROWS[int(place) :: int(shares)]


def _runs_everything(config: pytest.Config) -> bool:
    """Whether nobody chose tests by path or name: then every row that is named must be there."""
    option = config.option
    chosen = option.keyword or option.deselect or option.ignore or option.ignore_glob or option.collectonly
    by_mark = option.markexpr not in {"", "faults"}
    return not (chosen or by_mark) and config.args_source is not pytest.Config.ArgsSource.ARGS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("faults").addoption(
        "--faults", default="short", help="How often each fault is brought about: short, full, or 2/3: a share in full."
    )


def pytest_configure(config: pytest.Config) -> None:
    rows = in_full(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Tally(rows, _runs_everything(config)), "prewatt-faults")


def rows_of(item: pytest.Item) -> tuple[str, ...]:
    return tuple(name for mark in item.iter_markers("faults") for name in mark.args)


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Any:
    """How often to hit, and where to count the hits."""
    rows = rows_of(request.node)
    return Faults(rows, full=not set(rows).isdisjoint(in_full(request.config)))


def pytest_runtest_setup() -> None:
    _asked.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    rows = rows_of(item)
    if rows and call.when == "call":
        told = getattr(item, "funcargs", {}).get("faults")
        hits = told.hits if isinstance(told, Faults) else 1
        control = any(mark.kwargs.get("control") for mark in item.iter_markers("faults"))
        item.user_properties.append((_PROPERTY, [list(rows), control, hits, sorted(_asked)]))
    yield
