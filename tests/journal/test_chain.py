"""The journal: insert-only rows, one chain, and what `verify` names when somebody meddled."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from jiaoan.journal import guard
from jiaoan.journal.actions import record
from jiaoan.journal.chain import seal, verify
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import FixedClock
from jiaoan.scope import SystemActor

CLOCK = FixedClock(datetime(2024, 4, 8, 1, 0, tzinfo=UTC))
ACTOR = SystemActor("test", frozenset())

pytestmark = pytest.mark.django_db


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    """A sealed chain of six facts in two runs."""
    path = tmp_path / "journal.head"
    for round_ in range(2):
        for number in range(3):
            record(
                f"test.{round_}", actor=ACTOR, obj=f"thing:{number}", clock=CLOCK, payload={"n": 1}
            )
        assert seal(path, CLOCK) == 3
    return path


def tamper(statement: str) -> None:
    """Change rows as somebody with the database password would: without the triggers."""
    with connection.cursor() as cursor:
        for name in guard.NAMES:
            table = "" if connection.vendor == "sqlite" else f" ON {guard.TABLE}"
            cursor.execute(f"DROP TRIGGER {name}{table}")
        cursor.execute(statement)
    guard.remake()


def test_it_finds_a_sound_chain_sound(head_file: Path) -> None:
    assert verify(head_file) == []
    assert guard.present()


@pytest.mark.parametrize(
    "statement", ["UPDATE journal_fact SET actor = 'x'", "DELETE FROM journal_fact"]
)
def test_it_refuses_to_change_or_remove_a_sealed_fact(head_file: Path, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="insert-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert verify(head_file) == []


def test_it_names_a_changed_row(head_file: Path) -> None:
    tamper("UPDATE journal_fact SET actor = 'user:1' WHERE seq = 2")
    assert [(p.kind, p.seq) for p in verify(head_file)] == [("changed", 2)]


def test_it_names_a_removed_row(head_file: Path) -> None:
    tamper("DELETE FROM journal_fact WHERE seq = 2")
    assert [(p.kind, p.seq) for p in verify(head_file)] == [("removed", 2)]


def test_it_names_the_last_rows_when_they_are_gone(head_file: Path) -> None:
    tamper("DELETE FROM journal_fact WHERE seq >= 5")
    problem = verify(head_file)[0]
    assert (problem.kind, problem.seq, problem.detail) == ("removed", 5, "5–6")


def test_it_names_an_inserted_row(head_file: Path) -> None:
    extra = Fact.objects.get(seq=3)
    tamper("UPDATE journal_fact SET seq = seq + 10 WHERE seq >= 3")
    tamper("UPDATE journal_fact SET seq = seq - 9 WHERE seq >= 13")
    extra.pk, extra.seq = None, 3
    extra.save(force_insert=True)
    assert ("changed", 3) in [(p.kind, p.seq) for p in verify(head_file)]


def test_it_catches_a_chain_rebuilt_from_the_first_row(head_file: Path) -> None:
    """Somebody who recomputes every hash still cannot reach the heads kept outside."""
    tamper("UPDATE journal_fact SET actor = 'user:1', seq = NULL, hash = '', prev_hash = ''")
    seal(head_file.with_name("other.head"), CLOCK)
    assert {p.kind for p in verify(head_file)} == {"head"}
