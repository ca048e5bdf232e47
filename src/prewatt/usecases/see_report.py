"""Reports as their readers ask for them: a page of rows, all rows as a stream, or text that PostgreSQL writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import IO, Any, Final

from django.db import connection, transaction

from prewatt.access.models import User
from prewatt.access.queries import get_user_permissions, scopes_of
from prewatt.estate.models import Place, PlaceKind, Site
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotPermitted
from prewatt.kernel.period import day_start, local_date
from prewatt.reports.errors import TooManyFiles, TooManyRows
from prewatt.reports.tables.columns import Column
from prewatt.reports.tables.report import Report, Wanted
from prewatt.reports.tables.sql import csv_sql, rows_sql, summed, totals_sql
from prewatt.reports.tables.text import head_line
from prewatt.reports.tables.workbook import write_workbook
from prewatt.usecases.see_site import SiteView

PAGE: Final = 100
FILE_ROWS_MAX: Final = 2_000_000
CHART_ROWS_MAX: Final = 4_000
FETCH_ROWS: Final = 2_000
SECONDS_MAX: Final = 120
"""How long PostgreSQL may take for a page, or for the next rows of a file."""
AT_ONCE: Final = 2
WAIT_S: Final = 5.0
"""How long a file waits for its turn before it is refused."""

_turns = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page of a report. Values are as stored: minor units, Wh, instants in UTC."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    count: int
    totals: dict[str, int | None]
    first: int

    @property
    def last(self) -> int:
        """This property will hold the number of the last row shown, from 1."""
        return self.first + len(self.rows)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What a reader may see of a site for a report."""

    block_ids: tuple[int, ...]
    paths: tuple[str, ...]
    is_whole: bool


def list_blocks(*, user: User, site: SiteView, permission: str) -> list[str]:
    """This function will list the codes of the blocks whose rows a login may see."""
    return [code for _, code, _ in _blocks(user, site, permission)]


def see_report(
    *, user: User, site: SiteView, report: Report, wanted: Wanted, page: int = 1, limit: int = PAGE
) -> ReportPage:
    """This function will return one page of a report with its totals. Raises NotPermitted."""
    parameters = parameters_of(user=user, site=site, report=report, wanted=wanted)
    with _reading(), connection.cursor() as cursor:
        cursor.execute(totals_sql(report, wanted), parameters)
        count, *sums = cursor.fetchone() or (0,)
        first = min(max(page - 1, 0) * limit, max(count - 1, 0) // limit * limit)
        cursor.execute(
            f"{rows_sql(report, wanted)} LIMIT %(limit)s OFFSET %(offset)s",
            {**parameters, "limit": limit, "offset": first},
        )
        rows = cursor.fetchall()
    names = [one.name for one in summed(report, wanted)]
    return ReportPage(report.columns_for(wanted), rows, count, dict(zip(names, sums, strict=True)), first)


def iterate_report(*, user: User, site: SiteView, report: Report, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    """This function will walk all rows of a report through a cursor of the server: its memory does not grow.

    Raises NotPermitted, and TooManyRows behind the last row that a file may hold.
    """
    parameters = parameters_of(user=user, site=site, report=report, wanted=wanted)
    with _reading(), connection.chunked_cursor() as cursor:
        cursor.execute(rows_sql(report, wanted), parameters)
        left = FILE_ROWS_MAX
        while rows := cursor.fetchmany(FETCH_ROWS):
            left -= len(rows)
            if left < 0:
                raise TooManyRows.over(FILE_ROWS_MAX)
            yield from rows


def write_report_workbook(*, user: User, site: SiteView, report: Report, wanted: Wanted) -> IO[bytes]:
    """This function will write a report as an Excel workbook, open at its beginning. Raises as ``iterate_report``."""
    with _turn():
        return write_workbook(
            title=str(report.title), columns=report.columns_for(wanted),
            rows=iterate_report(user=user, site=site, report=report, wanted=wanted), zone=site.zone,
            currency=site.currency, about=f"{site.name}, {wanted.from_day} – {wanted.to_day}",
        )  # fmt: skip


def write_report_csv(*, user: User, site: SiteView, report: Report, wanted: Wanted, file: IO[bytes]) -> None:
    """This function will write a report as CSV, in UTF-8 with a mark that Excel knows it by, as PostgreSQL sends it.

    Raises NotPermitted, TooManyRows, TooManyFiles.
    """
    parameters = parameters_of(user=user, site=site, report=report, wanted=wanted)
    statement, words = csv_sql(report, wanted, currency=site.currency, at_most=FILE_ROWS_MAX + 1)
    with _turn(), _reading(), connection.cursor() as cursor:
        file.write(head_line(report.columns_for(wanted)))
        with cursor.cursor.copy(statement, {**parameters, **words}) as copy:
            for block in copy:
                file.write(block)
        if cursor.cursor.rowcount > FILE_ROWS_MAX:
            raise TooManyRows.over(FILE_ROWS_MAX)


@contextmanager
def _turn() -> Iterator[None]:
    """Let two files be written at once by a process: its pages go on."""
    if not _turns.acquire(timeout=WAIT_S):
        raise TooManyFiles("Other files are being written just now.", hint="Try again in a minute.")
    try:
        yield
    finally:
        _turns.release()


@contextmanager
def _reading() -> Iterator[None]:
    """Hold one snapshot for all that is read, and end what takes too long."""
    is_ours = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if is_ours:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SECONDS_MAX}s"])
        yield


def parameters_of(*, user: User, site: SiteView, report: Report, wanted: Wanted) -> dict[str, Any]:
    """This function will return what a report's SQL is filled with for a login. Raises NotPermitted."""
    if report.permission not in get_user_permissions(user=user):
        raise NotPermitted("Your role does not allow this.", hint="Ask an administrator for the permission.")
    sight = _sight(user, site, report, wanted)
    now = estate_now()
    to_at = day_start(wanted.to_day.fromordinal(wanted.to_day.toordinal() + 1), site.zone)
    options = {one.name: one.choice(wanted.options.get(one.name, "")).code for one in report.options}
    return options | {
        "site": site.id, "site_code": Site.objects.values_list("code", flat=True).get(pk=site.id),
        "currency": site.currency, "zone": site.zone.key, "now": now, "today": local_date(now, site.zone),
        "from_day": wanted.from_day, "to_day": wanted.to_day, "from_at": day_start(wanted.from_day, site.zone),
        "to_at": to_at, "until": min(to_at, now), "text": wanted.text, "like": f"%{_escaped(wanted.text)}%",
        "buildings": list(sight.block_ids), "paths": [f"{path}%" for path in sight.paths], "whole": sight.is_whole,
    }  # fmt: skip


def _sight(user: User, site: SiteView, report: Report, wanted: Wanted) -> _Sight:
    """Return which blocks and scopes the rows come from: the login's own, or the one block that was asked for."""
    blocks = _blocks(user, site, report.permission)
    if wanted.block:
        blocks = [one for one in blocks if one[1] == wanted.block]
        return _Sight(tuple(one[0] for one in blocks), tuple(one[2] for one in blocks), is_whole=False)
    tops = [scope.path for scope in scopes_of(user=user, permission=report.permission)]
    is_whole = any(site.scope.path.startswith(path) for path in tops)
    paths = (site.scope.path,) if is_whole else tuple(path for path in tops if path.startswith(site.scope.path))
    return _Sight(tuple(one[0] for one in blocks), paths, is_whole)


def _blocks(user: User, site: SiteView, permission: str) -> list[tuple[int, str, str]]:
    """Return the blocks of the site that the login sees, as row number, code and scope path."""
    tops = [scope.path for scope in scopes_of(user=user, permission=permission)]
    rows = Place.objects.filter(site=site.id, kind=PlaceKind.BUILDING).order_by("order", "code")
    found = rows.values_list("pk", "code", "scope__path")
    return [(pk, code, path or "") for pk, code, path in found if path and any(path.startswith(top) for top in tops)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
