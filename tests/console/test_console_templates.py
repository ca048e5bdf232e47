"""What every template keeps to: the content security policy, icons that exist, and words in both languages."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.utils.translation import gettext, ngettext, override, pgettext
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "prewatt"
TEMPLATES = sorted(path for face in ("console", "portal") for path in (SOURCE / face / "templates").rglob("*.html"))
ICONS = json.loads((ROOT / "frontend" / "icons.json").read_text())
NAMES = {*ICONS["outline"], *(f"{name}-filled" for name in ICONS["filled"])}
SAME_IN_BOTH = {"English", "Excel", "Stripe"}
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}


def _id(path):
    return path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=_id)
def test_nothing_in_a_template_is_refused_by_the_content_security_policy(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text), "a style attribute is refused: use a class or an SVG attribute"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script is refused: put it in frontend/src"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "event attributes are refused: listen in frontend/src"
    assert not re.search(r"hx-(on|vals=.js)|hx-trigger=\"[^\"]*\[", text), "evaluated code is refused"


@pytest.mark.parametrize("path", TEMPLATES, ids=_id)
def test_every_icon_is_in_the_sprite(path):
    for name in re.findall(r"{% icon \"([^\"]+)\"", path.read_text()):
        assert name in NAMES, f"add {name} to frontend/icons.json"


@pytest.mark.parametrize("path", TEMPLATES, ids=_id)
def test_every_form_that_changes_something_carries_its_token(path):
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL):
        assert "{% csrf_token %}" in form


def _strings_of(path):
    text = path.read_text()
    for call in _calls_in_template(text) if path.suffix == ".html" else _calls_in(ast.parse(text)):
        words = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if words:
            yield call.func.id.removesuffix("_lazy"), words


def _calls_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node


def _calls_in_template(text):
    """Django turns a template into something where only the calls of gettext are Python: take those."""
    source = templatize(text)
    for found in re.finditer(r"\bn?p?gettext\(", source):
        for end in (place.end() for place in re.compile(r"\)").finditer(source, found.end())):
            try:
                yield ast.parse(source[found.start() : end], mode="eval").body
            except SyntaxError:
                continue
            break


def _sources():
    yield from TEMPLATES
    for path in SOURCE.rglob("*.py"):
        if "migrations" not in path.parts and "translation import" in path.read_text():
            yield path


@pytest.mark.parametrize("path", sorted(_sources()), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_sentence_is_said_in_chinese_too(path):
    missing = []
    with override("zh-hans"):
        for call, words in _strings_of(path):
            if call == "pgettext":
                said, meant = pgettext(words[0], words[1]), words[1]
            elif call == "ngettext":
                said, meant = ngettext(words[0], words[1], 1), words[0]
            else:
                said, meant = gettext(words[0]), words[0]
            if said == meant and meant not in SAME_IN_BOTH:
                missing.append(meant)
    assert not missing, "add to locale/zh_Hans/LC_MESSAGES/django.po and compile the catalogues"
