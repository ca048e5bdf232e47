"""Where providers call back. Nothing here decides: the body is taken as it came, within its limits, and handed on."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from prewatt.api.door import MARK
from prewatt.kernel.clock import machine_now
from prewatt.payments.providers.values import RawCallback
from prewatt.usecases.hear_callback import BODY_BYTES_MAX, hear_callback

HEADERS_MAX: Final = 100
"""A provider sends about twenty."""


@csrf_exempt
@require_POST
def notify(request: HttpRequest, channel: str, public_id: UUID) -> HttpResponse:
    """This function will hear a provider's call-back. Its signature is its login; there is no other."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_BYTES_MAX:
        return _text(413, "too large")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _text(415, "send it as it is")
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _text(413, "too large")
    if len(request.headers) > HEADERS_MAX:
        return _text(400, "too many headers")
    raw = RawCallback(
        headers={name.lower(): value for name, value in request.headers.items()}, body=body,
        query=str(request.META.get("QUERY_STRING", "")), received_at=machine_now(),
    )  # fmt: skip
    answer = hear_callback(
        channel=channel, merchant_public_id=public_id, raw=raw, address=str(request.META.get("REMOTE_ADDR", ""))
    )
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _text(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _marked(view: Callable[..., HttpResponse], why: str) -> Callable[..., HttpResponse]:
    """This function will mark the view as public: what comes in proves itself."""
    setattr(view, MARK, why)
    return view


app_name = "callbacks"
urlpatterns = [
    path("notify/<slug:channel>/<uuid:public_id>", _marked(notify, "public"), name="notify"),
]
