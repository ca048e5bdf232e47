"""Aliyun short messages (Dysmsapi 2017-05-25): SendSms signed with ACS3-HMAC-SHA256, and pushed reports.

``key`` and ``secret`` are an access key, ``sender`` the approved signature (签名). Each kind needs an approved template
(模板) whose variables are named as docs/messages.md lists them; a kind without one cannot be sent this way.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx

from prewatt.kernel.clock import machine_now
from prewatt.notices.sms.values import NotText, SmsSettings, as_text, own_id, post
from prewatt.notices.values import Letter, Report, Sent

URL: Final = "https://dysmsapi.aliyuncs.com"
VALUE_CHARS_MAX: Final = 35
"""Longer values of variables are refused by the operators' gateways."""
_MAY_WORK_LATER: Final = ("isv.BUSINESS_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "Throttling", "isp.RAM_PERMISSION_DENY",
                          "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH")  # fmt: skip


def send(letter: Letter, settings: SmsSettings, client: httpx.Client) -> Sent:
    """This function will hand a text to Aliyun, which reports later whether it arrived."""
    template = settings.templates.get(letter.kind, "")
    if not template:
        return Sent(error=f"no template for {letter.kind} (PREWATT_SMS_TEMPLATES)", is_permanent=True)
    request = build(letter, settings, client, at=machine_now(), nonce=uuid4().hex)
    answer = post(client, request)
    if isinstance(answer, Sent):
        return answer
    try:
        found = answer.json()
        code, words = str(found["Code"]), as_text(found.get("Message", ""))
    except (ValueError, KeyError, TypeError):
        return Sent(error="the SMS provider's answer cannot be read", is_unknown=True)
    if code == "OK":
        return Sent(reference=as_text(found.get("BizId", ""))[:80] or str(letter.public_id))
    return Sent(error=f"{as_text(code)}: {words}", is_permanent=not code.startswith(_MAY_WORK_LATER))


def build(letter: Letter, settings: SmsSettings, client: httpx.Client, *, at: datetime, nonce: str) -> httpx.Request:
    """This function will make the signed request for one text. ``at`` is machine time."""
    query = {
        "OutId": str(letter.public_id),
        "PhoneNumbers": letter.recipient.removeprefix("+86"),
        "SignName": settings.sender,
        "TemplateCode": settings.templates[letter.kind],
        "TemplateParam": json.dumps(
            {name: value[:VALUE_CHARS_MAX] for name, value in letter.facts.items()}, ensure_ascii=False, sort_keys=True
        ),
    }  # fmt: skip
    url = settings.url or URL
    headers = {
        "host": urlsplit(url).netloc,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2017-05-25",
    }
    signed = sign(method="POST", path="/", query=query, headers=headers, key=settings.key, secret=settings.secret)
    return client.build_request("POST", f"{url}/?{canonical_query(query)}", headers=headers | {"Authorization": signed})


def sign(*, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], key: str, secret: str) -> str:
    """This function will return the Authorization header: ACS3-HMAC-SHA256 over the canonical request."""
    names = sorted(headers)
    canonical = "\n".join(
        (
            method, path, canonical_query(query), "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names), headers["x-acs-content-sha256"],
        )
    )  # fmt: skip
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={';'.join(names)},Signature={signature}"


def canonical_query(query: Mapping[str, str]) -> str:
    """This function will write parameters in the order of their names, percent-encoded as RFC 3986 says."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def read_report(body: bytes) -> list[Report]:
    """This function will read a batch of pushed reports. Raises NotText."""
    try:
        rows = json.loads(body)
        return [
            Report(
                as_text(row["biz_id"])[:80],
                row["success"] is True,
                as_text(row.get("err_code", "")),
                own_id(row.get("out_id")),
            )
            for row in rows
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotText("not a list of reports") from error
