"""The portal's addresses, below ``/my/``."""

from django.urls import path

from prewatt.portal.views import (
    alerts,
    frame,
    helping,
    home,
    invitation,
    letterbox,
    money,
    profile,
    sharing,
    sign_in,
    top_up,
    use,
)

app_name = "portal"

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/code", sign_in.code, name="code"),
    path("sign-in/resend", sign_in.resend, name="resend"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("letterbox", letterbox.letterbox, name="letterbox"),
    path("invitation/<str:token>", invitation.invitation, name="invitation"),
    path("prefer", frame.prefer, name="prefer"),
    path("manifest.webmanifest", frame.manifest, name="manifest"),
    path("worker.js", frame.worker, name="worker"),
    path("offline", frame.offline, name="offline"),
    path("", frame.start, name="start"),
    path("more", frame.more, name="more"),
    path("profile", profile.profile, name="profile"),
    path("profile/contact", profile.contact, name="contact"),
    path("profile/contact/code", profile.contact_code, name="contact_code"),
    path("profile/password", profile.password, name="password"),
    path("profile/session", profile.end_session, name="end_session"),
    path("orders/<uuid:public_id>", top_up.order, name="order"),
    path("orders/<uuid:public_id>/part", top_up.order_part, name="order_part"),
    path("<uuid:public_id>/", home.home, name="home"),
    path("<uuid:public_id>/part", home.home_part, name="home_part"),
    path("<uuid:public_id>/top-up", top_up.top_up, name="top_up"),
    path("<uuid:public_id>/use", use.use, name="use"),
    path("<uuid:public_id>/money", money.money, name="money"),
    path("<uuid:public_id>/papers/<uuid:document_id>", money.paper, name="paper"),
    path("<uuid:public_id>/alerts", alerts.alerts, name="alerts"),
    path("<uuid:public_id>/alerts/settings", alerts.alert_settings, name="alert_settings"),
    path("<uuid:public_id>/help", helping.help_page, name="help"),
    path("<uuid:public_id>/help/power", helping.power, name="power"),
    path("<uuid:public_id>/help/ask/<slug:wish>", helping.ask, name="ask"),
    path("<uuid:public_id>/sharing", sharing.sharing, name="sharing"),
    path("<uuid:public_id>/sharing/invite", sharing.invite, name="invite"),
    path("<uuid:public_id>/sharing/<uuid:share_id>", sharing.share, name="share"),
    path("<uuid:public_id>/sharing/invitation/<uuid:invitation_id>", sharing.take_back, name="take_back"),
]
