"""Counters of the gateway: one JSON line every ten seconds, and a file for who wants to look."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Metrics:
    """Everything is a count since the start, except the last block, which is the state now."""

    links: int = 0
    links_refused: int = 0
    admitted: int = 0
    taken_over: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    octets: int = 0
    frames: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    bad_frames: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    positions: int = 0
    published: int = 0
    acked: int = 0
    batches: int = 0
    publish_failures: int = 0
    pauses: int = 0
    bad_references: int = 0
    quarantined: int = 0
    quarantine_lost: int = 0

    sessions_now: int = 0
    links_now: int = 0
    queued_now: int = 0
    paused_now: bool = False
    terminals_known: int = 0
    bus: str = "ok"
    address: str = ""

    def line(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True)

    def save(self, path: Path) -> None:
        """Whole or not at all: a reader never sees half a file."""
        aside = path.with_name(path.name + ".part")
        aside.write_text(self.line() + "\n", "utf-8")
        os.replace(aside, path)
