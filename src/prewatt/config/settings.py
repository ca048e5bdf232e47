"""Django settings, from the typed environment."""

from pathlib import Path

from prewatt.config.environment import environment

ENV = environment()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = ENV.secret_key
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
ROOT_URLCONF = "prewatt.config.urls"
ASGI_APPLICATION = "prewatt.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "access.User"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "prewatt.access",
    "prewatt.cases",
    "prewatt.ledger",
    "prewatt.estate",
    "prewatt.tenancy",
    "prewatt.metering",
    "prewatt.billing",
    "prewatt.supply",
    "prewatt.notices",
    "prewatt.payments",
    "prewatt.console",
]

DATABASES = {"default": ENV.database()}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE / "locale"]
SILENCED_SYSTEM_CHECKS = ["auth.E003"]  # the user name is unique by a constraint on its lower case
