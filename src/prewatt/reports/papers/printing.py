"""From a laid out paper to PDF by typst: our fonts alone, a fixed time stamp, so that the same paper is the same bytes.

A compiler belongs to one thread. Compiling lets go of the interpreter's lock, so that two threads use two cores.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import pylopdf_fonts_zh_cn
import typst

from prewatt.reports.papers.errors import NoSuchForm, UnableToPrint
from prewatt.reports.papers.forms import find_form
from prewatt.reports.papers.layout import lay_out
from prewatt.reports.papers.pieces import Issued
from prewatt.reports.papers.qr import draw_qr

TEMPLATES: Final = Path(__file__).parent / "templates"
_own = threading.local()


@dataclass(frozen=True, slots=True)
class Marks:
    """What a paper carries beside its content. ``void``: since when it is void, in words; empty while it is in force.

    ``address`` is where its QR code leads; without one the code holds number and check code.
    """

    number: str
    check: str
    issued_at: datetime
    address: str = ""
    void: str = ""


def render(*, kind: str, content: Mapping[str, Any], form: str, marks: Marks) -> bytes:
    """This function will print a paper as PDF. The same content and marks give the same bytes.

    Raises NoSuchForm for a form that the kind is not printed in, UnableToPrint when typst refuses.
    """
    return compile_pdf(*prepare(kind=kind, content=content, form=form, marks=marks))


def prepare(*, kind: str, content: Mapping[str, Any], form: str, marks: Marks) -> tuple[str, str, int]:
    """This function will lay a paper out for ``compile_pdf``: its template, its data, its time stamp."""
    chosen = find_form(kind, form)
    if chosen is None:
        raise NoSuchForm("This paper is not printed in that form.", hint="Choose one of the forms on its page.")
    data: dict[str, Any] = {
        "number": marks.number,
        "check": marks.check,
        "origin": marks.address.split("/v/")[0] if marks.address else "",
        "void": marks.void or None,
        "qr": draw_qr(marks.address or f"PREWATT {marks.number} {marks.check}"),
    }
    data |= lay_out(Issued(kind, marks.number, marks.issued_at, content))
    return chosen.template, json.dumps(data, ensure_ascii=False), int(marks.issued_at.timestamp())


def compile_pdf(template: str, data: str, timestamp: int) -> bytes:
    """This function will let typst fill a template with data, in this thread's own compiler."""
    return _compile(template, data, timestamp, "pdf")[0]


def pictures(*, kind: str, content: Mapping[str, Any], form: str, marks: Marks) -> list[bytes]:
    """This function will draw the pages of a paper as SVG, for a screen."""
    template, data, timestamp = prepare(kind=kind, content=content, form=form, marks=marks)
    return _compile(template, data, timestamp, "svg")


def _compile(template: str, data: str, timestamp: int, into: Literal["pdf", "svg"]) -> list[bytes]:
    try:
        made = _compiler(template).compile(format=into, sys_inputs={"data": data}, timestamp=timestamp)
    except typst.TypstError as error:
        raise UnableToPrint("The paper %(template)s could not be laid out.", template=template) from error
    return [made] if isinstance(made, bytes) else list(made or [])


def _compiler(template: str) -> typst.Compiler:
    """Return this thread's compiler of a template: one compiler cannot serve two threads at once."""
    held: dict[str, typst.Compiler] = _own.__dict__.setdefault("held", {})
    if template not in held:
        held[template] = typst.Compiler(
            TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True
        )
    return held[template]


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    folder = Path(pylopdf_fonts_zh_cn.sans_path()).parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
