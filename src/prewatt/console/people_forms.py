"""What an administrator types about people and roles."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from typing_extensions import override

from prewatt.access.permissions import Permission
from prewatt.access.roster import RoleRow, ScopeRow
from prewatt.console.forms import LANGUAGES, DeskForm
from prewatt.reports.tables.verbs import VERBS

STATES: Final = (("active", _("Active")), ("invited", _("Invited")), ("closed", _("Closed")))
_PLAIN: Final = {"autocomplete": "off"}
_INDENT: Final = "\N{EM SPACE}"


def _places(scopes: Sequence[ScopeRow]) -> list[tuple[str, str]]:
    return [(str(one.id), f"{_INDENT * one.depth}{one.name}") for one in scopes]


class PeopleForm(DeskForm):
    """Which logins to list."""

    q = forms.CharField(label=_("Name, user name, mail or phone"), max_length=80, required=False)
    role = forms.ChoiceField(label=pgettext_lazy("desk", "Role"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *STATES])

    def __init__(self, *args: Any, roles: Sequence[RoleRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "role", [("", _("All")), *((one.code, one.name) for one in roles)])


class GiveForm(DeskForm):
    """Which role, and where. Only what the reader could give is offered."""

    role = forms.ChoiceField(label=pgettext_lazy("desk", "Role"))
    scope_id = forms.TypedChoiceField(label=_("Where it holds"), coerce=int)

    def __init__(self, *args: Any, roles: Sequence[RoleRow], scopes: Sequence[ScopeRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "role", [(one.code, one.name) for one in roles if one.code != "machine"])
        _choices(self, "scope_id", _places(scopes))


class InvitePersonForm(GiveForm):
    """Whom to let in, with a first role."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(_PLAIN))
    username = forms.CharField(label=_("User name"), max_length=80, widget=forms.TextInput(_PLAIN))
    contact = forms.CharField(
        label=_("Mail or phone, for the link"), max_length=254,
        widget=forms.TextInput({**_PLAIN, "inputmode": "email"}),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)

    field_order = ("name", "username", "contact", "role", "scope_id", "language")


class RoleForm(DeskForm):
    """The name of a role of one's own, and the ticks of its column. ``seen``: what was ticked when it was shown."""

    name = forms.CharField(label=_("Name of the role"), max_length=60, widget=forms.TextInput(_PLAIN))
    scope_id = forms.TypedChoiceField(label=_("Where it belongs"), coerce=int)
    rights = forms.MultipleChoiceField(label=_("Rights"), choices=[(one, one) for one in Permission])
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, scopes: Sequence[ScopeRow] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if scopes is None:
            del self.fields["scope_id"]
        else:
            _choices(self, "scope_id", _places(scopes))

    def clean_seen(self) -> list[str]:
        """This method will read what the editor was shown."""
        return [one for one in str(self.cleaned_data["seen"]).split(",") if one]


class SafetyForm(DeskForm):
    """What a role asks of the sessions of those who hold it."""

    idle_minutes = forms.IntegerField(
        label=_("Signed out after so many minutes of rest (0: never)"), min_value=0, max_value=720,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    needs_second_factor = forms.BooleanField(label=_("A second factor is required"), required=False)
    alone = forms.CharField(
        label=_("Gives back and undoes money alone up to (0: never alone; empty: no limit)"), max_length=20,
        required=False, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip


class TrailForm(DeskForm):
    """Which actions to list."""

    who = forms.CharField(label=_("Done by"), max_length=80, required=False)
    verb = forms.ChoiceField(label=_("What was done"), required=False)
    subject = forms.CharField(label=_("Id or address"), max_length=60, required=False)
    by = forms.ChoiceField(
        label=_("By"), required=False,
        choices=[("people", _("people")), ("processes", _("the house itself")), ("all", _("All"))],
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("All")), ("done", _("Done")), ("refused", _("Refused"))]
    )
    from_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    to_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verbs = sorted(((code, str(label)) for code, label in VERBS.items()), key=lambda pair: pair[1])
        _choices(self, "verb", [("", _("All")), *verbs])


class CodeForm(DeskForm):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"), max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}),
    )  # fmt: skip


class PasswordForm(DeskForm):
    """A password, typed twice."""

    password = forms.CharField(
        label=_("New password"), max_length=200,
        widget=forms.PasswordInput({"autocomplete": "new-password", "autofocus": True}),
    )  # fmt: skip
    again = forms.CharField(
        label=_("Once more"), max_length=200, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    @override
    def clean(self) -> dict[str, Any]:
        """This method will refuse two passwords that differ."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The two differ: type the same password twice."))
        return data


class ChangePasswordForm(PasswordForm):
    """Another password for one's own login."""

    old = forms.CharField(
        label=_("Present password"), max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )

    field_order = ("old", "password", "again")


def _choices(form: DeskForm, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
