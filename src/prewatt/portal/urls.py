"""The portal's addresses, below ``/my/``."""

from django.urls import path
from django.views.generic import RedirectView

from prewatt.portal.door import public
from prewatt.portal.views import frame

app_name = "portal"

urlpatterns = [
    path("sign-in", public("signing in")(RedirectView.as_view(url="/sign-in", query_string=True)), name="sign_in"),
    path("prefer", frame.prefer, name="prefer"),
    path("manifest.webmanifest", frame.manifest, name="manifest"),
    path("worker.js", frame.worker, name="worker"),
    path("offline", frame.offline, name="offline"),
    path("", frame.start, name="start"),
    path("more", frame.more, name="more"),
    path("<uuid:public_id>/", frame.home, name="home"),
]
