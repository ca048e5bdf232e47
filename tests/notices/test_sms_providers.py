"""What goes out to an SMS provider, and what its answers and reports mean."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.notices.sms import aliyun, gateway, twilio
from prewatt.notices.sms.values import NotText, SmsSettings
from prewatt.notices.values import Letter, Report, Sent

ID = UUID("019a0000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def settings(provider: str, **other: Any) -> SmsSettings:
    given = {
        "provider": provider, "url": "https://sms.example.org", "key": "KEY", "secret": "SECRET", "sender": "Prewatt",
        "templates": {"last_call": "SMS_1"}, "body": "", "report_url": "https://p.example.org/sms/report/word",
    }  # fmt: skip
    return SmsSettings(**(given | other))


def letter(**other: Any) -> Letter:
    given: dict[str, Any] = {
        "notice_id": 1, "public_id": ID, "account_id": 1, "kind": "last_call", "channel": "sms",
        "recipient": "+8613800000000", "subject": "Last call", "body": "Pay ¥38 {to}", "language": "en",
        "facts": {"rooms": "1#-307", "available": "¥0.00"}, "tries": 1, "leased_until": AT,
    }  # fmt: skip
    return Letter(**(given | other))


def client(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[httpx.Client, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    return httpx.Client(transport=httpx.MockTransport(handle)), seen


def answering(status: int, content: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, content=content)


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    return fail


@pytest.mark.parametrize("module", [gateway, aliyun, twilio])
def test_an_answer_that_never_came_is_unknown_and_no_connection_is_tried_again(module: Any) -> None:
    for error, is_unknown in ((httpx.ReadTimeout("slow"), True), (httpx.ConnectError("down"), False)):
        http, _ = client(raising(error))
        sent = module.send(letter(), settings("x"), http)
        assert (sent.is_unknown, sent.is_permanent, bool(sent.error)) == (is_unknown, False, True)


@pytest.mark.parametrize("module", [gateway, aliyun, twilio])
@pytest.mark.parametrize(("status", "is_unknown"), [(429, False), (500, True), (503, True)])
def test_a_provider_in_trouble(module: Any, status: int, is_unknown: bool) -> None:
    http, _ = client(lambda _request: httpx.Response(status))
    sent = module.send(letter(), settings("x"), http)
    assert (sent.is_unknown, sent.is_permanent) == (is_unknown, False)


def test_an_endless_answer_is_not_read() -> None:
    http, _ = client(lambda _request: httpx.Response(200, content=b"x" * 100_000))
    assert gateway.send(letter(), settings("http"), http).is_unknown


def test_our_own_gateway_gets_json_and_names_the_message() -> None:
    http, seen = client(lambda _request: httpx.Response(202, json={"id": 77}))
    assert gateway.send(letter(), settings("http"), http) == Sent(reference="77")
    assert json.loads(seen[0].content) == {
        "id": str(ID), "to": "+8613800000000", "text": "Pay ¥38 {to}", "from": "Prewatt",
        "report": "https://p.example.org/sms/report/word",
    }  # fmt: skip
    assert seen[0].headers["Authorization"] == "Bearer SECRET"


def test_a_gateway_may_take_a_form_and_answer_nothing() -> None:
    http, seen = client(lambda _request: httpx.Response(200, text="OK"))
    own = settings("http", body="phone={to}&content={text}&n=1", secret="")
    assert gateway.send(letter(), own, http) == Sent(reference=str(ID))
    assert parse_qs(seen[0].content.decode()) == {"phone": ["+8613800000000"], "content": ["Pay ¥38 {to}"], "n": ["1"]}
    assert "Authorization" not in seen[0].headers


def test_a_gateway_that_refuses_is_not_asked_again() -> None:
    http, _ = client(lambda _request: httpx.Response(400, text="bad number"))
    assert gateway.send(letter(), settings("http"), http) == Sent(error="400 bad number", is_permanent=True)


def test_a_gateways_reports() -> None:
    said = [{"id": str(ID), "state": "delivered"}, {"id": "77", "state": "failed", "error": "off"}]
    assert gateway.read_report(json.dumps(said).encode()) == [
        Report(str(ID), True, "", ID), Report("77", False, "off", None)
    ]  # fmt: skip
    for body in (b"\xff", b"[1]", b'{"id": "", "state": "delivered"}', b'{"id": "1", "state": "maybe"}'):
        with pytest.raises(NotText):
            gateway.read_report(body)


def test_aliyun_is_asked_with_its_signature() -> None:
    http, seen = client(lambda _request: httpx.Response(200, json={"Code": "OK", "BizId": "B1"}))
    assert aliyun.send(letter(), settings("aliyun"), http) == Sent(reference="B1")
    request = seen[0]
    query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
    assert query["PhoneNumbers"] == "13800000000"
    assert json.loads(query["TemplateParam"]) == {"rooms": "1#-307", "available": "¥0.00"}
    signed = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")
    canonical = "\n".join(
        [
            "POST", "/", request.url.query.decode(), *(f"{name}:{request.headers[name]}" for name in signed), "",
            ";".join(signed), hashlib.sha256(b"").hexdigest(),
        ]
    )  # fmt: skip
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.new(b"SECRET", text.encode(), hashlib.sha256).hexdigest()
    assert request.headers["Authorization"].endswith(f"Signature={expected}")
    assert request.headers["Authorization"].startswith(
        "ACS3-HMAC-SHA256 Credential=KEY,SignedHeaders=host;x-acs-action"
    )


@pytest.mark.parametrize(
    ("answer", "is_permanent", "is_unknown"),
    [
        ({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "bad"}, True, False),
        ({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "later"}, False, False),
        ({"Message": "?"}, False, True),
        ([], False, True),
    ],
)
def test_what_aliyun_answers(answer: Any, is_permanent: bool, is_unknown: bool) -> None:
    http, _ = client(lambda _request: httpx.Response(200, json=answer))
    sent = aliyun.send(letter(), settings("aliyun"), http)
    assert (sent.is_permanent, sent.is_unknown) == (is_permanent, is_unknown)


def test_a_kind_without_a_template_goes_another_way() -> None:
    http, seen = client(lambda _request: httpx.Response(200))
    assert aliyun.send(letter(kind="top_up"), settings("aliyun"), http).is_permanent
    assert not seen


def test_aliyuns_reports() -> None:
    rows = [{"biz_id": "B1", "success": True, "err_code": "DELIVERED", "out_id": str(ID)}]
    assert aliyun.read_report(json.dumps(rows).encode()) == [Report("B1", True, "DELIVERED", ID)]
    for body in (b"{", b'[{"success": true}]', b"[1]", b"5"):
        with pytest.raises(NotText):
            aliyun.read_report(body)


def test_twilio_is_asked_with_its_login() -> None:
    http, seen = client(lambda _request: httpx.Response(201, json={"sid": "SM1", "status": "queued"}))
    assert twilio.send(letter(), settings("twilio"), http) == Sent(reference="SM1")
    form = parse_qs(seen[0].content.decode())
    assert (form["To"], form["From"]) == (["+8613800000000"], ["Prewatt"])
    assert form["StatusCallback"] == ["https://p.example.org/sms/report/word"]
    assert seen[0].url.path == "/2010-04-01/Accounts/KEY/Messages.json"
    plain = settings("twilio", sender="MG1", report_url="http://p.example.org/x")
    twilio.send(letter(), plain, http)
    form = parse_qs(seen[1].content.decode())
    assert form["MessagingServiceSid"] == ["MG1"]
    assert "StatusCallback" not in form


@pytest.mark.parametrize(("status", "is_permanent"), [(400, True), (401, False), (404, True)])
def test_what_twilio_refuses(status: int, is_permanent: bool) -> None:
    http, _ = client(lambda _request: httpx.Response(status, json={"code": 21211, "message": "bad"}))
    sent = twilio.send(letter(), settings("twilio"), http)
    assert (sent.error, sent.is_permanent) == (f"{status} 21211 bad", is_permanent)
    for odd in (b"<html>", b"[]"):
        http, _ = client(answering(status, odd))
        assert twilio.send(letter(), settings("twilio"), http).error == str(status)


def read(body: bytes, signature: str | None = None, url: str = "https://p.example.org/r") -> list[Report]:
    pairs = [(name, value) for name, values in parse_qs(body.decode(errors="replace")).items() for value in values]
    right = twilio.sign(url=url, pairs=pairs, token="SECRET")
    return twilio.read_report(body, url=url, signature=right if signature is None else signature, token="SECRET")


def test_twilios_reports_are_believed_with_their_signature_alone() -> None:
    assert read(b"MessageSid=SM1&MessageStatus=delivered") == [Report("SM1", True, "")]
    assert read(b"MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003") == [Report("SM1", False, "30003")]
    assert read(b"MessageSid=SM1&MessageStatus=sent") == []
    for body, signature in (
        (b"MessageSid=SM1&MessageStatus=delivered", "forged"), (b"MessageSid=SM1&MessageStatus=odd", None),
        (b"MessageStatus=delivered", None), (b"\xff\xfe", ""),
    ):  # fmt: skip
        with pytest.raises(NotText):
            read(body, signature)


def test_the_signature_is_twilios_own() -> None:
    """The example that Twilio's documentation gives for its algorithm, with its own parameters."""
    pairs = [
        ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.sign(url=url, pairs=pairs, token="12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@given(st.text(max_size=200))
def test_a_tenants_text_is_never_read_as_a_place(text: str) -> None:
    http, seen = client(lambda _request: httpx.Response(200))
    gateway.send(letter(body=text), settings("http"), http)
    assert json.loads(seen[0].content)["text"] == text
