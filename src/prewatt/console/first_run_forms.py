"""What the first administrator types: a login, a site, a gateway, and where a test message goes."""

from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prewatt.console.forms import LANGUAGES, DeskForm
from prewatt.kernel.money import MINOR_DIGITS
from prewatt.reports.estate_sheet import BAUDS, PARITIES

_PLAIN: Final = {"autocomplete": "off"}
_PORT: Final = {"inputmode": "numeric", "autocomplete": "off"}


class FirstLoginForm(DeskForm):
    """The code from the terminal, and the first administrator."""

    code = forms.CharField(
        label=_("Set-up code"), max_length=40, widget=forms.TextInput({**_PLAIN, "autofocus": True}),
        help_text=_("On the terminal where Prewatt was started."),
    )  # fmt: skip
    organisation = forms.CharField(
        label=_("Your company"), max_length=120, help_text=_("Written in the same way in the estate workbook.")
    )
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    username = forms.CharField(
        label=_("User name"), max_length=80, widget=forms.TextInput({"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("12 characters or more."),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class FirstSiteForm(DeskForm):
    """The site: its time zone, currency and first day stay for ever."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput({**_PLAIN, "autofocus": True}))
    code = forms.CharField(
        label=_("Code"), max_length=20, widget=forms.TextInput(_PLAIN),
        help_text=_("Short, as on papers: letters, digits, - and _."),
    )  # fmt: skip
    time_zone = forms.ChoiceField(label=_("Time zone"))
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in MINOR_DIGITS])
    first_day = forms.DateField(
        label=_("First day of the books"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    operator_name = forms.CharField(label=_("Who sells the electricity"), max_length=120)
    service_phone = forms.CharField(label=_("Service phone"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = _zones()


class FirstGatewayForm(DeskForm):
    """A line behind a gateway, and a meter on it to read."""

    gateway = forms.CharField(
        label=_("Name of the gateway"), max_length=40, widget=forms.TextInput({**_PLAIN, "autofocus": True})
    )
    address = forms.CharField(label=_("Address"), max_length=120, widget=forms.TextInput(_PLAIN))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, widget=forms.TextInput(_PORT))
    baud = forms.TypedChoiceField(label=_("Baud"), choices=[(one, str(one)) for one in BAUDS], coerce=int)
    parity = forms.ChoiceField(label=_("Parity"), choices=[(one, one) for one in PARITIES])
    meter = forms.RegexField(
        r"^(?!9{12}$)[0-9]{1,12}$", label=_("Address of one meter on it"), required=False, strip=True,
        widget=forms.TextInput(_PORT), help_text=_("12 digits on its face; it is read once. Empty: only connect."),
    )  # fmt: skip
    untried = forms.BooleanField(label=_("Keep it although it does not answer yet"), required=False)


class TestMessageForm(DeskForm):
    """Where a test message goes."""

    way = forms.ChoiceField(label=pgettext_lazy("message", "Way"), choices=[("mail", _("Mail")), ("sms", _("Text"))])
    recipient = forms.CharField(
        label=_("Your own mail address or phone"), max_length=254, widget=forms.TextInput({"autofocus": True})
    )


@cache
def _zones() -> list[tuple[str, str]]:
    return [
        (one, one) for one in sorted(available_timezones()) if "/" in one and not one.startswith(("Etc/", "posix/"))
    ]
