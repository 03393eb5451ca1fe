#!/bin/sh
# Makes or updates the two databases of the Temporal server; safe to repeat.
set -eu
for database in temporal temporal_visibility; do
  schema=${database#temporal_}
  tool="temporal-sql-tool --plugin $DB --ep $POSTGRES_SEEDS --port $DB_PORT --user $POSTGRES_USER --db $database"
  $tool create
  # Fails where the schema is there already; the update then says what is wrong, if anything is.
  $tool setup-schema --version 0.0 || true
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
