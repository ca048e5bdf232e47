"""Twilio: a form to ``/2010-04-01/Accounts/{sid}/Messages.json``, and status call-backs that are signed.

``key`` is the account's SID, ``secret`` its auth token, ``sender`` a number or the SID of a messaging service (MG…).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

import httpx

from prewatt.notices.sms.values import NotText, SmsSettings, as_text, post
from prewatt.notices.values import Letter, Report, Sent

URL: Final = "https://api.twilio.com"
_ENDED: Final = {"delivered": True, "read": True, "undelivered": False, "failed": False}
_UNDER_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})


def send(letter: Letter, settings: SmsSettings, client: httpx.Client) -> Sent:
    """This function will hand a text to Twilio, which reports later whether it arrived."""
    answer = post(client, build(letter, settings, client))
    if isinstance(answer, Sent):
        return answer
    try:
        found = answer.json()
    except ValueError:
        found = {}
    if not isinstance(found, dict):
        found = {}
    if answer.status_code == httpx.codes.CREATED and found.get("sid"):
        return Sent(reference=as_text(found["sid"])[:80])
    return Sent(
        error=f"{answer.status_code} {as_text(found.get('code', ''))} {as_text(found.get('message', ''))}".strip(),
        is_permanent=answer.status_code not in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN},
    )


def build(letter: Letter, settings: SmsSettings, client: httpx.Client) -> httpx.Request:
    """This function will make the request for one text."""
    by = "MessagingServiceSid" if settings.sender.startswith("MG") else "From"
    data = {"To": letter.recipient, by: settings.sender, "Body": letter.body}
    if settings.report_url.startswith("https://"):
        data["StatusCallback"] = settings.report_url
    login = base64.b64encode(f"{settings.key}:{settings.secret}".encode()).decode()
    return client.build_request(
        "POST", f"{settings.url or URL}/2010-04-01/Accounts/{settings.key}/Messages.json", data=data,
        headers={"Authorization": f"Basic {login}"},
    )  # fmt: skip


def sign(*, url: str, pairs: Sequence[tuple[str, str]], token: str) -> str:
    """This function will sign a call-back: HMAC-SHA1 over the address and the sorted parameters, base64."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def read_report(body: bytes, *, url: str, signature: str, token: str) -> list[Report]:
    """This function will read a status call-back; nothing, while the message is still under way. Raises NotText."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=100)
    except ValueError as error:
        raise NotText("not a form") from error
    if not hmac.compare_digest(sign(url=url, pairs=pairs, token=token).encode(), signature.encode()):
        raise NotText("the signature is not Twilio's")
    fields = dict(pairs)
    state = fields.get("MessageStatus", "")
    if state in _UNDER_WAY:
        return []
    if state not in _ENDED or not fields.get("MessageSid"):
        raise NotText(f"{as_text(state)!r} is not a state of a message")
    return [Report(fields["MessageSid"][:80], _ENDED[state], as_text(fields.get("ErrorCode", "")))]
