"""What tenants type. Plain forms: they check shape; use cases check sense, and their refusals become form errors."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from prewatt.kernel.errors import PrewattError
from prewatt.portal.problems import sentence
from prewatt.portal.words import ROLES

LANGUAGES: Final = (("en", "English"), ("zh-hans", "简体中文"))
"""Each in its own words: whoever looks for theirs may not read the page's."""

_CONTACT: Final = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class TenantForm(forms.Form):
    """A form that can show a use case's refusal."""

    def refuse(self, error: PrewattError) -> None:
        """This method will show a use case's refusal above the form."""
        self.add_error(None, sentence(error))


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
