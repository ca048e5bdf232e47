"""The harness of the list of faults: a row that lacks a test, a hit, an invariant or a control run fails the run."""

from typing import Any

import pytest
from tests.fault_rows import ROWS, _Tally, in_full


class Session:
    exitstatus: int = pytest.ExitCode.OK


def report(*rows: str, outcome: Any = "passed", control: bool = False, hits: int = 1, invariants: Any = (1, 2)) -> Any:
    return pytest.TestReport(
        nodeid="one", location=("one", 0, "one"), keywords={}, outcome=outcome, longrepr=None, when="call",
        user_properties=[("fault", [list(rows), control, hits, list(invariants)])],
    )  # fmt: skip


def told(*reports: Any, is_demanded: bool = True) -> tuple[dict[str, list[str]], int]:
    """What is missing of A1, the only row that is wanted, and how the run ends."""
    tally, session = _Tally(in_full=("A1",), is_demanded=is_demanded, wanted=("A1",)), Session()
    for one in reports:
        tally.pytest_runtest_logreport(one)
    tally.pytest_sessionfinish(session)  # type: ignore[arg-type]  # all that it needs of a session
    return tally.unpassed(), session.exitstatus


PASSED, CONTROL = report("A1"), report("A1", control=True, invariants=())


def test_a_row_that_was_hit_and_has_its_control_passes() -> None:
    assert told(PASSED, CONTROL) == ({}, pytest.ExitCode.OK)


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        ([CONTROL], "no test"),
        ([report("A2"), CONTROL], "no test"),
        ([PASSED], "no control run"),
        ([report("A1", hits=0), CONTROL], "no hit"),
        ([report("A1", invariants=()), CONTROL], "no invariant asked"),
        ([PASSED, report("A1", outcome="failed"), CONTROL], "a test failed"),
        ([PASSED, report("A1", outcome="failed", control=True)], "a control run passed"),
    ],
)
def test_a_row_that_lacks_something_fails_the_run(reports: list[Any], why: str) -> None:
    assert told(*reports) == ({"A1": [why]}, pytest.ExitCode.TESTS_FAILED)


def test_who_chooses_some_tests_is_not_asked_for_all_rows() -> None:
    assert told(is_demanded=False) == ({}, pytest.ExitCode.OK)


@pytest.mark.parametrize(
    ("said", "rows"), [("short", ()), ("full", ROWS), ("0/3", ROWS[0::3]), ("2/3", ROWS[2::3]), ("0/1", ROWS)]
)
def test_a_share_of_the_rows_can_be_run_in_full(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, said: str, rows: tuple[str, ...]
) -> None:
    monkeypatch.setattr(pytestconfig.option, "faults", said)
    assert in_full(pytestconfig) == rows


@pytest.mark.parametrize("said", ["long", "3/3", "1/", "-1/3", "/", "1/0"])
def test_a_share_that_there_is_not_is_refused(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(pytestconfig.option, "faults", said)
    with pytest.raises(pytest.UsageError, match="say short, full, or a share"):
        in_full(pytestconfig)


def test_rows_are_named_once() -> None:
    assert len(ROWS) == len(set(ROWS))
