"""A paper as PDF: laid out at its first print and kept; handed out again byte for byte ever after."""

import re
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.kernel.clock import machine_now
from prewatt.ledger.documents import plain_check
from prewatt.ledger.queries import find_file
from prewatt.ledger.services import keep_files
from prewatt.ledger.values import DocumentValue
from prewatt.reports.papers import Marks, pictures, render
from prewatt.reports.papers.errors import NoSuchForm
from prewatt.reports.papers.forms import find_form
from prewatt.usecases.see_documents import see_document
from prewatt.usecases.work import unit_of_work

VOID: Final = ":void"
_UNSAFE: Final = re.compile(r"[^\w\-.# ]+")


def print_document(*, user: User, public_id: UUID, form: str = "", address: str = "") -> bytes:
    """This function will return an issued paper that the login may see as PDF; ``form`` empty: the kind's first.

    Raises UnknownDocument, UnknownAccount, NoSuchForm.
    """
    document = see_document(user=user, public_id=public_id)
    return print_paper(actor=Actor(process="web", user=user, address=address), document=document, form=form)


def print_paper(*, actor: Actor, document: DocumentValue, form: str = "") -> bytes:
    """This function will return a paper as PDF. Who may see it is asked before. Raises NoSuchForm.

    A paper that has become void is printed anew once, with a mark across it; the first print is kept beside it.
    """
    kept_form = kept_as(document=document, form=form)
    kept = find_file(document_id=document.id, form=kept_form)
    if kept is not None:
        return kept
    data = render_paper(document=document, form=form)
    with unit_of_work(actor=actor, verb="print_document", subject=("document", str(document.public_id))):
        keep_files(form=kept_form, files={document.id: data}, printed_at=machine_now())
    return find_file(document_id=document.id, form=kept_form) or data


def render_paper(*, document: DocumentValue, form: str = "") -> bytes:
    """This function will lay a paper out as PDF, without keeping it."""
    return render(kind=document.kind, content=document.content, form=form, marks=marks_of(document))


def draw_paper(*, document: DocumentValue, form: str = "") -> list[bytes]:
    """This function will draw a paper's pages as SVG, for a screen."""
    return pictures(kind=document.kind, content=document.content, form=form, marks=marks_of(document))


def kept_as(*, document: DocumentValue, form: str) -> str:
    """This function will return the name under which a print is kept. Raises NoSuchForm."""
    chosen = find_form(document.kind, form)
    if chosen is None:
        raise NoSuchForm("This paper is not printed in that form.", hint="Choose one of the forms on its page.")
    return chosen.code + (VOID if document.voided_at is not None else "")


def marks_of(document: DocumentValue) -> Marks:
    """This function will return what a paper carries beside its content: number, check code, where to verify it."""
    void = ""
    if document.voided_at is not None:
        local = document.voided_at.astimezone(ZoneInfo(document.content["time_zone"]))
        void = f"{local:%Y-%m-%d %H:%M} 起 since"
    return Marks(
        number=document.number_text, check=document.check, issued_at=document.issued_at,
        address=verify_address(document), void=void,
    )  # fmt: skip


def verify_address(document: DocumentValue) -> str:
    """This function will return the public address at which a paper can be checked."""
    return f"{settings.PUBLIC_ORIGIN}/v/{document.public_id}/{plain_check(document.check)}"


def file_name_of(*, number: str, label: str = "") -> str:
    """This function will name a paper's file by its number and by what people call it."""
    words = " ".join(filter(None, (number, label)))
    return f"{_UNSAFE.sub('_', words).strip()}.pdf"
