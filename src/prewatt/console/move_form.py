"""Where a meter shall be read: the line, the address on it, and the line's baud."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prewatt.console.forms import DeskForm
from prewatt.reports.estate_sheet import BAUDS


class MoveForm(DeskForm):
    """A place for a meter: it is tried before anything is saved."""

    bus = forms.ChoiceField(label=_("Bus"))
    address = forms.RegexField(
        r"^[0-9]{12}$", label=_("Meter address"), strip=True, max_length=12,
        help_text=_("12 digits, as printed on the meter."), error_messages={"invalid": _("Write all 12 digits.")},
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "class": "form-control pw-mono"}),
    )  # fmt: skip
    baud = forms.TypedChoiceField(
        label=_("Baud"), required=False, coerce=int, empty_value=None,
        choices=[("", _("As the bus is set now")), *((baud, str(baud)) for baud in BAUDS)],
        help_text=_("Another baud is set for the whole bus, with all its meters."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, min_length=3, widget=forms.TextInput({"autocomplete": "off"})
    )

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bus = self.fields["bus"]
        assert isinstance(bus, forms.ChoiceField)
        bus.choices = lines
