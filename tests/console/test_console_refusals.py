"""Every refusal that a person at the desk can meet is said in their language, with its facts typeset."""

import ast
import importlib
import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from django.utils.translation import gettext, override

from prewatt.billing.errors import HeldStill
from prewatt.console.problems import sentence
from prewatt.kernel.errors import PrewattError
from prewatt.kernel.money import Money
from prewatt.payments.errors import BadPayment
from prewatt.payments.limits import require_amount
from prewatt.rating.errors import NoTariff
from prewatt.supply.errors import StillHeld

SOURCE = Path(__file__).parents[2] / "src" / "prewatt"
OUR_OWN_MISTAKES = {
    "UnbalancedEntry": "a fault of the program: nobody can type it",
    "ledger.UnknownAccount": "a fault of the program: nobody can type it",
    "ledger.AccountTaken": "a fault of the program: nobody can type it",
    "KeyReused": "the API's, in English like all of it",
    "BatchTooLarge": "the field's and the importer's, never a person's at the desk",
    "TariffMalformed": "read from a workbook, whose report is in the language of its columns",
    "TariffHole": "read from a workbook",
    "TariffOverlap": "read from a workbook",
    "UnknownBand": "read from a workbook",
    "BadPrice": "read from a workbook",
    "EstateRefused": "read from a workbook",
    "FixedTenancy": "read from a workbook",
    "PointTaken": "read from a workbook",
    "NotAWorkbook": "read from a workbook",
    "BadCell": "read from a workbook",
}

SAID_BY_PROVIDERS = "prewatt.payments.providers."
"""What adapters say is a diagnosis in the protocol's own words; pages quote it behind a sentence of theirs."""


@cache
def _imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("prewatt"):
            names.add(node.module)
            names |= {f"{node.module}.{one.name}" for one in node.names}
    return names


def _file_of(module):
    path = SOURCE.joinpath(*module.split(".")[1:])
    return next((one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()), None)


def _reached(root):
    """Every module that the face imports, and what those import."""
    found, todo = {}, [f"prewatt.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}" for path in root]
    while todo:
        module = todo.pop().removesuffix(".__init__")
        path = _file_of(module)
        if path is not None and module not in found:
            found[module] = path
            todo += _imports(path)
    return found


def _errors_made_in(name, path):
    """(line, class, template, hint) of each error that is made in a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id[:1].isupper() and node.args:
            kind = getattr(importlib.import_module(name), node.func.id, None)
            if isinstance(kind, type) and issubclass(kind, PrewattError):
                hint = next((word.value for word in node.keywords if word.arg == "hint"), ast.Constant(""))
                yield node.lineno, kind, node.args[0], hint


def _refusals():
    faces = [path for face in ("console", "portal") for path in (SOURCE / face).rglob("*.py")]
    for name, path in sorted(_reached(faces).items()):
        if name.startswith(SAID_BY_PROVIDERS):
            continue
        for line, kind, text, hint in _errors_made_in(name, path):
            known = {kind.__name__, f"{kind.__module__.split('.')[1]}.{kind.__name__}"}
            if not known & OUR_OWN_MISTAKES.keys():
                yield pytest.param(kind, text, hint, id=f"{name}:{line}")


@pytest.mark.parametrize(("kind", "text", "hint"), list(_refusals()))
def test_a_refusal_is_said_in_chinese(kind, text, hint):
    for node in (text, hint):
        said = node.value if isinstance(node, ast.Constant) else None
        assert isinstance(said, str), "name the facts as %(amount)s and hand them over: no f-string"
        with override("zh-hans"):
            chinese = gettext(said) if said else ""
        if said:
            assert re.search("[\u4e00-\u9fff]", chinese), "add it to the catalogue and compile the catalogues"
        assert set(re.findall(r"%\((\w+)\)", chinese)) <= set(re.findall(r"%\((\w+)\)", said))


def test_the_facts_of_a_refusal_are_typeset_and_its_codes_are_words():
    with pytest.raises(BadPayment) as caught:
        require_amount(Money(10**12, "CNY"), currency="CNY")
    with override("zh-hans"):
        assert sentence(caught.value) == "¥10,000,000,000.00 超过单笔上限。 单笔最多 ¥1,000,000.00。"
        held = StillHeld("%(room)s is still held: %(holds)s.", room="1#-307", holds=("credit", "manual"))
        assert sentence(held) == "1#-307 仍受限制：欠费, 人工。"
    assert sentence(held) == "1#-307 is still held: Out of credit, By hand."
    assert str(held) == "1#-307 is still held: credit, manual."


def test_a_refusal_within_a_refusal_is_said_too():
    why = NoTariff(
        "No tariff version holds on %(day)s.", hint="Assign a tariff that begins earlier.", day=date(2026, 11, 1)
    )
    held = HeldStill(
        "The reading cannot be charged. %(why)s", hint="Give the point a payer and a tariff first.", why=why
    )
    assert sentence(held).startswith("The reading cannot be charged. No tariff version holds on 2026-11-01. Assign")
    with override("zh-hans"):
        assert not re.search("[a-z]", sentence(held))
