"""Who runs what when: the longest files first, so that all workers of ``pytest -n`` end together.

A file stays with one worker, and so do files that share a running estate (``TOGETHER``). What each takes is remembered
in ``tests/seconds.json``; ``make test ARGS=--remember-seconds`` writes it anew. Within a file the order stays random.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import pytest
from tests.fault_rows import in_full, rows_of
from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = ("tests/e2e/",)
APART: Final = (
    "tests/faults/test_fault_collectors.py", "tests/faults/test_fault_crossing.py",
    "tests/faults/test_fault_hostile_text.py", "tests/faults/test_fault_payment_races.py",
    "tests/faults/test_fault_statements.py",
)  # fmt: skip
"""Files whose tests share nothing and are long: each test may go anywhere."""

IN_PARTS: Final = {"tests/faults/test_fault_live_bus.py": 4}
"""Long files whose tests share what is slow to start: so many parts may go anywhere."""

LAST: Final = ("tests/e2e/test_loop_killed.py",)
"""Ends what its neighbours share."""

SECONDS_FILE: Final = Path(__file__).parent / "seconds.json"
REMEMBERED_FROM_S: Final = 1.0
UNKNOWN_TEST_S: Final = 0.03
IN_FULL: Final = 5
"""So many times as long as remembered takes a file of faults that are brought about in full."""


def scope_of(nodeid: str) -> str:
    """What must stay in one process: a file, or a folder whose files share something that is slow to start."""
    file = nodeid.partition("::")[0]
    if file in APART:
        return nodeid
    if file in IN_PARTS:
        return f"{file} {(crc32(nodeid.encode()) >> 8) % IN_PARTS[file] + 1}"
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Take the place of ``--dist loadfile``: whole scopes in the order of the collection, which is made below."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = scope_of
    return scheduler


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the longest scopes to the front; between equals and within a scope the order stays what it was."""
    known: dict[str, float] = json.loads(SECONDS_FILE.read_text()) if SECONDS_FILE.exists() else {}
    counts: dict[str, int] = defaultdict(int)
    for item in items:
        counts[scope_of(item.nodeid)] += 1
    places = {scope: place for place, scope in enumerate(counts)}
    long = set(in_full(config))
    factors = {scope_of(item.nodeid): IN_FULL for item in items if not long.isdisjoint(rows_of(item))}

    def place_of(item: pytest.Item) -> tuple[float, int, bool]:
        scope = scope_of(item.nodeid)
        seconds = known.get(scope, counts[scope] * UNKNOWN_TEST_S) * factors.get(scope, 1)
        return -seconds, places[scope], item.nodeid.startswith(LAST)

    items.sort(key=place_of)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("prewatt").addoption(
        "--remember-seconds", action="store_true", help="Write down what each file of tests took (tests/seconds.json)."
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--remember-seconds") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Seconds(), "prewatt-seconds")


class _Seconds:
    """Adds up what each scope took, of all workers."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.spent_s[scope_of(report.nodeid)] += report.duration

    @pytest.hookimpl
    def pytest_sessionfinish(self) -> None:
        found = {scope: round(spent_s, 1) for scope, spent_s in self.spent_s.items() if spent_s >= REMEMBERED_FROM_S}
        SECONDS_FILE.write_text(json.dumps(dict(sorted(found.items(), key=lambda one: -one[1])), indent=1) + "\n")
