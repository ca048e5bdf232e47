"""Problems of price plans: what rating refuses, told by the row that it stands in."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from prewatt.kernel.errors import Refused
from prewatt.rating.errors import TariffRefused
from prewatt.rating.tariff import Tariff
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_known import Known
from prewatt.reports.estate_problems import CODE, CODE_HINT, at, repeated, texts, zone_of
from prewatt.reports.estate_sheet import EstateSheet, Problem, TariffRow


def check_tariffs(sheet: EstateSheet, known: Known, now: datetime) -> Iterator[Problem]:
    """This function will find tariffs with a hole, an overlap or a band without a price, and prices for the past.

    ``now`` is estate time.
    """
    published = {code for code, _ in known.tariffs}
    for row in sheet.tariffs:
        yield from texts(columns.TARIFFS, row)
        if row.code and not CODE.fullmatch(row.code):
            yield at(columns.TARIFFS, row, "code", f"{row.code!r} cannot be a code. {CODE_HINT}")
        yield from _check_definition(row, sheet.site.currency, known)
        if row.code in published and (row.code, row.effective_from) not in known.tariffs:
            yield from _check_future(row, sheet.site.time_zone, now)
    yield from repeated(columns.TARIFFS, sheet.tariffs, "code", "effective_from")
    yield from _check_cover(sheet, known)


def _check_definition(row: TariffRow, currency: str, known: Known) -> Iterator[Problem]:
    try:
        tariff = Tariff.from_json(row.definition)
    except TariffRefused as refused:
        yield _located(row, refused)
        return
    except Refused as refused:
        yield at(columns.TARIFFS, row, "code", str(refused))
        return
    if tariff.currency != currency:
        message = f"The tariff is in {tariff.currency}, the site's money is {currency}."
        yield at(columns.TARIFFS, row, "code", message)
    before = known.tariffs.get((row.code, row.effective_from))
    if before is not None and before != tariff.to_json():
        message = "Another version is published from that day on. A new price needs a later day."
        yield at(columns.TARIFFS, row, "effective_from", message)


def _check_future(row: TariffRow, time_zone: str, now: datetime) -> Iterator[Problem]:
    """This function will refuse a new version of a tariff in use from a day that has begun."""
    zone = zone_of(time_zone)
    if zone is not None and row.effective_from <= now.astimezone(zone).date():
        message = "Tenancies are rated by this tariff already. A new price needs a day that has not begun."
        yield at(columns.TARIFFS, row, "effective_from", message)


def _located(row: TariffRow, refused: TariffRefused) -> Problem:
    """This function will name the cell of a programme or a price where it has one, else the tariff's row."""
    programme = row.programme_rows.get(refused.path) or row.programme_rows.get(refused.path.partition("[")[0])
    if programme:
        return Problem(columns.PROGRAMMES.name, programme, columns.PROGRAMMES.column("from_time").heading, str(refused))
    head, _, band = refused.path.partition(".")
    field = band if head == "prices" and band in columns.BANDS else "code"
    return at(columns.TARIFFS, row, field, str(refused))


def _check_cover(sheet: EstateSheet, known: Known) -> Iterator[Problem]:
    """This function will find tenancies that begin before their tariff has a price."""
    earliest = _earliest(sheet, known)
    opened = {row.point: row.opened_at for row in sheet.meters}
    zone = zone_of(sheet.site.time_zone)
    if zone is None:
        return
    for row in sheet.tenancies:
        begins_at = max(row.from_at, opened.get(row.point, row.from_at))
        from_date = earliest.get(row.tariff)
        if from_date is not None and begins_at.astimezone(zone).date() < from_date:
            message = f"Tariff {row.tariff} has a price from {from_date} on; the tenancy begins earlier."
            yield at(columns.TENANCIES, row, "tariff", message)


def _earliest(sheet: EstateSheet, known: Known) -> Mapping[str, date]:
    found: dict[str, date] = {}
    for code, from_date in [*((row.code, row.effective_from) for row in sheet.tariffs), *known.tariffs]:
        found[code] = min(found.get(code, from_date), from_date)
    return found
