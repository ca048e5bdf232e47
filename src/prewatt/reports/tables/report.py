"""The description of a report, and what a reader asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column


class Group(StrEnum):
    """Under which head the index lists a report, in this order."""

    ENERGY = "energy"
    MONEY = "money"
    SUPPLY = "supply"
    FIELD = "field"
    PEOPLE = "people"


GROUPS: Final[Mapping[Group, Promise]] = {
    Group.ENERGY: _("Energy"),
    Group.MONEY: _("Money"),
    Group.SUPPLY: _("Power off and on"),
    Group.FIELD: _("Meters and alarms"),
    Group.PEOPLE: _("People"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to an option; ``columns`` are what it adds to the table: a grouping, when they are no measures."""

    code: str
    label: str | Promise
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A question with fixed answers, such as by day, month or year. Its code reaches the SQL under its name."""

    name: str
    label: Promise
    choices: tuple[Choice, ...]
    default: str

    def choice(self, code: str) -> Choice:
        """This method will return the answer of this code, or the default for none of its own."""
        by_code = {one.code: one for one in self.choices}
        return by_code.get(code, by_code[self.default])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asked: local days, both in; a block's code; words; an answer to each option."""

    from_day: date
    to_day: date
    block: str = ""
    text: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``source`` is the SQL behind SELECT; its parameters are listed in docs/reports.md.

    ``order`` is the SQL behind ORDER BY; empty: by the columns that make the groups. ``charted`` names the measure
    that a chart shows, where a person would rather look.
    """

    code: str
    group: Group
    title: Promise
    line: Promise
    permission: Permission
    source: str
    columns: tuple[Column, ...]
    options: tuple[Option, ...] = ()
    order: str = ""
    has_period: bool = True
    has_block: bool = True
    text_label: str | Promise = ""
    is_grouped: bool = False
    charted: str = ""
    empty: str | Promise = ""

    def columns_for(self, wanted: Wanted) -> tuple[Column, ...]:
        """This method will return the table's columns: what makes the groups first, then the measures."""
        chosen = [one for option in self.options for one in option.choice(wanted.options.get(option.name, "")).columns]
        every = [*chosen, *self.columns]
        if not self.is_grouped:
            return tuple(every)
        return tuple(sorted(every, key=lambda one: one.is_measure))
