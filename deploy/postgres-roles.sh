#!/bin/sh
# Run once by the PostgreSQL image in an empty data folder. The owner (POSTGRES_USER) migrates; consilium_app is what web
# and worker use. It may read and write rows of every table that the owner makes later; `manage.py restrict_history`,
# after each migration, takes UPDATE and DELETE of the history tables away from it.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$APP_POSTGRES_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE consilium_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO consilium_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO consilium_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO consilium_app;
SQL
