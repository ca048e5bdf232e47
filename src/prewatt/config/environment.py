"""The typed settings that the environment gives: ``PREWATT_...``."""

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What the environment says; every name carries the prefix ``PREWATT_``."""

    model_config = SettingsConfigDict(env_prefix="PREWATT_", frozen=True, extra="ignore")

    database_url: str = Field(default="postgresql:///prewatt")
    secret_key: str = Field(default="not-for-production", min_length=8)
    allowed_hosts: list[str] = Field(default=["127.0.0.1", "localhost", "[::1]"])

    def database(self) -> dict[str, Any]:
        """This method will return Django's description of the database."""
        parts = urlsplit(self.database_url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or query.pop("user", "")),
            "PASSWORD": unquote(parts.password or query.pop("password", "")),
            "HOST": query.pop("host", "") or parts.hostname or "",
            "PORT": str(parts.port or query.pop("port", "")),
            "OPTIONS": query,
        }


@lru_cache
def environment() -> Environment:
    """This function will read the environment once."""
    return Environment()
