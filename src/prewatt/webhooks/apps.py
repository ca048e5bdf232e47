"""Django's entry to this room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The room as an app."""

    name = "prewatt.webhooks"
