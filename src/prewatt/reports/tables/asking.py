"""What a reader asks of a report, as an address carries it, read and checked in one place for page, file and mail."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from typing_extensions import override

from prewatt.kernel.errors import Refused
from prewatt.kernel.period import month_start
from prewatt.reports.tables.report import Report, Wanted

DAYS_MAX: Final = 3 * 366
TEXT_MAX: Final = 60
FIELDS: Final = ("from_day", "to_day", "block", "q")

PERIODS: Final = {
    "today": pgettext_lazy("period", "Today"),
    "yesterday": pgettext_lazy("period", "Yesterday"),
    "week": pgettext_lazy("period", "Last 7 days"),
    "month": pgettext_lazy("period", "This month"),
    "last_month": pgettext_lazy("period", "Last month"),
    "year": pgettext_lazy("period", "This year"),
}
"""Stretches that move with the day: a saved report names one instead of two dates."""


class BadFilter(Refused):
    """What was asked of a report cannot be; the text says which filter and why."""

    code = "bad_filter"


def days_of(period: str, today: date) -> tuple[date, date]:
    """This function will return the first and the last day of a named stretch, both in."""
    first = month_start(today)
    match period:
        case "today":
            return today, today
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "week":
            return today - timedelta(days=6), today
        case "last_month":
            return month_start(first - timedelta(days=1)), first - timedelta(days=1)
        case "year":
            return today.replace(month=1, day=1), today
        case _:
            return first, today


class ReportForm(forms.Form):
    """The filters of one report. Made from its description; ``today`` and the blocks are the reader's."""

    period = forms.ChoiceField(label=gettext_lazy("Period"), required=False, widget=forms.HiddenInput)
    from_day = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    to_day = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    block = forms.ChoiceField(label=gettext_lazy("Building"), required=False)
    q = forms.CharField(max_length=TEXT_MAX, required=False)

    def __init__(self, asked: Mapping[str, Any], *, report: Report, blocks: Sequence[str], today: date) -> None:
        self.report, self.today = report, today
        given = {name: asked[name] for name in asked}
        super().__init__(_with_defaults(given, report, today))
        self.use_required_attribute = False
        own: Any = self.fields["period"]
        own.choices = list(PERIODS.items())
        own = self.fields["block"]
        own.choices = [("", _("All")), *((code, code) for code in blocks)]
        self.fields["q"].label = str(report.text_label)
        for name, is_taken in _taken(report).items():
            if not is_taken:
                del self.fields[name]
        for option in report.options:
            choices = [(one.code, one.label) for one in option.choices]
            self.fields[option.name] = forms.ChoiceField(label=str(option.label), choices=choices, required=False)
        self.order_fields(["period", "from_day", "to_day", *(one.name for one in report.options), "block", "q"])

    @override
    def clean(self) -> dict[str, Any]:
        """This method will refuse days in the wrong order and stretches longer than three years."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = found.get("from_day"), found.get("to_day")
        if first is not None and last is not None:
            if first > last:
                self.add_error("to_day", _("It lies before the first day."))
            elif (last - first).days >= DAYS_MAX:
                self.add_error("to_day", _("A report covers three years at most. Choose a shorter period."))
        return found

    @property
    def stretch(self) -> str:
        """This property will hold the named stretch that the form stands on, empty for dates of one's own."""
        return str(self.data.get("period", ""))

    def query(self) -> str:
        """This method will return the filters as an address carries them: a named stretch instead of its days."""
        kept = {name: str(self.data.get(name, "")) for name in self.fields if self.data.get(name)}
        if self.stretch:
            kept = {name: value for name, value in kept.items() if name not in {"from_day", "to_day"}}
        return urlencode(kept)

    def wanted(self) -> Wanted:
        """This method will return what was asked. Raises BadFilter, naming each filter that is wrong."""
        if not self.is_valid():
            problems = [f"{self.fields[name].label}: {text}" for name, texts in self.errors.items() for text in texts]
            raise BadFilter("The filter cannot be used. %(problems)s", problems=" ".join(problems))
        found = self.cleaned_data
        first, last = days_of("month", self.today)
        return Wanted(
            from_day=found.get("from_day") or first, to_day=found.get("to_day") or last, block=found.get("block", ""),
            text=" ".join(str(found.get("q", "")).split()),
            options={one.name: one.choice(found[one.name]).code for one in self.report.options},
        )  # fmt: skip


def _taken(report: Report) -> dict[str, bool]:
    period = report.has_period
    return {
        "period": period, "from_day": period, "to_day": period, "block": report.has_block,
        "q": bool(report.text_label),
    }  # fmt: skip


def _with_defaults(asked: dict[str, Any], report: Report, today: date) -> dict[str, Any]:
    """Fill in what was left out: this month, and each option's own answer.

    Dates that were typed go before a stretch that was named: only where they are the same days it goes on moving.
    """
    if report.has_period:
        given = {name: asked[name] for name in ("from_day", "to_day") if asked.get(name)}
        period = asked.get("period") or ("" if given else "month")
        first, last = (day.isoformat() for day in days_of(period, today))
        if period in PERIODS and given in ({}, {"from_day": first, "to_day": last}):
            asked |= {"period": period, "from_day": first, "to_day": last}
        elif not given:
            asked |= {"from_day": first, "to_day": last}
        else:
            asked.pop("period", None)
            asked["from_day"] = asked.get("from_day") or month_start(_day_of(asked.get("to_day"), today)).isoformat()
            asked["to_day"] = asked.get("to_day") or today.isoformat()
    return {option.name: option.default for option in report.options} | {
        name: value for name, value in asked.items() if value != ""
    }


def _day_of(text: object, otherwise: date) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return otherwise
