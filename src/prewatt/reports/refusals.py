"""How a refusal reads: its sentence and its way out in the reader's language, with the facts typeset."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from prewatt.kernel.errors import PrewattError, fill
from prewatt.kernel.money import Money
from prewatt.reports import formats

_NO_NAMES: Final[Mapping[str, Callable[[str], str]]] = {}


class Said(NamedTuple):
    """What could not be done, and what to do instead."""

    text: str
    hint: str


def say(error: PrewattError, *, names: Mapping[str, Callable[[str], str]] = _NO_NAMES) -> Said:
    """This function will write an error for a person to read. ``names`` puts words to facts that are codes."""
    facts = {name: _shown(fact, names.get(name, str)) for name, fact in error.facts.items()}
    text, hint = (_(template) if template else "" for template in (error.template, error.hint_template))
    return Said(fill(text, facts), fill(hint, facts))


def _shown(fact: object, name: Callable[[str], str]) -> str:
    match fact:
        case Money():
            return formats.money(fact)
        case PrewattError():
            return " ".join(filter(None, say(fact)))
        case tuple():
            return ", ".join(name(str(one)) for one in fact)
        case _:
            return name(str(fact))
