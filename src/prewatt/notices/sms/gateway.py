"""Any gateway that takes a text by one HTTP request: its body is a template of the site's own.

A 2xx answer means that it was taken; an ``id`` in a JSON answer is kept. Reports come as JSON
``{"id": …, "state": "delivered" | "failed", "error": …}``. docs/messages.md shows both.
"""

import json
from typing import Final

import httpx

from prewatt.notices.sms.values import NotText, SmsSettings, as_text, own_id, post
from prewatt.notices.values import Letter, Report, Sent

BODY: Final = '{"id": "{id}", "to": "{to}", "text": "{text}", "from": "{sender}", "report": "{report}"}'


def send(letter: Letter, settings: SmsSettings, client: httpx.Client) -> Sent:
    """This function will hand a text to the gateway; its id makes a repeat recognisable."""
    answer = post(client, build(letter, settings, client))
    if isinstance(answer, Sent):
        return answer
    if not answer.is_success:
        return Sent(error=f"{answer.status_code} {as_text(answer.text)}", is_permanent=True)
    return Sent(reference=_reference(answer) or str(letter.public_id))


def build(letter: Letter, settings: SmsSettings, client: httpx.Client) -> httpx.Request:
    """This function will fill the site's own template: JSON where it is JSON, else a form's body."""
    values = {
        "id": str(letter.public_id), "to": letter.recipient, "text": letter.body, "sender": settings.sender,
        "report": settings.report_url,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {settings.secret}"} if settings.secret else {}
    template = settings.body or BODY
    try:
        shaped = json.loads(template)
    except ValueError:
        pairs = [part.partition("=") for part in template.split("&")]
        data = {name: _fill(value, values) for name, _, value in pairs}
        return client.build_request("POST", settings.url, data=data, headers=headers)
    filled = {name: _fill(value, values) if isinstance(value, str) else value for name, value in shaped.items()}
    return client.build_request("POST", settings.url, json=filled, headers=headers)


def read_report(body: bytes) -> list[Report]:
    """This function will read a report, or a list of them. Raises NotText."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise NotText("not JSON") from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) and row.get("id") and row.get("state") in {"delivered", "failed"} for row in rows):
        raise NotText("each report needs an id and a state: delivered or failed")
    return [
        Report(as_text(row["id"])[:80], row["state"] == "delivered", as_text(row.get("error", "")), own_id(row["id"]))
        for row in rows
    ]


def _fill(template: str, values: dict[str, str]) -> str:
    """Put values into their places; what stands in a value is never read as a place."""
    parts = template.split("{")
    return parts[0] + "".join(
        values[name] + rest if closed and name in values else "{" + part
        for part in parts[1:]
        for name, closed, rest in [part.partition("}")]
    )


def _reference(answer: httpx.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        return ""
    return as_text(found["id"])[:80] if isinstance(found, dict) and found.get("id") else ""
