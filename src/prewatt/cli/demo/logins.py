"""The demo's logins: one for each role at the desk, and some tenants' for the portal."""

from typing import Final

PASSWORD: Final = "prewatt-demo"  # noqa: S105 - the demo's own, printed on its panel
LOGINS: Final = {
    "admin": ("administrator", "Lin Wei 林薇"),
    "cashier": ("cashier", "Zhou Min 周敏"),
    "engineer": ("engineer", "Wu Gang 吴刚"),
    "auditor": ("auditor", "Sun Li 孙莉"),
}

TENANTS: Final = {
    "tenant": "Huang Mei 黄梅",
    "tenant-pays": "Xu Tao 徐涛",
    "tenant-looks": "He Ying 何颖",
}
"""The first owns three shops. The second pays, the third looks after the one of them that runs dry."""
