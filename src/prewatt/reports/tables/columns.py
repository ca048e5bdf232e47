"""What a column of a report holds, and so how it is written on a page, in a workbook and in a text file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from django.utils.functional import Promise

Words = Mapping[str, str | Promise]


class Kind(StrEnum):
    """What a value is. The unit stands with each."""

    TEXT = auto()
    WORD = auto()
    """A code that ``words`` has a word for."""
    MONEY = auto()
    """Minor units."""
    ENERGY = auto()
    """Wh, shown in kWh."""
    COUNT = auto()
    DAY = auto()
    """A local day."""
    MONTH = auto()
    """The first local day of a month."""
    YEAR = auto()
    """The first local day of a year."""
    INSTANT = auto()
    SPAN = auto()
    """Whole seconds."""
    PERMILLE = auto()
    """Thousandths, shown in per cent."""

    @property
    def is_figure(self) -> bool:
        """This property will tell whether values stand right, with their head."""
        return self in {Kind.MONEY, Kind.ENERGY, Kind.COUNT, Kind.SPAN, Kind.PERMILLE}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its head for people, what it holds and the SQL that makes it.

    ``is_measure`` marks what a grouped report adds up within a group; ``sums``, what makes sense in the totals' row.
    """

    name: str
    label: str | Promise
    kind: Kind = Kind.TEXT
    sql: str = ""
    is_measure: bool = False
    sums: bool = False
    words: Words = field(default_factory=dict)

    def word(self, code: object) -> str:
        """This method will return the word for a code; one without a word is shown as it is, without strokes."""
        return str(self.words.get(str(code), str(code).replace("_", " ")))


def measure(name: str, label: str | Promise, kind: Kind, sql: str, *, sums: bool = True) -> Column:
    """This function will describe a figure that groups add up."""
    return Column(name, label, kind, sql, is_measure=True, sums=sums)
