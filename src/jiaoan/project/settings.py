"""Django settings, all from the environment; production refuses defaults.

``JIAOAN_DATA``          data directory (database, bus store, tracks, files, secrets)
``JIAOAN_DATABASE_URL``  ``postgresql://…``; empty = SQLite in the data directory
``JIAOAN_BUS_URL``       address of the bus
``JIAOAN_CLOCK_OFFSET``  seconds added to real time (``kernel.clock``)
``JIAOAN_DEMO``          1 = demonstration data, said on every page
``JIAOAN_ALLOWED_HOSTS`` comma-separated host names
``JIAOAN_DEBUG``         1 = development only
``JIAOAN_TRACKS_KEEP``   months that positions are kept, e.g. ``hazmat=12,truck=6``
``JIAOAN_TRACKS_CLOSE_S``  seconds between two reports that tell a straight way, 1 to 300
``JIAOAN_TRACKS_KEEP_CONFIRMED_BY``  who confirmed these months; only then the worker removes
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

PACKAGE = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("JIAOAN_DATA", "var/data")).resolve()
DEBUG = os.environ.get("JIAOAN_DEBUG") == "1"
DEMO = os.environ.get("JIAOAN_DEMO") == "1"
BUS_URL = os.environ.get("JIAOAN_BUS_URL", "nats://127.0.0.1:4222")
JOURNAL_HEAD = DATA_DIR / "journal.head"


def _months(text: str) -> dict[str, int]:
    """``hazmat=12,truck=6``; which kinds and figures may be is said by ``tracks.retention``."""
    found: dict[str, int] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        kind, _, months = part.partition("=")
        if not months.isdecimal():
            raise ImproperlyConfigured(
                f"JIAOAN_TRACKS_KEEP 应写作 hazmat=12,truck=6，{part!r} 不是。"
            )
        found[kind] = int(months)
    return found


def _close_s(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 300):
        raise ImproperlyConfigured(f"JIAOAN_TRACKS_CLOSE_S 应为 1 至 300 秒，{text!r} 不是。")
    return int(text)


TRACKS_CLOSE_S = _close_s(os.environ.get("JIAOAN_TRACKS_CLOSE_S", "60"))
TRACKS_KEEP_MONTHS = _months(os.environ.get("JIAOAN_TRACKS_KEEP", ""))
TRACKS_KEEP_CONFIRMED_BY = os.environ.get("JIAOAN_TRACKS_KEEP_CONFIRMED_BY", "").strip()


def _secret() -> str:
    """The installation's own secret, invented by ``jiaoan init`` (or the demonstration)."""
    kept = DATA_DIR / "secret"
    secret = kept.read_text().strip() if kept.exists() else os.environ.get("JIAOAN_SECRET", "")
    if len(secret) < 40:
        raise ImproperlyConfigured(
            f"没有可用的密钥：{kept} 不存在或过短。请先运行 jiaoan init --data {DATA_DIR}。"
        )
    return secret


SECRET_KEY = _secret()
ALLOWED_HOSTS = [
    host
    for host in os.environ.get("JIAOAN_ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")
    if host
]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("JIAOAN_ALLOWED_HOSTS 不允许使用 *，请写明主机名。")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "jiaoan.portal",  # before allauth, whose pages take our look
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "auditlog",
    "jiaoan.journal",
    "jiaoan.org",
    "jiaoan.registry",
    "jiaoan.ledger",
    "jiaoan.hazmat",
    "jiaoan.watch",
    "jiaoan.flows",
    "jiaoan.worker",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "jiaoan.portal.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "jiaoan.portal.middleware.PortalMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "jiaoan.project.urls"
ASGI_APPLICATION = "jiaoan.project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jiaoan.portal.context.portal",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    url = os.environ.get("JIAOAN_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "jiaoan.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured("JIAOAN_DATABASE_URL 只支持 postgresql://…，留空则使用 SQLite。")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": dict(parse_qsl(parts.query)).get("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATORS + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": _VALIDATORS + "NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "jiaoan.portal.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # django-axes locks out; two counters would disagree
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1 / 6  # hours: ten minutes, the level-2 preset of GB/T 22239-2019
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
if os.environ.get("JIAOAN_TLS") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "worker-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"jiaoan": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
