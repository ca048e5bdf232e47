"""The console's addresses."""

from django.urls import path

from prewatt.console.live import live
from prewatt.console.views import (
    accounts,
    comms,
    desk_money,
    letters,
    readings,
    rooms,
    search,
    session,
    settings,
    shift,
    supply,
    till,
    work,
)

app_name = "console"

urlpatterns = [
    path("sign-in", session.sign_in, name="sign_in"),
    path("sign-out", session.sign_out, name="sign_out"),
    path("prefer", session.prefer, name="prefer"),
    path("", shift.shift, name="shift"),
    path("shift/live", shift.shift_live, name="shift_live"),
    path("live", live, name="live"),
    path("guard", shift.guard_bar, name="guard"),
    path("search", search.search, name="search"),
    path("rooms", rooms.board, name="rooms"),
    path("rooms/tiles", rooms.tiles, name="tiles"),
    path("rooms/peek/<uuid:public_id>", rooms.peek, name="peek"),
    path("rooms/<uuid:public_id>", accounts.room, name="room"),
    path("accounts/<uuid:public_id>", accounts.account, name="account"),
    path("accounts/<uuid:public_id>/live", accounts.account_live, name="account_live"),
    path("accounts/<uuid:public_id>/tab/<slug:tab>", accounts.account_tab, name="account_tab"),
    path("accounts/<uuid:public_id>/use/<slug:stretch>", accounts.account_usage, name="account_usage"),
    path("accounts/<uuid:public_id>/refund", desk_money.refund, name="refund"),
    path("accounts/<uuid:public_id>/clear", desk_money.clear, name="clear"),
    path("payments/<uuid:public_id>/reverse", desk_money.reverse_top_up, name="reverse"),
    path("receipts/<uuid:public_id>", desk_money.receipt, name="receipt"),
    path("till", till.till, name="till"),
    path("till/find", till.find, name="till_find"),
    path("till/preview", till.preview, name="till_preview"),
    path("till/done/<uuid:public_id>", till.done_live, name="till_done"),
    path("supply/<slug:verb>", supply.change, name="supply"),
    path("cuts/stop", supply.stop, name="stop_cuts"),
    path("cuts/resume", supply.resume, name="resume_cuts"),
    path("commands", supply.commands, name="commands"),
    path("comms", comms.comms, name="comms"),
    path("comms/<uuid:public_id>", comms.bus, name="bus"),
    path("readings", readings.readings, name="readings"),
    path("readings.xlsx", readings.export, name="readings_export"),
    path("readings/held", readings.resolve, name="resolve_reading"),
    path("letters", letters.letters, name="letters"),
    path("letters/<uuid:public_id>/told", letters.told, name="told"),
    path("cases/<uuid:public_id>", work.case, name="case"),
    path("settings", settings.settings_page, name="settings"),
    path("settings/mode", settings.mode, name="mode"),
]
