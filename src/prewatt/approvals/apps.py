"""Django's entry to this room."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.approvals"
