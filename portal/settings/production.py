"""A real installation: PostgreSQL, Redis, S3 or a private folder, TLS in front. Everything secret comes from the environment."""

from __future__ import annotations

from portal.core.logs import configure as configure_logs
from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_URL
from portal.settings.env import data_dir, database, env, secrets_from_environment

PRODUCTION = True
"""portal/core/checks.py refuses to start what is not safe."""
DATA_DIR = data_dir()
_secrets = secrets_from_environment()
SECRET_KEY = _secrets.django
MASTER_KEY = _secrets.master_key
DEMO = env.bool("DEMO", False)

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATABASES = {"default": database(env.str("DATABASE_URL"), DATA_DIR)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env.str("CACHE_URL")}}
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")

if _bucket := env.str("S3_BUCKET", ""):
    _sealed = {
        "BACKEND": "portal.core.backends.Bucket",
        "OPTIONS": {
            "bucket_name": _bucket,
            "endpoint_url": env.str("S3_ENDPOINT", None),
            "access_key": env.str("S3_ACCESS_KEY"),
            "secret_key": env.str("S3_SECRET_KEY"),
            "region_name": env.str("S3_REGION", None),
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": False,
        },
    }
else:
    _sealed = {"BACKEND": "portal.core.backends.LocalFolder", "OPTIONS": {"location": DATA_DIR / "sealed"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "sealed": _sealed,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

FRONT_END_REQUIRED = True
"""Pages without their styles and scripts are unusable: better to fail loudly (portal/templatetags/consilium.py)."""

configure_logs(env.str("LOG_LEVEL", "INFO"))

EMAIL_BACKEND = env.str("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", True)

ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1)
"""Proxies in front. Without it every sign-in seems to come from the proxy, and one stranger's failed tries lock everybody out."""
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
