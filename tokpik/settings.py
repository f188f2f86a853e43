"""The one settings file. What differs between machines comes from the environment (README, Configuration)."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp import constants as csp
from django.urls import reverse_lazy
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry

from tokpik.configuration import Configuration, is_of_cluster, redis_address
from tokpik.timeouts import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
configuration = Configuration()
read = configuration

PROFILE = read.choice("PROFILE", ("production", "development"), default="production")
DEVELOPMENT = PROFILE == "development"
DEBUG = read.choice("DEBUG", ("on", "off"), default="off") == "on"
# Without a key Django does not even start to say what is wrong; nothing is served while a problem is noted.
SECRET_KEY = read.secret("SECRET_KEY") or secrets.token_urlsafe(48)
# Probes on the machine itself name no public host.
ALLOWED_HOSTS = [*read.words("ALLOWED_HOSTS"), "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = read.words("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = read.words("CORS_ALLOWED_ORIGINS")
CLIENT_URL = read.url("CLIENT_URL")
TRUSTED_PROXY_HOPS = read.number("TRUSTED_PROXY_HOPS", default=0, most=10)
PORT = read.number("PORT", default=8000, least=1, most=65535)
WEB_CONCURRENCY = read.number("WEB_CONCURRENCY", default=2, least=1, most=256)
WEB_THREADS = read.number("WEB_THREADS", default=8, least=1, most=256)
# Whoever shows it may read /metrics; without one nobody may.
METRICS_TOKEN = read.secret("METRICS_TOKEN", default="")
THROTTLE = read.choice("THROTTLE", ("on", "off"), default="on") == "on"

# Tokens, keys and what people typed are sent to Kakao, FCM and the model.
called = read.url if DEVELOPMENT else read.sealed_url

KAKAO_CLIENT_ID = read.text("KAKAO_CLIENT_ID")
KAKAO_CLIENT_SECRET = read.text("KAKAO_CLIENT_SECRET", default="")
KAKAO_REDIRECT_URI = read.url("KAKAO_REDIRECT_URI")
KAKAO_ADMIN_KEY = read.text("KAKAO_ADMIN_KEY")
KAKAO_APP_ID = read.number("KAKAO_APP_ID", default=0)
KAKAO_AUTH_URL = called("KAKAO_AUTH_URL", default="https://kauth.kakao.com")
KAKAO_API_URL = called("KAKAO_API_URL", default="https://kapi.kakao.com")

# A file; read by `send_notifications` alone.
FCM_CREDENTIALS = read.text("FCM_CREDENTIALS", default="")
FCM_URL = called("FCM_URL", default="https://fcm.googleapis.com")

# Topics and details are written by a model when there is a key; any server of the Chat Completions dialect will do.
OPENAI_API_KEY = read.text("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = called("OPENAI_BASE_URL", default="https://api.openai.com/v1")
OPENAI_MODEL = read.text("OPENAI_MODEL", default="gpt-4.1-mini")
# Dollars for a million tokens, in and out.
OPENAI_PRICES = read.prices("OPENAI_PRICES", default={"gpt-4.1-mini": (0.4, 1.6), "gpt-4.1": (2.0, 8.0)})
# For how many seconds an answer waits for what is being written.
GENERATION_BUDGET = read.number("GENERATION_BUDGET", default=4, most=20)
# Fewer topics than these that name what is asked for, and others are written.
GENERATION_BELOW = read.number("GENERATION_BELOW", default=10, most=30)
GENERATION_CALLS_A_DAY = read.number("GENERATION_CALLS_A_DAY", default=1000, most=1_000_000)
GENERATION_CALLS_A_USER = read.number("GENERATION_CALLS_A_USER", default=20, most=1_000_000)
# When what passed every check enters the catalogue by itself; None: never.
GENERATION_PUBLISH_AFTER = read.hours("GENERATION_PUBLISH_AFTER", default=timedelta(hours=24))

# Where back-ups and the journal of deletions are; read by `backup`, `restore` and `run_background`.
BACKUP_DIR = read.text("BACKUP_DIR", default="")

# --- Django ---------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Before accounts, which takes their tables out of the console.
    "rest_framework_simplejwt.token_blacklist",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "tokpik",
    "topics",
    "accounts",
    "scraps",
    "notifications",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # Before Django's console, whose templates they take the place of.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "import_export",
    "pghistory",
    "pgtrigger",
    "tokpik.site.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "tokpik.requests.RequestLog",
    "tokpik.middleware.ErrorLanguage",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "tokpik.middleware.ContentPolicyOnPages",
    "tokpik.middleware.BodyLimit",
    "django.middleware.common.CommonMiddleware",
    "tokpik.middleware.SessionUnderAdmin",
    "tokpik.middleware.CsrfUnderAdmin",
    "tokpik.middleware.AuthenticationUnderAdmin",
    "tokpik.middleware.SecondFactorUnderAdmin",
    "tokpik.middleware.HistoryUnderAdmin",
    "tokpik.middleware.MessagesUnderAdmin",
    "tokpik.middleware.FrameOptionsUnderAdmin",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "tokpik.urls"
WSGI_APPLICATION = "tokpik.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# What an authenticator app calls its entry.
OTP_TOTP_ISSUER = "톡픽"
# A working day in the console; the API's own sessions are another thing.
SESSION_COOKIE_AGE = 12 * 3600
LANGUAGE_CODE = "ko"
TIME_ZONE = "Asia/Seoul"
USE_TZ = True
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = "tokpik.formats"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / ".local" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Database and cache ---------------------------------------------------------------------------------------

DATABASES = {"default": read.database("DATABASE_URL")}
# A read replica that fills the cache (docs/scaling.md); nothing else asks it.
if replica := read.database("DATABASE_REPLICA_URL", default={}):
    DATABASES["replica"] = replica
for database in DATABASES.values():
    database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        # A thread of the server holds one connection at most; two to spare for what runs beside them.
        "max_size": WEB_THREADS + 2,
        "timeout": 2,
    }
    # A server that has gone without a word is noticed within seconds, not when TCP gives up.
    database["OPTIONS"] |= {"connect_timeout": 2, "tcp_user_timeout": 5000}
    # Nobody waits for ever: these are of commands, which the web server makes shorter (tokpik.wsgi).
    asked = database["OPTIONS"].get("options", "")
    database["OPTIONS"]["options"] = f"{COMMANDS.options()} {asked}".strip()
    # Health checks: without them, requests fail after the server cut its connections.
    database["CONN_HEALTH_CHECKS"] = True
if replica:
    # The primary is asked instead: rather soon than late.
    replica["OPTIONS"]["tcp_user_timeout"] = 1000
    replica["OPTIONS"]["options"] += " -c statement_timeout=500"
    replica["OPTIONS"]["pool"]["timeout"] = 0.5
REDIS_URL = read.read("REDIS_URL", redis_address, fallback="redis://")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 0.5,
            # Each thread keeps a connection: taking one from a pool is a quarter of what a question costs. One that the
            # server has closed is opened anew, once; what ran into a time-out is not asked again.
            "REDIS_CLIENT_KWARGS": {"single_connection_client": True},
            "CONNECTION_POOL_KWARGS": {
                "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
                # No bound: a thread takes at most two, the second for what it asks in a pipeline.
                "max_connections": 2**31,
            },
        },
    }
}

REDIS_CLUSTER = read.choice("REDIS_CLUSTER", ("on", "off"), default="off") == "on"
if REDIS_CLUSTER:
    CACHES["default"]["OPTIONS"]["CONNECTION_FACTORY"] = "tokpik.cluster.ClusterFactory"

# --- REST framework, tokens, schema ---------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["tokpik.json.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["tokpik.json.Parser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tokpik.json.Negotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "tokpik.openapi.Schema",
    "EXCEPTION_HANDLER": "tokpik.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=3),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "ISSUER": "tokpik",
    "LEEWAY": 5,
    "SIGNING_KEY": read.key("JWT_SIGNING_KEY") or secrets.token_urlsafe(48),
}
# Old signing keys still verify (docs/decisions/0003).
JWT_OLD_KEYS = read.keys("JWT_OLD_KEYS")
# How long the parent of an unused refresh token may be sent again, by a phone that lost the answer.
REFRESH_GRACE = timedelta(seconds=read.number("REFRESH_GRACE", default=30, most=3600))
# The absolute end of refreshing, counted from the login.
SESSION_LIFETIME = timedelta(days=read.number("SESSION_DAYS", default=90, least=1, most=3650))

# How long an unused session keeps its push target: the shipped client never refreshes.
PUSH_TARGET_LIFETIME = timedelta(days=90)
# What every worker reads once a second at least (tokpik.reading).
READING_PARTS = ["accounts.revocations.part", "accounts.revocations.restored_part", "topics.corrections.part"]
# What the database says at each reading of /metrics (tokpik.metrics).
FIGURES = ["tokpik.backups.figures", "accounts.figures.figures", "notifications.figures.figures"]
FIGURES += ["topics.generation.figures.figures"]
# What `GET /users/export` is made of (tokpik.export), in this order.
EXPORTED = ["accounts.export.sections", "topics.export.sections", "topics.generation.export.sections"]
EXPORTED += ["scraps.export.sections", "notifications.export.sections"]
# How long a cached answer lives, in seconds, give or take the spread: entries made together do not end together.
CACHE_TTL = read.number("CACHE_TTL", default=3600, least=1)
CACHE_TTL_SPREAD = min(read.number("CACHE_TTL_SPREAD", default=100), CACHE_TTL - 1)

# Limits in a minute: of an address, behind which a carrier may put thousands of phones, of a session, and of a user.
LOGINS_A_MINUTE = read.number("LOGINS_A_MINUTE", default=300, least=1)
REFRESHES_A_MINUTE = read.number("REFRESHES_A_MINUTE", default=600, least=1)
SESSION_REFRESHES_A_MINUTE = read.number("SESSION_REFRESHES_A_MINUTE", default=20, least=1)
READS_A_MINUTE = read.number("READS_A_MINUTE", default=300, least=1)
WRITES_A_MINUTE = read.number("WRITES_A_MINUTE", default=120, least=1)
SEARCHES_A_MINUTE = read.number("SEARCHES_A_MINUTE", default=60, least=1)
# In a day, since each leaves rows that are kept for days.
SIGN_INS_A_DAY = read.number("SIGN_INS_A_DAY", default=100, least=1)
SESSION_REFRESHES_A_DAY = read.number("SESSION_REFRESHES_A_DAY", default=500, least=1)
REMINDERS_A_DAY = read.number("REMINDERS_A_DAY", default=200, least=1)

SPECTACULAR_SETTINGS = {
    "TITLE": "톡픽 API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "대화 주제를 고르고, 모으고, 이어 가는 톡픽의 REST API입니다.",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "TAGS": [
        {"name": "계정", "description": "로그인, 토큰, 프로필, 관심사, 약관"},
        {"name": "주제", "description": "태그, 추천, 상세, 연관 주제"},
        {"name": "스크랩", "description": "주제를 모으는 폴더"},
        {"name": "알림", "description": "정한 시각에 주제를 푸시로"},
        {"name": "운영", "description": "살아 있는지, 준비되었는지"},
    ],
}

# --- The console ----------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "톡픽",
    "SITE_HEADER": "톡픽",
    "SITE_SUBHEADER": "대화 주제를 다듬는 곳",
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "tokpik.console.icon"}],
    "DASHBOARD_CALLBACK": "tokpik.dashboard.fill",
    "STYLES": ["tokpik.console.stylesheet"],
    "SIDEBAR": {"navigation": "tokpik.console.navigation"},
    "COMMAND": {"search_models": False},
    "ACCOUNT": {
        "navigation": [
            {"title": "비밀번호 변경", "link": reverse_lazy("admin:password_change")},
            {"title": "복구 코드", "link": reverse_lazy("admin:recovery_codes")},
        ]
    },
    # What unfold draws its buttons and links in; a blue that white text is legible on.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
}

# Who did something, and where, is kept of requests that change something.
PGHISTORY_MIDDLEWARE_METHODS = ("POST",)

# --- Security -------------------------------------------------------------------------------------------------

CORS_URLS_REGEX = ""
CORS_ALLOW_ALL_ORIGINS = False
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_PRIVATE_NETWORK = False
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CORS_ALLOW_HEADERS = ["authorization", "content-type"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-Id"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
# What the console and Swagger UI may load and run: nothing from elsewhere, no script within a page. The console's theme
# evaluates its attributes and sets styles (docs/decisions/0041).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.SELF, csp.UNSAFE_EVAL],
        "style-src": [csp.SELF, csp.UNSAFE_INLINE],
        "img-src": [csp.SELF, "data:"],
        "font-src": [csp.SELF],
        "connect-src": [csp.SELF],
        "form-action": [csp.SELF],
        "base-uri": [csp.NONE],
        "frame-ancestors": [csp.NONE],
    }
}
# W002 and W003 ask for middleware that stands under /admin/ only, as subclasses of our own.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]
if not TRUSTED_PROXY_HOPS:
    # Whoever serves without a proxy of ours ends TLS elsewhere, or not at all: no redirect of ours would help.
    SILENCED_SYSTEM_CHECKS.append("security.W008")
if not DEVELOPMENT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_HOPS else None
    SECURE_SSL_REDIRECT = bool(TRUSTED_PROXY_HOPS)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # The browser takes a cookie of such a name from this very host alone, over HTTPS, for all of its paths.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "tokpik.logs.formatter", "readable": DEVELOPMENT}},
    "filters": {"nothing sent": {"()": "tokpik.logs.NothingSent"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Every 4xx is the client's own business; a 5xx has its line from tokpik.requests, without path and query.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        "gunicorn.error": {"filters": ["nothing sent"], "propagate": True},
        # One line a request, with the address in it.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
CONFIGURATION_PROBLEMS = configuration.problems
if not DEVELOPMENT and not THROTTLE:
    CONFIGURATION_PROBLEMS.append("THROTTLE=off is for PROFILE=development only.")
if REDIS_CLUSTER and not is_of_cluster(REDIS_URL):
    CONFIGURATION_PROBLEMS.append("REDIS_CLUSTER=on needs a REDIS_URL without socket and database number.")
