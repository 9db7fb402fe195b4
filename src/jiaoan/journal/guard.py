"""Triggers that keep facts insert-only, and the check that they are there.

Only the sealer's three columns may change, and only while a row is unsealed. On SQLite an ordinary
field change copies the table and drops triggers, so they are remade after every migrate, and a
start without them is refused.
"""

from __future__ import annotations

from django.db import connections

TABLE = "journal_fact"
NAMES = ("journal_fact_no_update", "journal_fact_no_delete")
_KEPT = ("id", "kind", "actor", "obj", "happened_at", "reported_at", "recorded_at")

_SQLITE = (
    f"DROP TRIGGER IF EXISTS {NAMES[0]}",
    f"DROP TRIGGER IF EXISTS {NAMES[1]}",
    f"CREATE TRIGGER {NAMES[0]} BEFORE UPDATE ON {TABLE} WHEN OLD.seq IS NOT NULL OR "
    + " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in (*_KEPT, "payload"))
    + " BEGIN SELECT RAISE(ABORT, 'journal facts are insert-only'); END",
    f"CREATE TRIGGER {NAMES[1]} BEFORE DELETE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'journal facts are insert-only'); END",
)
_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION journal_fact_guard() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'journal facts are insert-only'; END $$ LANGUAGE plpgsql""",
    f"DROP TRIGGER IF EXISTS {NAMES[0]} ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {NAMES[1]} ON {TABLE}",
    f"CREATE TRIGGER {NAMES[0]} BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN (OLD.seq IS NOT NULL OR "
    + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _KEPT)
    + " OR NEW.payload::text IS DISTINCT FROM OLD.payload::text)"
    + " EXECUTE FUNCTION journal_fact_guard()",
    f"CREATE TRIGGER {NAMES[1]} BEFORE DELETE ON {TABLE} FOR EACH ROW "
    "EXECUTE FUNCTION journal_fact_guard()",
)


def remake(using: str = "default", **_: object) -> None:
    """Make the triggers anew (a ``post_migrate`` receiver; idempotent)."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    statements = _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def present(using: str = "default") -> bool:
    """Whether both triggers stand; asked at every start."""
    connection = connections[using]
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        found = {row[0] for row in cursor.fetchall()}
    return set(NAMES) <= found
