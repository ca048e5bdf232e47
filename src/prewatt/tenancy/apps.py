"""Django's entry to this room."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.tenancy"
