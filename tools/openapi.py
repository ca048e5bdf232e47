"""Writes the description of the API, as it is now, beside the documents. Run by hand after adding to the API.

A test holds the API to the written one: what is written there may not disappear or change its type within version 1.
"""

import json
import os
from importlib import import_module
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi-v1.json"


def main() -> None:
    """This function will write the description."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.config.settings")
    django.setup()
    api = import_module("prewatt.api.urls").api  # only once Django is set up
    description = api.get_openapi_schema(path_prefix="/api/v1/")
    TARGET.write_text(json.dumps(description, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(f"{TARGET.name}: {len(description['paths'])} addresses")


if __name__ == "__main__":
    main()
