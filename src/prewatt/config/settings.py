"""Django settings, from the typed environment."""

import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from prewatt.config.environment import environment

ENV = environment()
PACKAGE = Path(__file__).resolve().parent.parent

# A process that nobody gave a key (a linter, a migration) signs nothing that outlives it.
if ENV.secret_key is not None:
    SECRET_KEY = ENV.secret_key.get_secret_value()
elif ENV.secret_key_file.is_file():
    SECRET_KEY = ENV.secret_key_file.read_text().strip()
else:
    SECRET_KEY = secrets.token_urlsafe(48)

DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
ROOT_URLCONF = "prewatt.config.urls"
ASGI_APPLICATION = "prewatt.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "access.User"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "prewatt.access",
    "prewatt.approvals",
    "prewatt.cases",
    "prewatt.ledger",
    "prewatt.estate",
    "prewatt.tenancy",
    "prewatt.metering",
    "prewatt.billing",
    "prewatt.supply",
    "prewatt.notices",
    "prewatt.payments",
    "prewatt.webhooks",
    "prewatt.reports",
    "prewatt.console",
    "prewatt.portal",
]

MIDDLEWARE = [
    "prewatt.config.addresses.client_address",
    "django.middleware.security.SecurityMiddleware",
    "prewatt.config.headers.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prewatt.console.shell.shell",
                "prewatt.portal.shell.shell",
            ],
        },
    },
]

DATABASES = {"default": ENV.database()}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [PACKAGE / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = ENV.data_folder / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
# Names carry a hash of the content where `prewatt web` has gathered the files; tests and tools serve none.
_GATHERED = (STATIC_ROOT / "staticfiles.json").is_file()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if _GATHERED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["prewatt.config.hashers.FrugalArgon2"]
SILENCED_SYSTEM_CHECKS = [
    "auth.E003",  # the user name is unique by a constraint on its lower case
    "security.W005",  # whether other names below the operator's domain speak TLS is not ours to promise
    "security.W021",  # nor to have browsers build it in
]

LOGIN_URL = "console:sign_in"
SESSION_ENGINE = "prewatt.access.sessions"
SESSION_COOKIE_NAME = "prewatt_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.speaks_tls
CSRF_COOKIE_NAME = "prewatt_csrf"
CSRF_COOKIE_SECURE = ENV.speaks_tls
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "prewatt.config.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = ENV.trusted_origins
PUBLIC_ORIGIN = ENV.public_origin  # before every address that leaves the house
LANGUAGE_COOKIE_NAME = "prewatt_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = ENV.speaks_tls
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = ENV.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENV.speaks_tls else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https and not ENV.tls_cert else None

# What a proxy says is heard from these alone (prewatt.config.addresses).
TRUSTED_PROXIES = [ip_network(one) for one in ENV.trusted_proxies] if ENV.https else []

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# An empty host means that no mail is sent; the notices room asks before it tries.
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = ENV.smtp_host
EMAIL_PORT = ENV.smtp_port
EMAIL_HOST_USER = ENV.smtp_user
EMAIL_HOST_PASSWORD = ENV.smtp_password.get_secret_value()
EMAIL_USE_TLS = ENV.smtp_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.mail_from

SMS_REPORTS = ENV.sms_reports
SMS_REPORT_TOKEN = ENV.sms_report_token.get_secret_value()
SMS_PER_MINUTE = ENV.sms_per_minute
WEBHOOK_NETWORKS = [ip_network(one) for one in ENV.webhook_networks]
KEEP_DAYS: dict[str, int] = {
    "messages": ENV.keep_messages_days,
    "answers": ENV.keep_answers_days,
    "webhooks": ENV.keep_webhooks_days,
    "callbacks": ENV.keep_callbacks_days,
    "invitations": ENV.keep_invitations_days,
}
SMS: dict[str, Any] = {
    "provider": ENV.sms_provider,
    "url": ENV.sms_url.rstrip("/"),
    "key": ENV.sms_key,
    "secret": ENV.sms_secret.get_secret_value(),
    "sender": ENV.sms_sender,
    "templates": ENV.sms_templates,
    "body": ENV.sms_body,
    "report_url": f"{ENV.public_origin}/sms/report/{SMS_REPORT_TOKEN}" if SMS_REPORT_TOKEN else "",
}
METER_KEY_FILE = ENV.meter_key_file
SETUP_CODE = ENV.setup_code.get_secret_value()
LETTERBOX = ENV.letterbox  # codes and invitations lie where anybody can read them
LOGGING_CONFIG = None  # `prewatt.config.logs` has the log
