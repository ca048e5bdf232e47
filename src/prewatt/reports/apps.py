"""Django's entry to this room."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.reports"
