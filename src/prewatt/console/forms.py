"""What people type. Plain forms: they check shape; use cases check sense, and their refusals become form errors."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prewatt.console.labels import LABELS
from prewatt.console.problems import sentence
from prewatt.kernel.errors import PrewattError
from prewatt.payments.limits import is_till

LANGUAGES: Final = (("en", "English"), ("zh-hans", "简体中文"))
_DECIMAL: Final = {"inputmode": "decimal"}
CHANNELS: Final = [(code, LABELS["channel"][code]) for code in ("cash", "card", "transfer")]
"""How the desk takes money and gives it back; online money goes its own way."""


class DeskForm(forms.Form):
    """A form whose fields look like the console's, and that can show a use case's refusal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.HiddenInput | forms.CheckboxInput):
                kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
                field.widget.attrs.setdefault("class", kind)

    def refuse(self, error: PrewattError) -> None:
        """This method will show a use case's refusal above the form."""
        self.add_error(None, sentence(error))


class SignInForm(DeskForm):
    """Name and password."""

    username = forms.CharField(
        label=_("User name"), max_length=80, widget=forms.TextInput({"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )


class ReasonForm(DeskForm):
    """A reason for the record, and a token that makes the form count once."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        min_length=3,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)


class AmountForm(ReasonForm):
    """An amount to give back, with a reason."""

    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput({"inputmode": "decimal", "autofocus": True})
    )
    channel = forms.ChoiceField(label=_("Paid out by"), choices=CHANNELS)

    field_order = ("amount", "channel", "reason", "token")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


PLAN_WAYS: Final = [("carry", _("Carried to the next month")), ("refund", _("Given back"))]


class PlanForm(ReasonForm):
    """How an account pays each month ahead: what becomes of a surplus, and an amount where a person knows better."""

    way = forms.ChoiceField(
        label=_("Surplus at the end of a month"),
        choices=PLAN_WAYS,
        widget=forms.RadioSelect,
    )
    amount = forms.CharField(
        label=_("Amount a month (empty: from its own use)"), max_length=20, required=False,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )  # fmt: skip

    field_order = ("way", "amount", "reason", "token")

    def __init__(self, *args: Any, has_plan: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_plan:
            way = self.fields["way"]
            assert isinstance(way, forms.ChoiceField)
            way.choices = [*PLAN_WAYS, ("end", _("It does not pay ahead any more"))]


class TopUpForm(DeskForm):
    """What the till takes. The preset keys only fill in the amount; what is handed over never leaves the screen."""

    account = forms.UUIDField(widget=forms.HiddenInput)
    amount = forms.CharField(label=_("Amount"), max_length=20, widget=forms.TextInput({"inputmode": "decimal"}))
    channel = forms.ChoiceField(label=_("Paid by"), choices=CHANNELS, widget=forms.RadioSelect)
    token = forms.UUIDField(widget=forms.HiddenInput)


class ReadingsForm(DeskForm):
    """Which readings to list."""

    q = forms.CharField(label=_("Room or meter"), max_length=60, required=False)
    from_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    to_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))
    held = forms.BooleanField(label=_("Held back only"), required=False)


class CountForm(ReasonForm):
    """A cut asks for the number of rooms that the dry run showed: nobody cuts by habit."""

    count = forms.IntegerField(
        label=_("Type the number of rooms to cut"), min_value=0, widget=forms.TextInput({"inputmode": "numeric"})
    )

    field_order = ("reason", "count", "token")

    def __init__(self, *args: Any, expected: int, **kwargs: Any) -> None:
        self.expected = expected
        super().__init__(*args, **kwargs)

    def clean_count(self) -> int:
        """This method will refuse a number that is not the dry run's."""
        count: int = self.cleaned_data["count"]
        if count != self.expected:
            raise forms.ValidationError(gettext("%(n)s can be cut: type %(n)s, or go back.") % {"n": self.expected})
        return count


class ToldForm(DeskForm):
    """How a tenant was told."""

    how = forms.CharField(
        label=_("How, and whom you spoke to"), max_length=200, min_length=3,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )  # fmt: skip


class NoteForm(DeskForm):
    """What was found and done, for a case that is closed by hand."""

    note = forms.CharField(
        label=_("What you found and did"), max_length=500, min_length=3, widget=forms.Textarea({"rows": 3})
    )


class ResolveForm(DeskForm):
    """What becomes of a reading that was held back."""

    answer = forms.ChoiceField(
        label=_("Decision"),
        choices=[("accept", _("Accept: charge it")), ("reject", _("Reject: keep it, never charge it"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, min_length=3, widget=forms.TextInput({"autocomplete": "off"})
    )


class SignForm(DeskForm):
    """The dated, signed step to another supply mode."""

    statement = forms.CharField(
        label=_("Statement that you sign"), max_length=500, min_length=10, widget=forms.Textarea({"rows": 2})
    )
    count = forms.IntegerField(
        label=_("Type the number of rooms that would be cut now"), min_value=0,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, expected: int | None, **kwargs: Any) -> None:
        self.expected = expected
        super().__init__(*args, **kwargs)
        if expected is None:
            del self.fields["count"]

    def clean_count(self) -> int:
        """This method will refuse a number that is not the list's."""
        count: int = self.cleaned_data["count"]
        if count != self.expected:
            raise forms.ValidationError(gettext("The list says %(n)s: read it, then type that.") % {"n": self.expected})
        return count


class InviteForm(DeskForm):
    """Whom to let into the portal of an account."""

    contact = forms.CharField(
        label=_("Phone or mail"), max_length=254, widget=forms.TextInput({"autocomplete": "off", "inputmode": "email"})
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=list(LABELS["share_role"].items()))
    language = forms.ChoiceField(label=_("Language of the message"), choices=LANGUAGES)


class PapersForm(DeskForm):
    """Which papers to list."""

    q = forms.CharField(label=_("Number, room or name"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    from_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    to_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["kind"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [("", _("All")), *LABELS["document"].items()]


class MonthForm(DeskForm):
    """A month that is closed."""

    month = forms.ChoiceField(label=_("Month"))

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["month"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [(one.isoformat(), f"{one:%Y-%m}") for one in months]


class RunForm(MonthForm):
    """Which papers of which month, and of how much of the site."""

    kind = forms.ChoiceField(label=_("Papers"), choices=list(LABELS["run"].items()))
    building = forms.ChoiceField(label=_("Building"), required=False)

    field_order = ("kind", "month", "building")

    def __init__(self, *args: Any, buildings: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        where = self.fields["building"]
        assert isinstance(where, forms.ChoiceField)
        where.choices = [("", _("The whole site")), *buildings]


_WISHED: Final = (("sms", _("text message")), ("mail", _("mail")))


class MessagesForm(DeskForm):
    """How an account is told, as the desk keeps it for the tenant who asked. ``offered``: the site's ways."""

    language = forms.ChoiceField(label=_("Language of the messages"), choices=LANGUAGES)
    channel = forms.ChoiceField(
        label=_("First by"),
        required=False,
    )
    level_1 = forms.CharField(
        label=_("Low balance, level 1"), max_length=20, required=False, widget=forms.TextInput(_DECIMAL)
    )
    level_2 = forms.CharField(
        label=_("Low balance, level 2"), max_length=20, required=False, widget=forms.TextInput(_DECIMAL)
    )
    warn_days = forms.IntegerField(
        label=_("Warn when the money lasts no longer than (days)"), min_value=1, max_value=60, required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )  # fmt: skip
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=forms.TimeInput({"type": "time"}))
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=forms.TimeInput({"type": "time"}))
    muted = forms.MultipleChoiceField(
        label=_("Not wanted"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[
            ("level_1", _("the first warning of a low balance")), ("top_up", _("receipt of a top-up")),
            ("refund", _("money given back")), ("reconnected", _("power is back")),
        ],
    )  # fmt: skip
    second_name = forms.CharField(label=_("A second person: name"), max_length=80, required=False)
    second_phone = forms.CharField(
        label=_("Their phone"), max_length=20, required=False, widget=forms.TextInput({"inputmode": "tel"})
    )
    second_mail = forms.EmailField(label=_("Their mail"), required=False)
    reason = forms.CharField(
        label=_("Who asked for it, and how"), max_length=300, min_length=3,
        widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["muted"].widget.attrs.pop("class")
        first = self.fields["channel"]
        assert isinstance(first, forms.ChoiceField)
        first.choices = [("", _("as the operator does it")), *(one for one in _WISHED if one[0] in offered)]


class TillForm(DeskForm):
    """The name of a till, in capitals: ``t2`` is no other till than ``T2``."""

    till = forms.CharField(
        label=_("Name of the till"), max_length=12,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True, "autocapitalize": "characters"}),
    )  # fmt: skip

    def clean_till(self) -> str:
        """This method will refuse a name that papers cannot carry."""
        name = str(self.cleaned_data["till"]).upper()
        if not is_till(name):
            raise forms.ValidationError(gettext("Use up to 12 letters and figures, as T1."))
        return name
