"""Energy as an integer of watt-hours."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from typing_extensions import override


@dataclass(frozen=True, slots=True, order=True)
class Energy:
    """An amount of energy in Wh."""

    wh: int

    def __add__(self, other: Self) -> Self:
        return type(self)(self.wh + other.wh)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.wh - other.wh)

    def to_kwh(self) -> Decimal:
        """This method will return the amount in kWh, exact."""
        return Decimal(self.wh).scaleb(-3)

    @override
    def __str__(self) -> str:
        return f"{self.to_kwh()} kWh"
