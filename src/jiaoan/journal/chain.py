"""Sealing and verifying: the hash chain over facts and its head outside the database.

Theory of operation
-------------------
A chain inside each transaction would fork or make all writers wait, so actions insert unchained
rows and one sealer (the worker, every second) chains those that are committed: ``seq`` without
gaps, ``hash = SHA-256(prev_hash, seq, all fields)``. After each run the head (seq, hash, time) is
appended to ``journal.head`` in the data directory and synced. :func:`verify` recomputes all of it:
a changed row breaks its own hash, an inserted row breaks the chain, a removed row leaves a gap,
and when the last rows are gone the head file still names them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from django.db import transaction

from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock

GENESIS = "0" * 64


@dataclass(frozen=True)
class Head:
    """The last sealed fact: printed in reports, kept in ``journal.head``."""

    seq: int
    hash: str

    @property
    def short(self) -> str:
        return f"{self.hash[:4]}…{self.hash[-4:]}"


@dataclass(frozen=True)
class Problem:
    """One break of the chain: ``kind`` is changed, inserted, removed or head."""

    kind: str
    seq: int
    detail: str


def digest(fact: Fact, seq: int, prev_hash: str) -> str:
    """SHA-256 over the previous hash and every field of the row, in one canonical JSON form."""
    body = [
        prev_hash,
        seq,
        fact.pk,
        fact.kind,
        fact.actor,
        fact.obj,
        *(
            moment.astimezone(UTC).isoformat(timespec="microseconds")
            for moment in (fact.happened_at, fact.reported_at, fact.recorded_at)
        ),
        fact.payload,
    ]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def head() -> Head | None:
    """The last sealed fact in the database."""
    last = Fact.objects.filter(seq__isnull=False).order_by("-seq").first()
    return Head(last.seq, last.hash) if last and last.seq is not None else None


def seal(head_file: Path, clock: Clock, *, limit: int = 5000) -> int:
    """Chain committed, unsealed facts; append the new head to ``head_file``. Returns how many."""
    with transaction.atomic():
        unsealed = list(Fact.objects.filter(seq__isnull=True).order_by("id")[:limit])
        if not unsealed:
            return 0
        before = head()
        seq, prev = (before.seq, before.hash) if before else (0, GENESIS)
        for fact in unsealed:
            seq += 1
            fact.seq, fact.prev_hash, fact.hash = seq, prev, digest(fact, seq, prev)
            prev = fact.hash
        Fact.objects.bulk_update(unsealed, ["seq", "prev_hash", "hash"], batch_size=200)
    _append(head_file, f"{seq} {prev} {clock.now().isoformat(timespec='seconds')}\n")
    return len(unsealed)


def _append(head_file: Path, line: str) -> None:
    head_file.parent.mkdir(parents=True, exist_ok=True)
    with head_file.open("a", encoding="ascii") as out:
        out.write(line)
        out.flush()
        os.fsync(out.fileno())


def kept_heads(head_file: Path) -> Iterator[Head]:
    """Heads written outside the database, oldest first; a torn last line is passed over."""
    if not head_file.exists():
        return
    for line in head_file.read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) == 3 and len(words[1]) == len(GENESIS):
            yield Head(int(words[0]), words[1])


def verify(head_file: Path) -> list[Problem]:
    """Walk the whole chain and compare it with the heads kept outside. Empty = sound."""
    problems: list[Problem] = []
    kept = {head.seq: head.hash for head in kept_heads(head_file)}
    expected, prev = 1, GENESIS
    for fact in Fact.objects.filter(seq__isnull=False).order_by("seq").iterator(chunk_size=2000):
        seq = fact.seq or 0
        name = f"{fact.kind} {fact.obj}"
        if seq != expected:
            problems.append(Problem("removed", expected, f"{expected}–{seq - 1}"))
        elif fact.prev_hash != prev:
            problems.append(Problem("inserted", seq, name))
        if digest(fact, seq, fact.prev_hash) != fact.hash:
            problems.append(Problem("changed", seq, name))
        elif seq in kept and kept[seq] != fact.hash:
            problems.append(Problem("head", seq, name))
        expected, prev = seq + 1, fact.hash
    gone = [seq for seq in kept if seq >= expected]
    if gone:
        problems.append(Problem("removed", expected, f"{expected}–{max(gone)}"))
    return problems
