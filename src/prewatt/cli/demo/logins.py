"""The demo's logins: one for each role."""

from typing import Final

PASSWORD: Final = "prewatt-demo"  # noqa: S105 - the demo's own, printed on its panel
LOGINS: Final = {
    "admin": ("administrator", "Lin Wei 林薇"),
    "cashier": ("cashier", "Zhou Min 周敏"),
    "engineer": ("engineer", "Wu Gang 吴刚"),
    "auditor": ("auditor", "Sun Li 孙莉"),
}
