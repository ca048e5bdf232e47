"""Django's entry to this room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.ledger"
