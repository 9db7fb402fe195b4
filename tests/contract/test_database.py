"""The contract stages test the database they are named after."""

from __future__ import annotations

import os

import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_runs_on_the_database_that_the_stage_names() -> None:
    named = "postgresql" if os.environ.get("JIAOAN_DATABASE_URL") else "sqlite"
    assert connection.vendor == named


@pytest.mark.django_db
def test_it_writes_sqlite_durably() -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        asked = {}
        for name in ("synchronous", "foreign_keys", "busy_timeout"):
            cursor.execute(f"PRAGMA {name}")
            asked[name] = cursor.fetchone()[0]
    assert asked == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
