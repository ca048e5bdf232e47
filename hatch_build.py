"""Puts the bundled front end and the compiled catalogues into wheel and sdist; neither is in git.

An editable install takes what ``make`` has put in place. A wheel made from the sdist needs no Node: they are in it.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tools import catalogues, install


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves its configuration type open
    """Adds what is made, not written."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """This method will make the files where they are missing and name them to the builder."""
        if version == "editable":
            return
        root = Path(self.root)
        if (root / "frontend" / "build.mjs").exists():
            install.bundle_front_end()
        dist = root / "src" / "prewatt" / "static" / "dist"
        if not (dist / "app.js").exists():
            raise RuntimeError("The front end is not bundled: run `make front`, or build from the sdist.")
        catalogues.compile_all(root / "src" / "prewatt" / "locale")
        build_data["artifacts"] += ["/src/prewatt/static/dist", "/src/prewatt/locale/**/*.mo"]
