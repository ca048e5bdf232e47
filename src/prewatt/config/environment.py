"""The typed settings that the environment gives: ``PREWATT_...``. The table in docs/operations.md is held by a test."""

from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from prewatt.config.errors import WrongSetting
from prewatt.config.folder import default_data_folder
from prewatt.kernel.clock import EstateClock

PREFIX: Final = "PREWATT_"
POOL_SIZE_MIN: Final = 2
POOL_SIZE_MAX: Final = 16
POOL_WAIT_S: Final = 2.0


class Process(StrEnum):
    """Which of our processes this is; it decides pool and time limits."""

    WEB = "web"
    COLLECTOR = "collector"
    WORKER = "worker"
    SIMULATOR = "simulator"
    TESTPAY = "testpay"
    COMMAND = "command"


class LogLevel(StrEnum):
    """What is worth a line in the log."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


_STATEMENT_LIMIT_S: Final = {Process.WEB: 15, Process.COLLECTOR: 60, Process.WORKER: 300}
_JOINED_AS_WRITTEN: Final = "-c join_collapse_limit=4"
"""Our widest questions join a dozen tables by key, in the order that is best: to search for another one costs 10 ms."""


class Environment(BaseSettings):
    """What the environment says; every name carries the prefix ``PREWATT_``. A description says how to mend it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(
        default="", description="postgresql://user:password@host:5432/name; empty: the embedded database"
    )
    owner_database_url: str = Field(
        default="", description="the same database as the role that owns the tables; empty: as PREWATT_DATABASE_URL"
    )
    postgres_bin: Path | None = Field(default=None, description="the folder of postgres, initdb, pg_dump, pg_restore")
    data: Path | None = Field(default=None, description="an absolute path of a folder that Prewatt may fill")
    key_file: Path | None = Field(default=None, description="the file of the key that seals meter passwords")
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="at least 32 random characters; empty: made and kept in the data folder",
    )
    setup_code: SecretStr = Field(
        default=SecretStr(""), description="what the first login asks for; set by `prewatt up` while there is none"
    )
    host: str = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="a port from 1 to 65535")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=["127.0.0.1", "localhost", "[::1]"], description="host names that people type, separated by commas"
    )
    trusted_origins: Annotated[list[str], NoDecode] = Field(
        default=[], description="origins such as https://power.example.org, separated by commas"
    )
    public_url: str = Field(
        default="",
        description="the address that people outside use, as https://power.example.org; empty: the first trusted "
        "origin, or else host and port",
    )
    tls_cert: Path | None = Field(
        default=None, description="a certificate with its chain, PEM: Prewatt speaks TLS itself"
    )
    tls_key: Path | None = Field(default=None, description="the key of PREWATT_TLS_CERT, PEM")
    https: bool = Field(default=False, description="true behind a proxy that speaks TLS and sets X-Forwarded-Proto")
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default=["127.0.0.0/8", "::1/128"],
        description="addresses or networks of your own proxies, separated by commas; asked only where HTTPS is true",
    )
    smtp_host: str = Field(default="", description="the mail server; empty: no mail is sent")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="a port from 1 to 65535")
    smtp_user: str = Field(default="", description="the mail server's login")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="the mail server's password")
    smtp_tls: bool = Field(default=True, description="true or false: STARTTLS")
    mail_from: str = Field(default="prewatt@localhost", description="the sender of mail")
    sms_provider: Literal["", "http", "aliyun", "twilio"] = Field(
        default="", description="http, aliyun or twilio; empty: no text message is sent"
    )
    sms_url: str = Field(default="", description="the SMS provider's address; empty: Aliyun's or Twilio's own")
    sms_key: str = Field(default="", description="the SMS provider's key: an access key, or an account's SID")
    sms_secret: SecretStr = Field(default=SecretStr(""), description="the SMS provider's secret, token or bearer")
    sms_sender: str = Field(default="", description="the number, service or approved signature that texts come from")
    sms_templates: dict[str, str] = Field(
        default={}, description='the provider\'s templates by kind, as {"last_call": "SMS_123"}'
    )
    sms_body: str = Field(default="", description="the body that your own gateway takes; docs/messages.md shows it")
    sms_reports: bool = Field(default=True, description="true when the provider reports deliveries to us")
    sms_report_token: SecretStr = Field(
        default=SecretStr(""), description="a long random word in the address that deliveries are reported to"
    )
    sms_per_minute: int = Field(default=300, ge=1, le=60_000, description="texts a minute, as the contract allows")
    webhook_networks: Annotated[list[str], NoDecode] = Field(
        default=[], description="private networks that webhooks may reach, as 10.1.0.0/16, separated by commas"
    )
    keep_messages_days: int = Field(default=730, ge=30, description="days that words of messages are kept, 30 or more")
    keep_answers_days: int = Field(default=90, ge=2, description="days that the API's answers are kept, 2 or more")
    keep_webhooks_days: int = Field(default=90, ge=2, description="days that webhook calls are kept, 2 or more")
    keep_callbacks_days: int = Field(default=365, ge=30, description="days that call-backs keep details, 30 or more")
    keep_invitations_days: int = Field(default=180, ge=30, description="days that invitations keep names, 30 or more")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR")
    clock: str = Field(default="", description="speed,machine instant,estate instant; set by the demo alone")
    process: Process = Field(default=Process.COMMAND, description="set by the command itself")
    letterbox: bool = Field(default=False, description="true for trials: anybody can read all messages on a page")
    allow_unsafe_database: bool = Field(
        default=False, description="true only for trials: start although the database may lose what it confirmed"
    )

    @field_validator("allowed_hosts", "trusted_origins", "trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """This method will read a list that is separated by commas."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _is_postgresql(cls, value: str) -> str:
        """This method will refuse any other kind of database."""
        if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
            raise ValueError("the address must begin with postgresql://")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        """This method will refuse what no browser can open."""
        if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
            raise ValueError("the address must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        """This method will refuse what is no address and no network."""
        for one in value:
            ip_network(one)
        return value

    @field_validator("data")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        """This method will refuse a relative folder: processes start elsewhere."""
        if value is not None and not value.is_absolute():
            raise ValueError("the path must be absolute")
        return value

    @field_validator("clock")
    @classmethod
    def _is_clock(cls, value: str) -> str:
        """This method will refuse what is no clock."""
        if value:
            EstateClock.decode(value)
        return value

    @property
    def data_folder(self) -> Path:
        """This property will hold the folder for database, keys, logs and spools."""
        return self.data or default_data_folder()

    @property
    def public_origin(self) -> str:
        """This property will hold the address for links that leave the house: on papers, in messages, for providers."""
        return self.public_url or next(iter(self.trusted_origins), "") or self._own_origin

    @property
    def _own_origin(self) -> str:
        return f"{'https' if self.tls_cert else 'http'}://{self.host}:{self.port}"

    @property
    def speaks_tls(self) -> bool:
        """This property will be true where browsers reach the pages over TLS, a proxy's or our own."""
        return self.https or self.tls_cert is not None

    @property
    def meter_key_file(self) -> Path:
        """This property will hold the path of the key that seals meter passwords."""
        return self.key_file or self.data_folder / "meter.key"

    @property
    def secret_key_file(self) -> Path:
        """This property will hold the path of the key that signs sessions."""
        return self.data_folder / "secret.key"

    def estate_clock(self) -> EstateClock:
        """This method will return the estate clock that all processes share."""
        return EstateClock.decode(self.clock) if self.clock else EstateClock.real_time()

    def database(self) -> dict[str, Any]:
        """This method will return Django's description of the database, with limits that suit the process."""
        parts = urlsplit(self.database_url or "postgresql:///prewatt")
        options: dict[str, Any] = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        described = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or options.pop("user", "")),
            "PASSWORD": unquote(parts.password or options.pop("password", "")),
            "HOST": options.pop("host", "") or parts.hostname or "",
            "PORT": str(parts.port or options.pop("port", "")),
            "CONN_HEALTH_CHECKS": True,
            "CONN_MAX_AGE": 0 if self.process is Process.WEB else None,
        }
        options.setdefault("application_name", f"prewatt {self.process}")
        options.setdefault("connect_timeout", "5")
        asked = f"{options.get('options', '')} {_JOINED_AS_WRITTEN}".strip()
        limit_s = _STATEMENT_LIMIT_S.get(self.process)
        if limit_s is not None:
            asked = f"{asked} -c statement_timeout={limit_s}s -c idle_in_transaction_session_timeout=60s"
        options["options"] = asked
        if self.process is Process.WEB:
            options["pool"] = {"min_size": POOL_SIZE_MIN, "max_size": POOL_SIZE_MAX, "timeout": POOL_WAIT_S}
        return described | {"OPTIONS": options}


@lru_cache
def environment() -> Environment:
    """This function will read the environment once; what cannot be used is refused by the variable's name."""
    try:
        return Environment()
    except ValidationError as error:
        raise WrongSetting(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    """This function will say of each wrong variable what is wrong and what it should be; never its value."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0])
        meant = Environment.model_fields[name].description
        lines.append(f"{PREFIX}{name.upper()}: {fault['msg'].removeprefix('Value error, ')}. It should be: {meant}.")
    return "\n".join(lines)
