"""Mailing saved reports when they are due: plan, claim, commit, write the file, send, record.

A mail is marked before it is handed over: one whose sender died is not sent again for that moment.
"""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Final

import structlog
from django.utils.translation import gettext as _
from django.utils.translation import override

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.errors import PrewattError, Refused
from prewatt.notices.channels import Attachment, send_mail
from prewatt.notices.values import Letter, Sent
from prewatt.reports.mails import (
    NOT_KNOWN,
    ClaimedMail,
    ClaimedMails,
    begin_mail,
    claim_mails,
    end_mail,
    has_due_mails,
    plan_mails,
)
from prewatt.reports.tables.registry import get_report
from prewatt.reports.tables.report import Report, Wanted
from prewatt.usecases.save_report import read_wanted
from prewatt.usecases.see_report import write_report_csv, write_report_workbook
from prewatt.usecases.see_site import SiteView, get_site
from prewatt.usecases.work import unit_of_work

BYTES_MAX: Final = 15_000_000
"""What most mail servers take in one mail, coded."""
_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
_log = structlog.get_logger(__name__)

Send = Callable[..., Sent]


class TooLargeToMail(Refused):
    """The file is larger than a mail server takes."""

    code = "too_large_to_mail"


class NoLongerAllowed(Refused):
    """Who had the report mailed may not read it any more."""

    code = "no_longer_allowed"


def mail_due_reports(*, actor: Actor, send: Send = send_mail) -> int:
    """This function will mail the reports that are due, and return how many mails were tried."""
    count = 0
    while has_due_mails(now=estate_now(), machine_now=machine_now()):
        with unit_of_work(actor=actor, verb="plan_report_mails", of_facts=True) as work:
            plan_mails(now=work.now, machine_now=machine_now())
            claimed = claim_mails(machine_now=machine_now())
        if claimed is None:
            break
        count += _mail(actor, claimed, send)
    return count


def _mail(actor: Actor, claimed: ClaimedMails, send: Send) -> int:
    with override(claimed.language):
        try:
            attachment, subject, body = _written(claimed)
        except PrewattError as error:
            _log.warning("a report was not mailed", report=claimed.report, why=str(error))
            for mail in claimed.mails:
                with unit_of_work(actor=actor, verb="end_report_mail", subject=("report_mail", str(mail.public_id))):
                    is_permanent = isinstance(error, Refused)
                    end_mail(mail=mail, error=str(error), is_permanent=is_permanent, machine_now=machine_now())
            return len(claimed.mails)
    for mail in claimed.mails:
        _hand_over(actor, mail, _letter(claimed, mail, subject, body), attachment, send)
    return len(claimed.mails)


def _hand_over(actor: Actor, mail: ClaimedMail, letter: Letter, attachment: Attachment, send: Send) -> None:
    with unit_of_work(actor=actor, verb="begin_report_mail", of_facts=True):
        is_ours = begin_mail(mail=mail, machine_now=machine_now())
    if not is_ours:
        return
    sent = send(letter, attachments=[attachment])
    error = sent.error or (NOT_KNOWN if sent.is_unknown else "")
    subject = ("report_mail", str(mail.public_id))
    with unit_of_work(actor=actor, verb="mail_report", subject=subject, reason=letter.subject):
        end_mail(
            mail=mail, error=error, is_permanent=sent.is_permanent or sent.is_unknown, machine_now=machine_now()
        )  # fmt: skip


def _written(claimed: ClaimedMails) -> tuple[Attachment, str, str]:
    """Return the file, the subject and the words of a mail, read with the rights of who set it up."""
    site, user = get_site(site_id=claimed.site_id), User.objects.get(pk=claimed.set_by_id)
    if not user.is_active:
        raise NoLongerAllowed("The login of %(name)s is closed.", name=str(user), hint="Set the mail up anew.")
    report = get_report(claimed.report)
    wanted = read_wanted(user=user, site=site, report=report, query=claimed.query)
    content = _content(user, site, report, wanted, claimed.form)
    if len(content) > BYTES_MAX:
        raise TooLargeToMail("The report has %(size)s MB.", size=len(content) // 10**6, hint="Choose a shorter period.")
    period = f"{wanted.from_day} – {wanted.to_day}" if report.has_period else f"{wanted.to_day}"
    facts = {"name": claimed.name, "title": str(report.title), "site": site.name, "period": period}
    file = f"{report.code}-{wanted.from_day}-{wanted.to_day}.{claimed.form}"
    body = _("%(title)s of %(site)s, %(period)s. The table is attached.\n\nSaved as: %(name)s") % facts
    return (file, content, _TYPES[claimed.form]), f"{claimed.name} · {site.name} · {period}", body


def _content(user: User, site: SiteView, report: Report, wanted: Wanted, form: str) -> bytes:
    if form == "xlsx":
        with write_report_workbook(user=user, site=site, report=report, wanted=wanted) as book:
            return book.read(BYTES_MAX + 1)
    with SpooledTemporaryFile(max_size=BYTES_MAX) as file:
        write_report_csv(user=user, site=site, report=report, wanted=wanted, file=file)
        file.seek(0)
        return file.read(BYTES_MAX + 1)


def _letter(claimed: ClaimedMails, mail: ClaimedMail, subject: str, body: str) -> Letter:
    return Letter(
        notice_id=0, public_id=mail.public_id, account_id=None, kind="report", channel="mail",
        recipient=mail.recipient, subject=subject, body=body, facts={}, language=claimed.language,
        tries=mail.tries, leased_until=machine_now(),
    )  # fmt: skip
