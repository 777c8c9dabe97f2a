import os

from django.core.wsgi import get_wsgi_application

from portal.settings.env import told_in_words

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
GUNICORN_STOPS = 4
"""The status of a worker whose application does not load: gunicorn ends with it instead of starting the next one for ever."""

with told_in_words(GUNICORN_STOPS):
    application = get_wsgi_application()

    from portal.core.checks import refuse_unsafe_start

    refuse_unsafe_start()  # needs the apps, which are loaded now

from portal.celery import app as broker  # noqa: E402

broker.amqp.producer_pool  # noqa: B018 - loads the broker's client now, not while the first upload waits for it
