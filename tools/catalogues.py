"""Compiles gettext catalogues (.po to .mo) without gettext's programs. Standard library only."""

import ast
import struct
import sys
from pathlib import Path

MAGIC = 0x950412DE


def parse(text: str) -> dict[str, str]:
    """This function will read a catalogue: message to translation; plurals and contexts as gettext joins them.

    Messages that are fuzzy, obsolete or not translated are left out.
    """
    messages: dict[str, str] = {}
    entry: dict[str, str] = {}
    fuzzy, key = False, ""
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        line = raw.strip()
        if not line:
            _keep(messages, entry, fuzzy=fuzzy)
            entry, fuzzy, key = {}, False, ""
        elif line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line.startswith('"'):
            entry[key] += _string(line, number)
        else:
            key, _, rest = line.partition(" ")
            if (key == "msgctxt" and "msgstr" in entry) or (key == "msgid" and ("msgid" in entry or "msgstr" in entry)):
                _keep(messages, entry, fuzzy=fuzzy)
                entry, fuzzy = {}, False
            entry[key] = _string(rest.strip(), number)
    return messages


def _string(quoted: str, number: int) -> str:
    try:
        value = ast.literal_eval(quoted)
    except (SyntaxError, ValueError):
        raise SystemExit(f"line {number}: not a quoted string: {quoted}") from None
    return str(value)


def _keep(messages: dict[str, str], entry: dict[str, str], *, fuzzy: bool) -> None:
    if "msgid" not in entry or (fuzzy and entry["msgid"]):
        return
    forms = [entry[key] for key in sorted(one for one in entry if one.startswith("msgstr"))]
    if not any(forms):
        return
    message = entry["msgid"] + (f"\0{entry['msgid_plural']}" if "msgid_plural" in entry else "")
    message = f"{entry['msgctxt']}\4{message}" if "msgctxt" in entry else message
    messages[message] = "\0".join(forms)


def to_mo(messages: dict[str, str]) -> bytes:
    """This function will write the binary form: two tables of lengths and offsets, then the strings."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    begin_originals, begin_translations = 28, 28 + 8 * len(pairs)
    offset = begin_translations + 8 * len(pairs)
    originals, translations, strings = b"", b"", b""
    for key, _ in pairs:
        originals += struct.pack("<II", len(key), offset + len(strings))
        strings += key + b"\0"
    for _, value in pairs:
        translations += struct.pack("<II", len(value), offset + len(strings))
        strings += value + b"\0"
    head = struct.pack("<7I", MAGIC, 0, len(pairs), begin_originals, begin_translations, 0, 0)
    return head + originals + translations + strings


def compile_all(folder: Path) -> list[Path]:
    """This function will compile every catalogue below the folder that has changed, and return all .mo files."""
    made = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        compiled = to_mo(parse(source.read_text(encoding="utf-8")))
        if not target.exists() or target.read_bytes() != compiled:
            target.write_bytes(compiled)
        made.append(target)
    return made


if __name__ == "__main__":
    for file in compile_all(Path(sys.argv[1])):
        print(file)
