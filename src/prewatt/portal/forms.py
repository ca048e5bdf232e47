"""What tenants type. Plain forms: they check shape; use cases check sense, and their refusals become form errors."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prewatt.kernel.errors import PrewattError
from prewatt.notices.values import Wishes
from prewatt.payments.online import MerchantChoice
from prewatt.portal.problems import sentence
from prewatt.portal.words import ROLES

LANGUAGES: Final = (("en", "English"), ("zh-hans", "简体中文"))
"""Each in its own words: whoever looks for theirs may not read the page's."""

_PHONE: Final = {"autocomplete": "off", "inputmode": "tel"}
_CONTACT: Final = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class TenantForm(forms.Form):
    """A form that can show a use case's refusal."""

    def refuse(self, error: PrewattError) -> None:
        """This method will show a use case's refusal above the form."""
        self.add_error(None, sentence(error))


class TopUpForm(TenantForm):
    """An amount and a way to pay it."""

    amount = forms.CharField(
        label=_("Other amount"), max_length=16, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
    )
    merchant = forms.CharField(max_length=40, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, ways: Sequence[MerchantChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways = ways

    def clean_merchant(self) -> str:
        """This method will refuse a way that is not offered."""
        chosen = str(self.cleaned_data["merchant"])
        if chosen not in {str(one.public_id) for one in self.ways}:
            raise forms.ValidationError(gettext("Choose how to pay."))
        return chosen


class WishForm(TenantForm):
    """What a tenant asks the desk for."""

    text = forms.CharField(
        label=_("What we should know"), max_length=500, required=False, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, *args: Any, needs_text: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = needs_text


class AlertForm(TenantForm):
    """How an account wants to be told."""

    channel = forms.ChoiceField(
        label=_("First by"), choices=[
            ("", _("as the operator does it")), ("sms", _("text message")), ("mail", _("mail")),
        ],
        required=False,
    )  # fmt: skip
    warn_days = forms.IntegerField(
        label=_("Warn when the money lasts no longer than (days)"), min_value=1, max_value=60, required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )  # fmt: skip
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=forms.TimeInput({"type": "time"}))
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=forms.TimeInput({"type": "time"}))
    muted = forms.MultipleChoiceField(
        label=_("Not wanted"),
        choices=[
            ("level_1", _("the first warning of a low balance")), ("top_up", _("receipt of a top-up")),
            ("refund", _("money given back")), ("reconnected", _("power is back")),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    second_name = forms.CharField(label=_("A second person: name"), max_length=80, required=False)
    second_phone = forms.CharField(
        label=_("Their phone"), max_length=20, required=False, widget=forms.TextInput(_PHONE)
    )
    second_mail = forms.EmailField(label=_("Their mail"), required=False)

    @staticmethod
    def initial_of(wishes: Wishes) -> dict[str, Any]:
        """This function will return what the form begins with."""
        return {
            "channel": wishes.channels[0] if wishes.channels else "", "warn_days": wishes.warn_days,
            "quiet_from": wishes.quiet_from and f"{wishes.quiet_from:%H:%M}",
            "quiet_to": wishes.quiet_to and f"{wishes.quiet_to:%H:%M}", "muted": list(wishes.muted),
            "second_name": wishes.second_name, "second_phone": wishes.second_phone, "second_mail": wishes.second_mail,
        }  # fmt: skip


class CodeWayForm(TenantForm):
    """Where a code shall be sent."""

    contact = forms.CharField(
        label=_("Phone or mail"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "username", "inputmode": "email", "autofocus": True, **_CONTACT}),
    )
    keep = forms.BooleanField(label=_("Stay signed in on this phone"), required=False)


class PasswordWayForm(TenantForm):
    """Name and password."""

    contact = forms.CharField(
        label=_("Phone, mail or user name"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "username", "inputmode": "email", "autofocus": True, **_CONTACT}),
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )
    keep = forms.BooleanField(label=_("Stay signed in on this phone"), required=False)


class CodeForm(TenantForm):
    """The six digits that were sent."""

    digits = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": "12",
                "autofocus": True,
                "class": "pw-code",
                "data-code": "6",
            }
        ),
    )


class NewLoginForm(TenantForm):
    """Who takes up an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    password = forms.CharField(
        label=_("Password (you may leave it empty)"),
        help_text=_("Without one you sign in with a code each time."),
        max_length=200,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class InviteForm(TenantForm):
    """Whom to share the account with."""

    contact = forms.CharField(
        label=_("Their phone or mail"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "email", **_CONTACT}),
    )
    name = forms.CharField(
        label=_("Their name"), max_length=120, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("What they may do"), choices=[(code, word.name) for code, word in ROLES.items()])
    language = forms.ChoiceField(label=_("Language of the message"), choices=LANGUAGES)


class RoleForm(TenantForm):
    """Another role for somebody."""

    role = forms.ChoiceField(label=_("What they may do"), choices=[(code, word.name) for code, word in ROLES.items()])


class ProfileForm(TenantForm):
    """How a person is called, and in which language they read."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language of pages and messages"), choices=LANGUAGES)


class ContactForm(TenantForm):
    """A new phone or mail."""

    contact = forms.CharField(
        label=_("New phone or mail"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "email", "autofocus": True, **_CONTACT}),
    )


class PasswordForm(TenantForm):
    """Another password, or the first."""

    old = forms.CharField(
        label=_("Present password"),
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )
    new = forms.CharField(
        label=_("New password"),
        help_text=_("At least 8 characters."),
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, needs_old: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_old:
            del self.fields["old"]
