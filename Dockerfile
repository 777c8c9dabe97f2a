# The portal in one image: web, worker and beat differ only in the command (docker-compose.yml).

FROM node:24-bookworm-slim AS front
WORKDIR /build
COPY static/package.json static/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY static/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.11-slim-bookworm
# pango, harfbuzz and a font: the report's PDF.  dcmtk: 12-bit JPEG.  ffmpeg: video on discs.  tesseract: words on scans.  gettext is only needed to build translations.
# EXTRA: what is welcome and not needed, as libreoffice-writer-nogui (shows letters of word processors; some 300 MB).
ARG EXTRA=""
RUN apt-get update \
 && apt-get install -y --no-install-recommends $EXTRA libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core dcmtk ffmpeg \
      tesseract-ocr tesseract-ocr-spa \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /srv/consilium --shell /usr/sbin/nologin consilium \
 && install -d -o consilium -g consilium -m 0700 /data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production DATA_DIR=/data
WORKDIR /srv/consilium
COPY --from=packages /venv /venv
COPY manage.py LICENSE ./
COPY portal portal
COPY cases cases
COPY records records
COPY specialists specialists
COPY templates templates
COPY --from=front /build/dist static/dist
# Python's own cache: the processes that read uploads are many and short, and no user of this image may write it later.
RUN python -m compileall -q portal cases records specialists
# collectstatic needs settings, not secrets: these values exist in this one command only.
RUN SECRET_KEY=build MASTER_KEY=0000000000000000000000000000000000000000000000000000000000000000 ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgresql://localhost/build CACHE_URL=redis://localhost/1 CELERY_BROKER_URL=redis://localhost/0 \
    python manage.py collectstatic --noinput -v 0 --skip-checks
USER consilium
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "-c", \
  "import sys,http.client as h; c=h.HTTPConnection('127.0.0.1',8000,timeout=4); c.request('GET','/healthz',headers={'Host':'localhost'}); sys.exit(c.getresponse().status!=200)"]
CMD ["gunicorn", "portal.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "portal.core.webworker.BalancedWorker", "--workers", "3", \
     "--threads", "24", "--timeout", "120", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--logger-class", "portal.core.serverlog.ServerLogger"]
