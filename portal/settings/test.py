"""The suite's settings: SQLite and memory, or PostgreSQL and Redis where DATABASE_URL, CACHE_URL and CELERY_BROKER_URL point."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from portal.settings.base import *  # noqa: F403
from portal.settings.base import MIDDLEWARE as _MIDDLEWARE
from portal.settings.env import database, env

SEAL_INSIDE_TRANSACTIONS = True
LOOKS_FLUSH_SECONDS = None  # a thread of its own would write past the tests' transactions
if (
    "CONSILIUM_TEST_DIR" not in os.environ
):  # the first process makes it and takes it away; its workers have a part of it each
    os.environ["CONSILIUM_TEST_DIR"] = tempfile.mkdtemp(prefix="consilium-test-")
    atexit.register(shutil.rmtree, os.environ["CONSILIUM_TEST_DIR"], ignore_errors=True)
DATA_DIR = Path(os.environ["CONSILIUM_TEST_DIR"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
DATA_DIR.mkdir(exist_ok=True)
SECRET_KEY = "not a secret: the test suite's"  # noqa: S105
MASTER_KEY = "11" * 32
BASE_URL = "http://localhost"
ALLOWED_HOSTS = ["localhost", "testserver"]

DATABASES = {"default": database(env.str("DATABASE_URL", ""), DATA_DIR)}
if not env.str("DATABASE_URL", ""):
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
"""Each process of the suite has two of Redis' numbered databases to itself: one clears its cache without harming another's."""
if _cache := env.str("CACHE_URL", ""):
    _cache = f"{_cache.rpartition('/')[0]}/{2 * _worker + 1}"
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "sealed": {"BACKEND": "portal.core.backends.LocalFolder", "OPTIONS": {"location": DATA_DIR / "sealed"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MIDDLEWARE = [name for name in _MIDDLEWARE if not name.startswith("whitenoise")]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "memory://")
if CELERY_BROKER_URL.startswith("redis:"):
    CELERY_BROKER_URL = f"{CELERY_BROKER_URL.rpartition('/')[0]}/{2 * _worker}"

MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
