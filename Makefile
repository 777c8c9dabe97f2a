# Every target does its own set-up first; nothing needs to be installed by hand but Python 3.11 or newer and make.
# Variables: PORT=8000  DATA_DIR=./data  TESTS=tests/cases  TO=backup.tar  FROM=backup.tar

PYTHON ?= python3
BIN := .venv/bin
DATA_DIR ?= data
TO ?= $(DATA_DIR)/backups/consilium-$(shell date +%Y%m%d-%H%M%S).tar
TESTS ?= tests
# Whatever is configured on this machine: a test never uses the settings of the portal that runs here.
TEST_ENV := env -u DATA_DIR -u PORT -u DATABASE_URL -u CELERY_BROKER_URL -u CACHE_URL DJANGO_SETTINGS_MODULE=portal.settings.test
# Values with the form of real ones, for checking what only production settings say.
DEPLOY_ENV := env DJANGO_SETTINGS_MODULE=portal.settings.production ALLOWED_HOSTS=portal.example.org,localhost \
  BASE_URL=https://portal.example.org DATABASE_URL=postgresql://app@127.0.0.1/checked CACHE_URL=redis://127.0.0.1/1 \
  CELERY_BROKER_URL=redis://127.0.0.1/0 MASTER_KEY=$(shell printf '%064d' 7) \
  SECRET_KEY=only-to-run-the-checks-$(shell printf 'abcdefghijklmnopqrstuvwxyz0123456789')
export DATA_DIR

.DEFAULT_GOAL := help
.PHONY: bench-intake bench-upload bench-documents fuzz help run test test-postgres journeys lint lint-all-but-types format types docs backup restore lock

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run:  ## set up and start the portal on http://localhost:8000
	@$(PYTHON) portal/bootstrap run
	@exec $(BIN)/python manage.py serve

test:  ## set up and run the whole suite, browser journeys included (TESTS=folder for a part)
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) $(BIN)/python -m pytest -n 2 $(TESTS)

journeys:  ## run the browser journeys alone
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) $(BIN)/python -m pytest tests/journeys

test-postgres:  ## run the whole suite on a PostgreSQL and a Redis that this starts and stops itself
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) .ci/with-services $(BIN)/python -m pytest -n 2 $(TESTS)

bench-documents:  ## how well papers are told apart on TEST_DATA/documents: precision and recall (TEST_DATA=folder)
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) nice $(BIN)/python -m bench.documents

fuzz:  ## thousands of broken files through the process that reads uploads (COUNT=10000 FUZZ_SEED=… TEST_DATA=folder)
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) nice $(BIN)/python bench/fuzz.py

lint:  ## style, types, import contracts, templates, missing migrations, deployment checks
	@$(PYTHON) portal/bootstrap lint
	@$(MAKE) --no-print-directory --jobs=2 PYTHON=true types lint-all-but-types

lint-all-but-types:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --quiet --lint templates
	@$(TEST_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	@$(DEPLOY_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING \
	  --tag security --tag models --tag urls --tag templates --tag compatibility

format:  ## put source and templates into the project's form
	@$(PYTHON) portal/bootstrap lint
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

types:  ## mypy alone
	@$(PYTHON) portal/bootstrap lint
	@$(BIN)/mypy

.PHONY: bench-records
bench-records:  ## images against Debian's Orthanc on the same data: build/bench/records.json (QUICK=1 for a short run)
	@$(PYTHON) portal/bootstrap test
	@$(BIN)/python -m bench.records $(if $(QUICK),--quick)

.PHONY: bench-viewer
bench-viewer:  ## a study of 4,000 images in Chromium with a 4 GB laptop's memory: build/bench/viewer.json (QUICK=1: 800)
	@$(PYTHON) portal/bootstrap test
	@$(BIN)/python -m bench.viewer $(if $(QUICK),--quick)

docs:  ## take the screenshots anew, from the demo's invented cases
	@$(PYTHON) portal/bootstrap test
	@$(BIN)/python docs/screenshots.py

bench-intake:  ## what becomes of real, hostile and whole-disc uploads (TEST_DATA=folder FILES=5000)
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) $(BIN)/python -m bench.intake

bench-upload:  ## 200 uploads that are cut, a server that is killed, memory at 2 GB: a table, and build/bench/upload.json (QUICK=1)
	@$(PYTHON) portal/bootstrap test
	@$(TEST_ENV) $(BIN)/python -m bench.upload $(if $(QUICK),--quick)

backup:  ## copy database and sealed records into one file (TO=path); the keys are not in it
	@$(PYTHON) portal/bootstrap run
	@$(BIN)/python manage.py backup --to "$(TO)"

restore:  ## put a backup back (FROM=path); refuses a portal that already has data unless FORCE=1
	@$(PYTHON) portal/bootstrap run
	@$(BIN)/python manage.py restore $(if $(FORCE),--force) "$(or $(FROM),$(error name the backup: make restore FROM=path))"

lock:  ## write the lock files anew from pyproject.toml
	@$(PYTHON) portal/bootstrap lint
	@for extra in "" dev; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header $${extra:+--extra $$extra} pyproject.toml -o requirements$${extra:+-$$extra}.txt; done
	@sed -nE '/^front = \[/,/^\]/s/^ *"([^"]+)".*/\1/p' pyproject.toml | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header - -o requirements-front.txt
