"""Django's entry to the tenants' portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal as an app: templates and template tags."""

    name = "prewatt.portal"
