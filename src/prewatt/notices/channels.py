"""The ways a notice travels. Nothing here touches the database: a letter in, an outcome out."""

import smtplib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import httpx
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from prewatt.notices.sms import aliyun, gateway, twilio
from prewatt.notices.sms.values import TIME_OUT, SmsSettings
from prewatt.notices.values import Letter, Sent

Attachment = tuple[str, bytes, str]
"""File name, content, content type."""

PERMANENT_FROM: Final = 500
"""SMTP replies from 500 on say that trying again is of no use (RFC 5321 section 4.2.1)."""


def send_mail(letter: Letter, *, attachments: Sequence[Attachment] = ()) -> Sent:
    """This function will hand a letter to the mail server. Its id makes a repeat recognisable."""
    if not settings.EMAIL_HOST:
        return Sent(error="no mail server is set (PREWATT_SMTP_HOST)", is_permanent=True)
    message = EmailMessage(
        _one_line(letter.subject), letter.body, settings.DEFAULT_FROM_EMAIL, [letter.recipient],
        headers={"Message-ID": f"<{letter.public_id}@prewatt>"}, connection=get_connection(),
        attachments=list(attachments),
    )  # fmt: skip
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return Sent(error=_words(code, text), is_permanent=code >= PERMANENT_FROM)
    except smtplib.SMTPResponseException as error:
        is_login = isinstance(error, smtplib.SMTPAuthenticationError)  # ours to mend: the address is not at fault
        return Sent(
            error=_words(error.smtp_code, error.smtp_error),
            is_permanent=error.smtp_code >= PERMANENT_FROM and not is_login,
        )
    except ValueError as error:  # a line break in a header: the address is not what it should be
        return Sent(error=f"cannot be written as a mail: {error}", is_permanent=True)
    except OSError as error:
        return Sent(error=f"the mail server cannot be reached: {error}")
    return Sent(proof=f"{settings.EMAIL_HOST} → {letter.recipient}")


def put_in_letterbox(letter: Letter) -> Sent:
    """This function will leave a letter in the demo's letter box, where anybody can read it on its page."""
    return Sent(proof=f"→ {letter.recipient}")


def send_sms(letter: Letter) -> Sent:
    """This function will hand a text to the site's SMS provider; without one no text is sent."""
    sms = sms_settings()
    if sms is None:
        return Sent(error="no SMS provider is set (PREWATT_SMS_PROVIDER)", is_permanent=True)
    with httpx.Client(timeout=TIME_OUT, follow_redirects=False, trust_env=False) as client:
        sent = _PROVIDERS[sms.provider](letter, sms, client)
    if sent.reference and not settings.SMS_REPORTS:
        return Sent(proof=f"{sms.provider} {sent.reference} → {letter.recipient}")
    return sent


def sms_settings() -> SmsSettings | None:
    """This function will return how texts leave the house, None when they do not."""
    return SmsSettings(**settings.SMS) if settings.SMS["provider"] else None


_PROVIDERS: Final = {"http": gateway.send, "aliyun": aliyun.send, "twilio": twilio.send}
SENDERS: Final[Mapping[str, Callable[[Letter], Sent]]] = {
    "mail": send_mail,
    "sms": send_sms,
    "letterbox": put_in_letterbox,
}
"""Channels that a worker serves; the desk's list is told by a person."""


def _one_line(subject: str) -> str:
    """A name with a line break in it, as cells of a sheet may have, must not keep the mail from its reader."""
    return " ".join(subject.split())


def _words(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
