"""Where SMS providers report deliveries. The word in the address is the login; Twilio signs besides."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from prewatt.api.door import MARK
from prewatt.kernel.errors import NotFound
from prewatt.notices.sms.values import NotText
from prewatt.usecases.hear_sms_report import hear_sms_report

BODY_BYTES_MAX: Final = 256 * 1024
"""A provider reports some hundreds of texts at a time."""


@csrf_exempt
@require_POST
def report(request: HttpRequest, token: str) -> HttpResponse:
    """This view will hear which texts arrived; the provider repeats what is not answered with 200."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_BYTES_MAX:
        return HttpResponse("too large", status=413, content_type="text/plain")
    body = request.read(BODY_BYTES_MAX + 1)
    try:
        count = hear_sms_report(
            token=token, body=body, signature=request.headers.get("X-Twilio-Signature", ""),
            address=str(request.META.get("REMOTE_ADDR", "")),
        )  # fmt: skip
    except NotFound:
        return HttpResponse("not found", status=404, content_type="text/plain")
    except NotText as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    return JsonResponse({"code": 0, "msg": "ok", "count": count})


setattr(report, MARK, "public")

app_name = "reports"
urlpatterns = [path("report/<str:token>", report, name="sms_report")]
