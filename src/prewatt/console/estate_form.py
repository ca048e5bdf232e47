"""The form of an estate workbook: the file, the step, and the signature of the last one."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.console.forms import DeskForm
from prewatt.usecases.bring_estate import WORKBOOK_BYTES_MAX

STATEMENT_CHARS_MIN: Final = 10
STEPS: Final = [("check", "check"), ("bring", "bring")]


class WorkbookForm(DeskForm):
    """A workbook to look at, or to bring in as it was looked at."""

    file = forms.FileField(
        label=_("Workbook"), widget=forms.FileInput({"accept": ".xlsx,.xlsm,.ods", "class": "form-control"})
    )
    step = forms.ChoiceField(choices=STEPS, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    statement = forms.CharField(
        label=_("Statement that you sign"), max_length=300, required=False,
        widget=forms.Textarea({"rows": 2, "required": True, "minlength": STATEMENT_CHARS_MIN}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        """This method will refuse a file that is larger than any estate's."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > WORKBOOK_BYTES_MAX:
            raise forms.ValidationError(
                gettext("The file is larger than 20 MB; an estate of 10,000 meters needs 1 MB.")
            )
        return file

    @override
    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.get("step") == "bring" and len(data.get("statement", "")) < STATEMENT_CHARS_MIN:
            self.add_error("statement", gettext("Say in ten characters or more what you sign."))
        return data
