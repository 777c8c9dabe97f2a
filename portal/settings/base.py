"""Values that every kind of installation shares. Reading the environment is `env.py`'s work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.settings.env import BASE_DIR, env

DEBUG = False
PRODUCTION = False
DEMO = False
"""Demo accounts and content exist; production refuses to start with it."""
STAFF_SECOND_FACTOR_WAIVED = False
"""Only the demo may let staff in without a second factor, and says so on every page."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "django_countries",
    "portal.core",
    "portal.accounts",
    "portal.catalogue",
    "cases",
    "records",
    "specialists",
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.request_id",
    "portal.middleware.content_security_policy",
    "portal.middleware.closed_for_work",
    "portal.lean.Lean",  # images by session or token; what it does not know goes on through the rest
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.accounts.middleware.idle_time_out",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.middleware.private_pages",
    "portal.middleware.BeingPrepared",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.product",
            ],
        },
    },
]
FORM_RENDERER = "portal.forms.Renderer"
CSRF_FAILURE_VIEW = "portal.pages.views.csrf_failure"

# -- language, time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")
"""The organisation's time zone: working hours and shown times."""
WORKING_CALENDAR = {
    "country": env.str("CALENDAR_COUNTRY", "US"),
    "subdivision": env.str("CALENDAR_SUBDIVISION", "") or None,
    "start_hour": env.int("WORKDAY_START_HOUR", 9),
    "end_hour": env.int("WORKDAY_END_HOUR", 17),
}

# -- the organisation, as patients see it
PRODUCT = {
    "name": env.str("PRODUCT_NAME", "Consilium"),
    "tagline": env.str("PRODUCT_TAGLINE", "A second opinion you can understand"),
    "organisation": env.str("ORGANISATION", "Example Second Opinion Service"),
    "address": env.str("ORGANISATION_ADDRESS", "1 Example Street, Exampletown"),
    "phone": env.str("CONTACT_PHONE", "0800 000 000"),
    "email": env.str("CONTACT_EMAIL", "help@example.org"),
    "viewer_notice": env.str("VIEWER_NOTICE", "Not for primary diagnosis unless your display is calibrated"),
}
BASE_URL = env.str("BASE_URL", "http://localhost:8000").rstrip("/")
"""Where people reach the portal: links in e-mail and passkeys are bound to it."""

# -- accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "portal.accounts.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "portal.accounts.passwords.UnlikeTheOwner"},
    {"NAME": "portal.accounts.passwords.Uncommon"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after_sign_in"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False
X_FRAME_OPTIONS = "DENY"

# -- the kernel
SUBSCRIPTIONS = "portal.subscriptions.TABLE"
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 60)
CHILD_MEMORY_MB = env.int("CHILD_MEMORY_MB", 512)
SEALED_STORAGE = "sealed"
"""Alias in STORAGES of the private object store. Only portal.core.storage may open it."""
SEAL_INSIDE_TRANSACTIONS = False
"""Only the test suite, which runs each test in a transaction, may write files inside one."""
LOOKS_FLUSH_SECONDS: float | None = 30
"""How often the list of images that were looked at is written (records/dicomweb/looks.py); a minute may be lost. None: when asked."""
MAX_CASE_BYTES = env.int("MAX_CASE_GB", 20) * 1024**3
CLAMAV_ADDRESS = env.str("CLAMAV_ADDRESS", "")
"""`host:port` or the path of a socket. Empty: files are not scanned."""
CLAMAV_MAX_BYTES = env.int("CLAMAV_MAX_MB", 2000) * 1024**2
"""Not above the daemon's StreamMaxLength and MaxFileSize: what is larger is set aside unseen, and said so."""
DISK_RESERVE_BYTES = 1024**3
"""So much of the disk is left to the database and to work; an upload that would take it is refused before its first byte."""
UPLOAD_EXPIRES_HOURS = 72
SWEEP_GRACE_HOURS = 72
"""What nothing names is removed this long after it came: longer than any upload or job is on its way."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
"""No form may lay its files readable in /tmp, as Django would above 2.5 MB. Records have their own, sealing way in."""
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# -- static files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STATIC_ROOT: Path | None = BASE_DIR / "build" / "static"
FRONTEND_DIST = BASE_DIR / "static" / "dist"

# -- celery: the broker is only a doorbell (docs/adr)
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "portal.core.jobs.sweep", "schedule": 10.0, "options": {"expires": 10}}}
CELERY_TIMEZONE = "UTC"

EMAIL_SUBJECT_PREFIX = ""
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "Consilium <no-reply@example.org>")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"
LOGGING_CONFIG = None

# -- allauth
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "portal.accounts.rules.display_name"
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "portal.accounts.forms.SignupForm"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "signup": "portal.accounts.entrance.Signup",
    "login": "portal.accounts.entrance.Login",
    "add_email": "portal.accounts.entrance.AddEmail",
    "change_password": "portal.accounts.entrance.ChangePassword",
    "set_password": "portal.accounts.entrance.SetPassword",
    "reset_password": "portal.accounts.entrance.AskReset",
    "reset_password_from_key": "portal.accounts.entrance.ResetPassword",
    "reauthenticate": "portal.accounts.entrance.Confirm",
}
ACCOUNT_CHANGE_EMAIL = True
"""One address for each account; the old one holds until the link in the mail to the new one was opened."""
ACCOUNT_EMAIL_NOTIFICATIONS = True
"""Who changes a password or a second step is told at the account's address."""
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
"""In the browser that signed up, the mailed link leads on; in any other it asks for the password."""
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "signup": "20/m/ip"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PRODUCT["name"]
MFA_ADAPTER = "portal.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "portal.accounts.entrance.SecondStep",
    "reauthenticate": "portal.accounts.entrance.ConfirmByCode",
    "activate_totp": "portal.accounts.entrance.SetUpApp",
    "add_webauthn": "portal.accounts.entrance.AddPasskey",
    "edit_webauthn": "portal.accounts.entrance.RenamePasskey",
}
USERSESSIONS_TRACK_ACTIVITY = False
