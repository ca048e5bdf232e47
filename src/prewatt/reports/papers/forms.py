"""In which forms a kind of paper is printed."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """A size of paper, and the template that fills it."""

    code: str
    template: str
    name: str


A4: Final = "a4"
A5: Final = "a5"
ROLL: Final = "roll"

_SLIPS: Final = (Form(A5, "slip", "A5"), Form(ROLL, "roll", "80 mm"))
FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "receipt": _SLIPS,
    "refund": _SLIPS,
    "clearing": _SLIPS,
    "reversal": _SLIPS,
    "statement": (Form(A4, "statement", "A4"),),
    "settlement": (Form(A4, "settlement", "A4"),),
    "energy_report": (Form(A4, "energy_report", "A4"),),
    "agreement": (Form(A4, "agreement", "A4"),),
    "cashier_report": (Form(A4, "cashier_report", "A4"),),
}
"""The first form of a kind is what is printed when nobody says otherwise."""


def forms_of(kind: str) -> tuple[Form, ...]:
    """This function will return the forms of a kind of paper; a kind that has none is not printed."""
    return FORMS.get(kind, ())


def find_form(kind: str, code: str) -> Form | None:
    """This function will return a kind's form by its code, or its first when none is named."""
    forms = forms_of(kind)
    return next((one for one in forms if one.code == code or not code), None)
