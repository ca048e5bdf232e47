"""Django's entry to this room."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.cases"
