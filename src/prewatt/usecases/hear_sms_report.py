"""An SMS provider reports whether texts arrived."""

import hmac

from django.conf import settings

from prewatt.access.audit import Actor
from prewatt.notices.channels import sms_settings
from prewatt.notices.errors import UnknownNotice
from prewatt.notices.services import record_report
from prewatt.notices.sms import aliyun, gateway, twilio
from prewatt.notices.sms.values import SmsSettings
from prewatt.notices.values import Report
from prewatt.usecases.work import unit_of_work


def hear_sms_report(*, token: str, body: bytes, signature: str, address: str) -> int:
    """This function will write down what the provider reports, and return how many messages it concerned.

    ``token`` is the word in the address; Twilio signs besides. Raises UnknownNotice for a stranger, NotText for a body
    that is no report. Messages that are not ours, or that ended before, are passed over.
    """
    sms = sms_settings()
    if sms is None or not settings.SMS_REPORT_TOKEN or not _is_token(token):
        raise UnknownNotice("There is nothing under this address.")
    reports = _read(sms, body, signature)
    actor = Actor(process="web", address=address)
    count = 0
    for report in reports:
        with unit_of_work(actor=actor, verb="hear_sms_report", subject=("sms", report.reference[:60])) as work:
            count += record_report(report=report, provider=sms.provider, now=work.now)
    return count


def _is_token(token: str) -> bool:
    return hmac.compare_digest(token.encode(), settings.SMS_REPORT_TOKEN.encode())


def _read(sms: SmsSettings, body: bytes, signature: str) -> list[Report]:
    if sms.provider == "twilio":
        return twilio.read_report(body, url=sms.report_url, signature=signature, token=sms.secret)
    return aliyun.read_report(body) if sms.provider == "aliyun" else gateway.read_report(body)
