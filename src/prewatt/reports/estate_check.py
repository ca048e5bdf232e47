"""Every problem of an estate sheet, named by sheet, row and column. Pure: nothing is stored, nothing is asked."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prewatt.kernel.money import MINOR_DIGITS
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_check_meters import check_buses, check_meters
from prewatt.reports.estate_check_tariffs import check_tariffs
from prewatt.reports.estate_known import NOTHING_KNOWN, Known
from prewatt.reports.estate_problems import CODE, CODE_HINT, at, choice, repeated, texts, zone_of
from prewatt.reports.estate_sheet import EstateSheet, Problem, TenancyRow

AMOUNT_MAX = 10**12
READ_INTERVAL_S_MAX = 86_400
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,18}[0-9]")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check_sheet(*, sheet: EstateSheet, known: Known = NOTHING_KNOWN, now: datetime) -> list[Problem]:
    """This function will return every problem that it finds, in the order of the sheets; none means it can be taken.

    ``known`` is what the house holds of the site already; ``now`` is estate time.
    """
    return [
        *_check_site(sheet, known, now),
        *_check_calendar(sheet),
        *check_buses(sheet),
        *check_meters(sheet, known, now),
        *_check_customers(sheet),
        *_check_accounts(sheet, known),
        *_check_tenancies(sheet, known),
        *check_tariffs(sheet, known, now),
        *_check_opening_balances(sheet, known, now),
    ]


def _check_site(sheet: EstateSheet, known: Known, now: datetime) -> Iterator[Problem]:
    site = sheet.site
    yield from texts(columns.SITE, site)
    if site.code and not CODE.fullmatch(site.code):
        yield at(columns.SITE, site, "code", f"{site.code!r} cannot be a code. {CODE_HINT}")
    zone = zone_of(site.time_zone)
    if zone is None and site.time_zone:
        yield at(
            columns.SITE, site, "time_zone", f"{site.time_zone!r} is no time zone. Write one such as Asia/Shanghai."
        )
    if zone is not None and site.first_day > now.astimezone(zone).date():
        yield at(columns.SITE, site, "first_day", f"{site.first_day} has not come yet. Begin today or earlier.")
    if site.currency and site.currency not in MINOR_DIGITS:
        message = f"Currency {site.currency!r} is not known. Use one of {', '.join(sorted(MINOR_DIGITS))}."
        yield at(columns.SITE, site, "currency", message)
    if not 1 <= site.read_interval_s <= READ_INTERVAL_S_MAX:
        yield at(columns.SITE, site, "read_interval_s", f"Write 1 to {READ_INTERVAL_S_MAX} seconds.")
    if known.site is not None:
        for field in ("organisation", "time_zone", "currency", "first_day"):
            before = getattr(known.site, field)
            if before != getattr(site, field):
                yield at(columns.SITE, site, field, f"It is {before} already and cannot be changed by an import.")


def _check_calendar(sheet: EstateSheet) -> Iterator[Problem]:
    for day in sheet.calendar:
        yield from texts(columns.CALENDAR, day)
        yield from choice(columns.CALENDAR, day, "kind")
    yield from repeated(columns.CALENDAR, sheet.calendar, "date")


def _check_customers(sheet: EstateSheet) -> Iterator[Problem]:
    for row in sheet.customers:
        yield from texts(columns.CUSTOMERS, row)
        yield from choice(columns.CUSTOMERS, row, "kind")
        yield from choice(columns.CUSTOMERS, row, "language")
        if row.phone and not _PHONE.fullmatch(row.phone):
            message = f"{row.phone!r} is no telephone number. Write digits, with + and the country code before them."
            yield at(columns.CUSTOMERS, row, "phone", message)
        if row.email and not _MAIL.fullmatch(row.email):
            yield at(columns.CUSTOMERS, row, "email", f"{row.email!r} is no mail address.")
    yield from repeated(columns.CUSTOMERS, sheet.customers, "code")


def _check_accounts(sheet: EstateSheet, known: Known) -> Iterator[Problem]:
    kinds = {row.code: row.kind for row in sheet.customers}
    for row in sheet.accounts:
        yield from texts(columns.ACCOUNTS, row)
        yield from choice(columns.ACCOUNTS, row, "payment_mode")
        if row.number and not CODE.fullmatch(row.number):
            yield at(columns.ACCOUNTS, row, "number", f"{row.number!r} cannot be a number. {CODE_HINT}")
        if row.customer and row.customer not in kinds and row.customer not in known.customers:
            yield at(columns.ACCOUNTS, row, "customer", f"Customer {row.customer!r} is not on the sheet Customers.")
        if row.payment_mode == "own_use" and kinds.get(row.customer, "operator") != "operator":
            message = "Only an account of the operator can be own_use. Give its customer the kind operator."
            yield at(columns.ACCOUNTS, row, "payment_mode", message)
        if not 0 <= row.allowed_credit <= AMOUNT_MAX:
            yield at(columns.ACCOUNTS, row, "allowed_credit", "Write an amount of 0 or more.")
        if row.level_1 is not None and row.level_2 is not None and row.level_1 < row.level_2:
            yield at(columns.ACCOUNTS, row, "level_1", "Level 1 warns first: it cannot be below level 2.")
        before = known.accounts.get(row.number)
        if before is not None and before.customer != row.customer:
            message = f"Account {row.number} belongs to customer {before.customer}. Open another account."
            yield at(columns.ACCOUNTS, row, "customer", message)
        if before is not None and before.payment_mode != row.payment_mode:
            message = f"Account {row.number} is {before.payment_mode}. Open another account."
            yield at(columns.ACCOUNTS, row, "payment_mode", message)
    yield from repeated(columns.ACCOUNTS, sheet.accounts, "number")


def _check_tenancies(sheet: EstateSheet, known: Known) -> Iterator[Problem]:
    opened = {point: hanging.opened_at for point, hanging in known.installations.items()}
    opened |= {row.point: row.opened_at for row in sheet.meters}
    numbers = {row.number for row in sheet.accounts} | set(known.accounts)
    tariffs = {row.code for row in sheet.tariffs} | {code for code, _ in known.tariffs}
    for row in sheet.tenancies:
        yield from texts(columns.TENANCIES, row)
        if row.point and row.point not in opened and row.point not in known.points:
            yield at(columns.TENANCIES, row, "point", f"Point {row.point!r} is not on the sheet Units & meters.")
        if row.account and row.account not in numbers:
            yield at(columns.TENANCIES, row, "account", f"Account {row.account!r} is not on the sheet Accounts.")
        if row.tariff and row.tariff not in tariffs:
            yield at(columns.TENANCIES, row, "tariff", f"Tariff {row.tariff!r} is not on the sheet Tariffs.")
        if row.point in opened and row.point not in known.tenancies and row.from_at > opened[row.point]:
            message = "It begins after the registers were taken: use in between would belong to nobody."
            yield at(columns.TENANCIES, row, "from_at", message)
        yield from _against_known_tenancy(row, known)
    yield from repeated(columns.TENANCIES, sheet.tenancies, "point")
    paid_for = {row.point for row in sheet.tenancies} | set(known.tenancies)
    for meter in sheet.meters:
        if meter.point and meter.point not in paid_for:
            message = f"Point {meter.point} has no row on the sheet Tenancies. A vacant one belongs to the operator."
            yield at(columns.METERS, meter, "point", message)


def _against_known_tenancy(row: TenancyRow, known: Known) -> Iterator[Problem]:
    before = known.tenancies.get(row.point)
    if before is None:
        return
    if before.account != row.account:
        message = f"Account {before.account} pays for {row.point}. Let it move out first; an import does not."
        yield at(columns.TENANCIES, row, "account", message)
    elif before.from_at != row.from_at:
        yield at(columns.TENANCIES, row, "from_at", f"It began {before.from_at.isoformat()}; that cannot be changed.")
    elif before.tariff != row.tariff:
        message = f"It is rated by tariff {before.tariff}. Change the price plan of a tenancy in the console."
        yield at(columns.TENANCIES, row, "tariff", message)


def _check_opening_balances(sheet: EstateSheet, known: Known, now: datetime) -> Iterator[Problem]:
    numbers = {row.number for row in sheet.accounts} | set(known.accounts)
    for row in sheet.opening_balances:
        yield from texts(columns.OPENING_BALANCES, row)
        if row.account and row.account not in numbers:
            message = f"Account {row.account!r} is not on the sheet Accounts."
            yield at(columns.OPENING_BALANCES, row, "account", message)
        if abs(row.amount) > AMOUNT_MAX:
            yield at(columns.OPENING_BALANCES, row, "amount", "The amount is too large.")
        before = known.opening_balances.get(row.account)
        if before is not None and before != row.amount:
            message = "Another opening balance was posted for this account. Correct it by an adjustment."
            yield at(columns.OPENING_BALANCES, row, "amount", message)
    yield from repeated(columns.OPENING_BALANCES, sheet.opening_balances, "account")
    yield from _check_signature(sheet, now)


def _check_signature(sheet: EstateSheet, now: datetime) -> Iterator[Problem]:
    signature = sheet.signature
    if signature is None:
        if sheet.opening_balances:
            message = "Opening balances need the signature of the person who answers for their sum."
            yield Problem(columns.SIGNATURE.name, 0, "", message)
        return
    yield from texts(columns.SIGNATURE, signature)
    total = sum(row.amount for row in sheet.opening_balances)
    if signature.total != total:
        scale = MINOR_DIGITS.get(sheet.site.currency, 2)
        message = (
            f"The sum typed is {_major(signature.total, scale)}, the rows add up to {_major(total, scale)}. "
            "Find the row that differs; nothing was imported."
        )
        yield at(columns.SIGNATURE, signature, "total", message)
    if signature.date > now.date():
        zone = zone_of(sheet.site.time_zone)
        if zone is None or signature.date > now.astimezone(zone).date():
            yield at(columns.SIGNATURE, signature, "date", f"{signature.date} has not come yet.")


def _major(minor: int, digits: int) -> str:
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole:,}.{rest:0{digits}d}" if digits else f"{sign}{whole:,}"


def count_by_sheet(problems: list[Problem]) -> dict[str, int]:
    """This function will count problems by sheet."""
    return dict(Counter(problem.sheet for problem in problems))
