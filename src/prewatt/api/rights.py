"""Permissions that operations ask for where the desk has no page of its own yet: one place to change them."""

from typing import Final

from prewatt.access.permissions import Permission

ESTATE_IMPORT: Final = Permission.ADMIN_USERS
TARIFF_PUBLISH: Final = Permission.ADMIN_USERS
WEBHOOKS: Final = Permission.ADMIN_USERS
