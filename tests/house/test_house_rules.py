"""Rules that no other tool can see. Each failure names the file and the way out."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "prewatt"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
ROOMS = [
    "access", "cases", "ledger", "estate", "tenancy", "metering", "billing", "supply", "notices", "payments", "reports",
]  # fmt: skip
"""The Django rooms, lowest first."""

INTEGER_ROOMS = ("kernel/money.py", "kernel/energy.py", "rating/", "ledger/", "billing/", "wire/")


def _name(path):
    return path.relative_to(SOURCE).as_posix()


def _code_lines(path):
    return sum(1 for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#"))


def test_no_file_is_more_than_one_can_hold_in_the_head():
    long = {_name(path): _code_lines(path) for path in MODULES if _code_lines(path) > 600}
    assert not long, f"split by use: {long}"


def test_functions_stay_short():
    lengths = sorted(
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{_name(path)}:{node.lineno} {node.name}")
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.95)][0] <= 40, lengths[-10:]
    assert lengths[-1][0] <= 90, lengths[-5:]


@pytest.mark.parametrize("path", [path for path in MODULES if _name(path).startswith(INTEGER_ROOMS)], ids=_name)
def test_no_float_touches_money_energy_or_the_wire(path):
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Name) and node.id == "float"), f"{_name(path)}:{node.lineno} uses float"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{_name(path)}:{node.lineno}"


def test_no_table_points_up():
    order = {name: place for place, name in enumerate(ROOMS)}
    for model in apps.get_models():
        room = model._meta.app_label
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not getattr(field, "concrete", False) or target is None or room not in order:
                continue
            other = target._meta.app_label
            assert other not in order or order[other] <= order[room], (
                f"{model.__name__}.{field.name} points up to {other}"
            )


def test_every_constraint_and_index_has_a_name_of_ours():
    for model in apps.get_models():
        if model._meta.app_label in ROOMS:
            for rule in [*model._meta.constraints, *model._meta.indexes]:
                assert rule.name, model


def _tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_committed_file_names_a_registry_or_a_workplace():
    hosts = re.compile(
        rb"(pyp[i]|pythonhoste[d]|npmj[s])\.(org|com)|unpk[g]\.com|jsdeliv[r]\.net|cdnj[s]\.|deb\.debia[n]\.org|/wor[k]/ma[i]n"
    )
    found = [str(path.relative_to(ROOT)) for path in _tracked() if hosts.search(path.read_bytes())]
    assert not found


def test_services_are_keyword_only():
    for path in MODULES:
        if path.name != "services.py" and "usecases" not in path.parts:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert len(node.args.args) <= 1, f"{_name(path)}:{node.lineno} {node.name} takes positional arguments"
