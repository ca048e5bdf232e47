"""Money as an integer of the currency's minor unit. No float ever touches it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Self

from typing_extensions import override

from prewatt.kernel.errors import Refused

MINOR_DIGITS = {"CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2, "USD": 2, "SGD": 2, "JPY": 0, "KWD": 3}
"""ISO 4217: decimal places of the minor unit, for the currencies that Prewatt takes."""

NANO = 1_000_000_000
"""Exact cost is counted in 1e-9 currency units: Wh x (1e-6 currency per kWh)."""


class UnknownCurrency(Refused):
    """The currency is not one that Prewatt keeps accounts in."""

    code = "unknown_currency"


class BadAmount(Refused):
    """The text is not an amount of money in this currency."""

    code = "bad_amount"


def minor_digits(currency: str) -> int:
    """This function will return the number of decimal places of the currency's minor unit."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        known = ", ".join(sorted(MINOR_DIGITS))
        raise UnknownCurrency(
            "Currency %(currency)r is not known.", hint="Use one of %(known)s.", currency=currency, known=known
        ) from None


@cache
def nano_per_minor(currency: str) -> int:
    """This function will return how many 1e-9 currency units make one minor unit."""
    return int(NANO // 10 ** minor_digits(currency))


def round_half_away(numerator: int, denominator: int) -> int:
    """This function will divide integers and round to the nearest, ties away from zero. ``denominator`` > 0."""
    quotient, remainder = divmod(abs(numerator), denominator)
    rounded = quotient + (2 * remainder >= denominator)
    return rounded if numerator >= 0 else -rounded


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of one currency. Adding two currencies is an error, not a conversion."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        minor_digits(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """This method will return nothing of a currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """This method will read an amount as a person types it: ``12``, ``12.5``, ``12.50``, ``1,312.60``.

        Raises BadAmount when it is not a number or has more decimals than the currency.
        """
        try:
            value = Decimal(text.strip().replace(",", "").replace("−", "-"))
        except InvalidOperation:
            raise BadAmount(
                "%(text)r is not an amount.", hint="Type figures, such as 50 or 12.50.", text=text
            ) from None
        scaled = value.scaleb(minor_digits(currency)) if value.is_finite() else value
        if not value.is_finite() or abs(scaled) >= 10**15 or scaled != scaled.to_integral_value():
            digits = minor_digits(currency)
            raise BadAmount(
                "%(text)r is not an amount in %(currency)s.", hint="At most %(digits)s decimals.",
                text=text, currency=currency, digits=digits,
            )  # fmt: skip
        return cls(int(scaled), currency)

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.minor - other.minor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def to_decimal(self) -> Decimal:
        """This method will return the amount in major units, exact."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    @override
    def __str__(self) -> str:
        return f"{self.to_decimal():.{minor_digits(self.currency)}f} {self.currency}"

    def _same(self, other: Self) -> None:
        if self.currency != other.currency:
            raise BadAmount("Cannot reckon %(one)s with %(other)s.", one=self.currency, other=other.currency)
