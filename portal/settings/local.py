"""One machine, no other service: SQLite, local files, a broker of files. What `make run` starts."""

from __future__ import annotations

from portal.core.logs import configure as configure_logs
from portal.settings.base import *  # noqa: F403
from portal.settings.env import data_dir, database, env, secrets_from_data_dir

DATA_DIR = data_dir()
_secrets = secrets_from_data_dir(DATA_DIR)
SECRET_KEY = _secrets.django
MASTER_KEY = _secrets.master_key

DEMO = env.bool("DEMO", True)
STAFF_SECOND_FACTOR_WAIVED = DEMO
PORT = env.int("PORT", 8000)
BASE_URL = env.str("BASE_URL", f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

DATABASES = {"default": database(env.str("DATABASE_URL", ""), DATA_DIR)}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": DATA_DIR / "cache"},
}
if _cache := env.str("CACHE_URL", ""):
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "sealed": {"BACKEND": "portal.core.backends.LocalFolder", "OPTIONS": {"location": DATA_DIR / "sealed"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None  # nothing is collected: files are served from where the front-end build puts them

_broker = DATA_DIR / "broker"
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "filesystem://localhost")
if CELERY_BROKER_URL.startswith("filesystem:"):
    for _folder in ("messages", "processed", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": _broker / "messages",
        "data_folder_out": _broker / "messages",
        "processed_folder": _broker / "processed",
        "control_folder": _broker / "control",
        "store_processed": False,
        "polling_interval": 0.1,  # seconds between two looks into the folder; the transport's own 1.0 is felt after each upload
    }

configure_logs(env.str("LOG_LEVEL", "INFO"))

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"

MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys on http://localhost
