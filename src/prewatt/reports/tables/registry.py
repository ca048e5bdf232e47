"""All reports, found in ``each``: whoever adds one writes a file there and nothing else."""

from collections.abc import Collection, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from prewatt.kernel.errors import NotFound
from prewatt.reports.tables import each
from prewatt.reports.tables.report import Group, Report


class UnknownReport(NotFound):
    """There is no report of this name."""

    code = "unknown_report"


@cache
def reports() -> Mapping[str, Report]:
    """This function will return every report by its code, in the order of their groups and names."""
    found: list[Report] = [import_module(f"{each.__name__}.{one.name}").REPORT for one in iter_modules(each.__path__)]
    order = list(Group)
    found.sort(key=lambda one: (order.index(one.group), one.code))
    by_code = {one.code: one for one in found}
    if len(by_code) != len(found):
        raise RuntimeError("two reports share a code")
    return by_code


def get_report(code: str) -> Report:
    """This function will return a report. Raises UnknownReport."""
    try:
        return reports()[code]
    except KeyError:
        raise UnknownReport("There is no such report.", hint="Choose one from the list of reports.") from None


def open_to(permissions: Collection[str]) -> list[Report]:
    """This function will return the reports that somebody with these permissions may read."""
    return [one for one in reports().values() if one.permission in permissions]
