"""Runs of papers for the desk: how far they are, and what they made, as one file."""

import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Final
from uuid import UUID

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.estate.models import Place, Site
from prewatt.ledger.queries import document_numbers, find_files
from prewatt.reports.errors import UnknownRun
from prewatt.reports.papers import merge_pdfs
from prewatt.reports.papers.forms import A4
from prewatt.reports.runs import RunView, find_run, list_run_documents, list_run_errors, list_runs
from prewatt.usecases.print_document import file_name_of
from prewatt.usecases.see_site import SiteView

FILES_AT_ONCE: Final = 50


def see_paper_run(*, user: User, public_id: UUID) -> RunView:
    """This function will return a run that the login may see. Raises UnknownRun."""
    run = find_run(public_id=public_id)
    if run is None or not _may_see(user, run):
        raise UnknownRun("There is no such run, or it is not within your scope.")
    return run


def see_run_errors(*, run: RunView) -> list[tuple[str, str]]:
    """This function will return the accounts of a run that have no paper, and why."""
    return list_run_errors(run_id=run.id) if run.failed else []


def list_desk_runs(*, user: User, site: SiteView) -> list[RunView]:
    """This function will list a site's last runs that the login may see, the newest first."""
    return [run for run in list_runs(site_id=site.id) if _may_see(user, run)]


def pack_zip(*, run: RunView) -> IO[bytes]:
    """This function will pack the papers of a run as single files, each named by number, room and name."""
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - handed on: whoever sends it closes it
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as box:
        for name, data in _papers(run):
            box.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, compresslevel=1)
    packed.seek(0)
    return packed


def pack_pdf(*, run: RunView) -> IO[bytes]:
    """This function will join the papers of a run to one PDF, in the order of rooms, for printing."""
    joined = tempfile.TemporaryFile()  # noqa: SIM115 - as above
    merge_pdfs((data for _, data in _papers(run)), joined)
    joined.seek(0)
    return joined


def _papers(run: RunView) -> Iterator[tuple[str, bytes]]:
    documents = list_run_documents(run_id=run.id)
    for first in range(0, len(documents), FILES_AT_ONCE):
        some = documents[first : first + FILES_AT_ONCE]
        ids = [document_id for document_id, _ in some]
        numbers, files = document_numbers(document_ids=ids), find_files(document_ids=ids, form=A4)
        for document_id, label in some:
            if document_id in files:
                yield file_name_of(number=numbers[document_id][1], label=label), files[document_id]


def _may_see(user: User, run: RunView) -> bool:
    """Whoever may issue papers for all of the place sees its run."""
    site = Site.objects.select_related("scope").get(pk=run.site_id)
    scope = site.scope
    if run.building_id is not None:
        building = Place.objects.select_related("scope").get(pk=run.building_id)
        scope = building.scope or scope
    return is_permitted(user=user, permission=Permission.PAPERS_ISSUE, scope=scope)
