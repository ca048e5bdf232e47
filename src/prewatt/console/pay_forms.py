"""What people type about online payments and messages. Plain forms: they check shape; use cases check sense."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.console.forms import DeskForm, ReasonForm
from prewatt.console.labels import LABELS, ONLINE
from prewatt.console.problems import sentence
from prewatt.kernel.errors import PrewattError
from prewatt.payments.errors import BadMerchantData
from prewatt.payments.providers.errors import BadCertificate, BadMerchant

FILE_BYTES_MAX: Final = 16_000_000
OWN_KEYS: Final = {
    "alipay": ("private_key_pem",),
    "wechat": ("private_key_pem", "api_v3_key"),
    "stripe": ("api_key", "webhook_secret"),
    "testpay": ("private_key_pem",),
}
"""The secrets that a channel signs and opens with, as its adapter calls them."""
WITHOUT_PEER_KEYS: Final = frozenset({"stripe"})
OVERLAPS: Final = (
    ("7", _("7 days: what is under way is still heard")),
    ("1", _("1 day")),
    ("0", _("None: the old one leaked")),
)


class BlindText(forms.Textarea):
    """A text area that never shows what was typed before: keys go in and do not come out."""

    @override
    def format_value(self, value: Any) -> str:
        return ""


class OrdersForm(DeskForm):
    """Which orders to list."""

    q = forms.CharField(label=_("Order, trade or account number"), max_length=80, required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *LABELS["order_state"].items()]
    )  # fmt: skip


class OutboxForm(DeskForm):
    """Which messages to list."""

    q = forms.CharField(label=_("Recipient, account or name"), max_length=80, required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *LABELS["notice_state"].items()]
    )  # fmt: skip
    channel = forms.ChoiceField(
        label=_("Way"), required=False, choices=[("", _("All")), *LABELS["notice_channel"].items()]
    )  # fmt: skip


class CreditForm(DeskForm):
    """Which account money in suspense was meant for. ``account`` is the one that was shown for the number typed."""

    number = forms.CharField(
        label=_("Account number"), max_length=40, widget=forms.TextInput({"autocomplete": "off", "autofocus": True})
    )
    reason = forms.CharField(
        label=_("How you know whose it is"), max_length=300, min_length=3,
        widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip
    account = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)


class BackForm(ReasonForm):
    """How much of an online payment goes back to where it came from."""

    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput({"inputmode": "decimal", "autofocus": True})
    )

    field_order = ("amount", "reason", "token")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class RefuseForm(DeskForm):
    """Why a refund is refused."""

    note = forms.CharField(
        label=_("Why not"), max_length=300, min_length=3,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )  # fmt: skip


class SettleForm(DeskForm):
    """How a line that differs is settled, and why."""

    how = forms.ChoiceField(label=_("How"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("What you found"), max_length=300, min_length=3, widget=forms.TextInput({"autocomplete": "off"})
    )

    def __init__(self, *args: Any, ways: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "how", [(code, LABELS["settle"][code]) for code in ways])


class StatementForm(DeskForm):
    """Which day's statement to read, and from which file; without a file the provider is asked."""

    merchant = forms.ChoiceField(label=_("Channel"))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}))
    file = forms.FileField(label=_("File (none: ask the provider)"), required=False)

    def __init__(self, *args: Any, merchants: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "merchant", merchants)

    def clean_file(self) -> Any:
        """This method will refuse a file that is larger than any statement."""
        file = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > FILE_BYTES_MAX:
            raise forms.ValidationError(gettext("The file is larger than 16 MB: choose the statement of one day."))
        return file


class MerchantForm(DeskForm):
    """What of a merchant can be changed."""

    name = forms.CharField(label=_("Name that tenants see"), max_length=80)
    gateway_url = forms.CharField(label=_("Gateway (empty: the provider's own)"), max_length=300, required=False)
    options = forms.CharField(
        label=_("Options, one name=value a line; nothing secret"), max_length=2_000, required=False,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
    )  # fmt: skip
    is_default = forms.BooleanField(label=_("Offered first"), required=False)

    def clean_options(self) -> dict[str, str]:
        """This method will read ``name=value`` lines."""
        lines = [line.strip() for line in self.cleaned_data["options"].splitlines() if line.strip()]
        pairs = [line.partition("=") for line in lines]
        if not all(name.strip() and sign for name, sign, _value in pairs):
            raise forms.ValidationError(gettext("Write each option as name=value."))
        return {name.strip(): value.strip() for name, _sign, value in pairs}


class NewMerchantForm(MerchantForm):
    """A merchant that a provider gave us."""

    channel = forms.ChoiceField(
        label=_("Provider"), choices=[(code, LABELS["channel"][code]) for code in ONLINE]
    )  # fmt: skip
    merchant_no = forms.CharField(label=_("Merchant number"), max_length=60)
    app_id = forms.CharField(label=_("App id"), max_length=60)
    organisation_wide = forms.BooleanField(label=_("For every site of the organisation"), required=False)

    field_order = (
        "channel", "merchant_no", "app_id", "name", "gateway_url", "options", "is_default", "organisation_wide",
    )  # fmt: skip


class KeyForm(DeskForm):
    """A key to put in force. It is sealed at once and never shown again."""

    what = forms.ChoiceField(label=_("Key"))
    serial = forms.CharField(
        label=_("Serial or name of the key"), max_length=80, required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    text = forms.CharField(
        label=_("The key itself"), max_length=16_000,
        widget=BlindText({"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    overlap = forms.ChoiceField(label=_("The one before stays valid for"), choices=OVERLAPS)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        peers = [] if channel in WITHOUT_PEER_KEYS else [("peer", LABELS["key"]["peer"])]
        _offer(self, "what", [*((name, LABELS["key"][name]) for name in OWN_KEYS[channel]), *peers])

    @override
    def clean(self) -> dict[str, Any]:
        """This method will ask for the serial where a provider's keys are told apart by it."""
        data = super().clean() or {}
        if data.get("what") == "peer" and not data.get("serial"):
            self.add_error("serial", gettext("A provider's key needs its serial: messages name it."))
        return data

    @override
    def refuse(self, error: PrewattError) -> None:
        """This method will show beside the key why it cannot be used."""
        if isinstance(error, BadMerchant | BadMerchantData):
            self.add_error("text", sentence(error))
        else:
            super().refuse(error)


class CertificatesForm(DeskForm):
    """What Alipay's certificate mode is made of. Certificates are public: a form that comes back brings them along."""

    private_key_pem = forms.CharField(
        label=_("Our private key"), max_length=16_000, required=False,
        widget=BlindText({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Empty: the one in force. A new one only together with its certificate."),
    )  # fmt: skip
    app_cert_pem = forms.CharField(
        label=_("Our app's certificate"), max_length=16_000, required=False,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}), help_text="appCertPublicKey_….crt",
    )  # fmt: skip
    alipay_cert_pem = forms.CharField(
        label=_("Alipay's certificate"), max_length=16_000, required=False,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}), help_text="alipayCertPublicKey_RSA2.crt",
    )  # fmt: skip
    alipay_root_cert_pem = forms.CharField(
        label=_("Alipay's root certificates"), max_length=16_000, required=False,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}), help_text="alipayRootCert.crt",
    )  # fmt: skip

    @override
    def refuse(self, error: PrewattError) -> None:
        """This method will show why something cannot be used beside the field that it was pasted into."""
        if not isinstance(error, BadCertificate):
            super().refuse(error)
            return
        for name, fault in error.faults.items():
            self.add_error(name, sentence(fault))


def _offer(form: DeskForm, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
