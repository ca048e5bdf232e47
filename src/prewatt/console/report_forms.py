"""What people type to keep a report, and to have it mailed."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from prewatt.console.forms import DeskForm

EVERY: Final = (
    ("day", _("Every day")),
    ("week", _("Every Monday")),
    ("month", _("On the first of each month")),
    ("", _("Not any more")),
)
WHOM: Final = (("", _("Me alone")), ("on", _("Everybody who may read it here")))
HOURS: Final = [(str(hour), f"{hour:02d}:00") for hour in range(24)]


class SaveForm(DeskForm):
    """A name for a report with its filters."""

    name = forms.CharField(
        label=_("Saved as"), max_length=80, widget=forms.TextInput({"autocomplete": "off", "autofocus": True})
    )
    is_shared = forms.ChoiceField(label=_("For whom"), choices=WHOM, required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["is_shared"]


class MailForm(DeskForm):
    """When a saved report is mailed, as what and to whom."""

    every = forms.ChoiceField(label=_("When"), choices=EVERY, required=False)
    hour = forms.ChoiceField(label=_("At"), choices=HOURS)
    form = forms.ChoiceField(label=_("As"), choices=[("xlsx", "Excel"), ("csv", "CSV")])
    recipients = forms.CharField(
        label=_("To these mail addresses"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea({"rows": 3, "inputmode": "email", "autocomplete": "off"}),
        help_text=_("One to ten, by commas or lines. They get what you may read."),
    )
