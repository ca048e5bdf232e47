"""What an SMS provider is set up with, and the parts that the three have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx

from prewatt.notices.values import Sent

TIME_OUT: Final = httpx.Timeout(10.0, connect=5.0)
ANSWER_BYTES_MAX: Final = 64_000
TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """How texts leave the house. ``key`` and ``secret`` are the provider's two halves of a login.

    ``templates`` names the provider's template of each kind (Aliyun); ``report_url`` is where it reports deliveries.
    """

    provider: str
    url: str
    key: str
    secret: str = field(repr=False)
    sender: str
    templates: Mapping[str, str]
    body: str
    report_url: str


class NotText(ValueError):
    """A report is not what the provider sends."""


def post(client: httpx.Client, request: httpx.Request) -> httpx.Response | Sent:
    """This function will send a request once, and say in the terms of a letter when nothing sensible came back.

    Where the connection was not made nothing went out, and it may be tried again; where it was, nobody knows.
    """
    try:
        answer = client.send(request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Sent(error=f"the SMS provider cannot be reached: {error}")
    except httpx.HTTPError as error:
        return Sent(error=f"no answer from the SMS provider: {type(error).__name__}", is_unknown=True)
    if answer.status_code == TOO_MANY:
        return Sent(error="the SMS provider says: too many at once")
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Sent(error=f"the SMS provider answered {answer.status_code}", is_unknown=True)
    if len(answer.content) > ANSWER_BYTES_MAX:
        return Sent(error="the SMS provider's answer is too long", is_unknown=True)
    return answer


def as_text(value: object) -> str:
    """This function will make a plain line of whatever a provider put into a field."""
    return " ".join(str(value).split())[:200]


def own_id(value: object) -> UUID | None:
    """This function will read back the id that we gave a message; None where it is not ours."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
