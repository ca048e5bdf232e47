"""All addresses."""

from django.urls import URLPattern, URLResolver, include, path

from prewatt.config import views
from prewatt.portal.views.verify import verify

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("api/v1/", include("prewatt.api.urls")),
    path("pay/", include("prewatt.api.callbacks")),
    path("pay/", include("prewatt.api.reach")),
    path("", include("prewatt.api.reach")),
    path("sms/", include("prewatt.api.reports")),
    path("v/<uuid:public_id>/<str:check>", verify, name="verify"),
    path("my/", include("prewatt.portal.urls")),
    path("", include("prewatt.console.urls")),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
