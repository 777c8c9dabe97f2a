import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
application = get_wsgi_application()

from portal.core.checks import refuse_unsafe_start  # noqa: E402 - needs the apps, which the line above loads

refuse_unsafe_start()

from portal.celery import app as broker  # noqa: E402

broker.amqp.producer_pool  # noqa: B018 - loads the broker's client now, not while the first upload waits for it
