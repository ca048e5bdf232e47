import gettext
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import catalogues

SOURCE = r"""
# The head.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

#: a.py
msgid "Balance"
msgstr "余额"
msgid "Two "
"lines\n"
msgstr ""
"两行\n"

msgctxt "relay"
msgid "Off"
msgstr "断开"

#, python-format
msgid "%(n)s meter"
msgid_plural "%(n)s meters"
msgstr[0] "%(n)s 块表"

#, fuzzy
msgid "Doubtful"
msgstr "也许"

msgid "Not yet"
msgstr ""
#~ msgid "Gone"
#~ msgstr "没了"
"""


def load(messages: dict[str, str]) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(catalogues.to_mo(messages)))


def test_pythons_own_reader_reads_what_we_write() -> None:
    read = load(catalogues.parse(SOURCE))
    assert read.gettext("Balance") == "余额"
    assert read.gettext("Two lines\n") == "两行\n"
    assert read.pgettext("relay", "Off") == "断开"
    assert read.ngettext("%(n)s meter", "%(n)s meters", 3) == "%(n)s 块表"
    for untranslated in ("Doubtful", "Not yet", "Gone", "Off"):
        assert read.gettext(untranslated) == untranslated


@given(st.dictionaries(st.text(min_size=1).filter(lambda one: "\0" not in one), st.text(min_size=1), max_size=20))
def test_whatever_goes_in_comes_out(messages: dict[str, str]) -> None:
    kept = {key: value for key, value in messages.items() if "\0" not in value}
    read = load({"": "Content-Type: text/plain; charset=UTF-8\n", **kept})
    for key, value in kept.items():
        assert read.gettext(key) == value


def test_a_broken_line_is_named() -> None:
    with pytest.raises(SystemExit, match="line 2"):
        catalogues.parse('msgid "a"\nmsgstr oops\n')


def test_the_command_compiles_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(SOURCE, encoding="utf-8")
    for _ in range(2):
        subprocess.run([sys.executable, catalogues.__file__, str(tmp_path)], check=True, capture_output=True)
    assert (folder / "django.mo").read_bytes() == catalogues.to_mo(catalogues.parse(SOURCE))
