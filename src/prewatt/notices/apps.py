"""Django's entry to this room."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.notices"
