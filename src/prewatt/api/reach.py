"""What the public address is asked for: a proof that it leads to this installation, and how the request arrived."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prewatt.api.door import MARK
from prewatt.usecases.check_public_address import answer_token

TOKEN_CHARS_MAX = 200


@never_cache
@require_safe
def reach(request: HttpRequest, token: str) -> JsonResponse:
    """This view will answer a fresh token of ours with its proof; any other learns that a Prewatt is here."""
    proof = answer_token(token) if len(token) <= TOKEN_CHARS_MAX else ""
    answer = {"prewatt": proof, "path": request.path, "host": request.get_host()}
    return JsonResponse(answer, status=200 if proof else 404)


setattr(reach, MARK, "public")

urlpatterns = [path("reach/<str:token>", reach, name="reach")]
"""Also without the first part of its path: so a proxy that takes it away can be told from one that leads nowhere."""
