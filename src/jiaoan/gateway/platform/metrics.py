"""Counters of the links between platforms: one JSON line every ten seconds, and a file."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Metrics:
    """Everything is a count since the start, except the last block, which is the state now."""

    callers: int = 0
    callers_refused: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    positions: int = 0
    """Received and stored."""
    doubles: int = 0
    """Received again, stored once."""
    unmatched: int = 0
    """Kept apart: no vehicle with that plate and colour is registered."""
    bad_positions: int = 0
    bad_references: int = 0
    publish_failures: int = 0
    sent_live: int = 0
    sent_backfill: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)
    """Rows of the bus that cannot be sent, by reason."""
    orders: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    kept_lost: int = 0

    links_now: dict[str, str] = field(default_factory=dict)
    """``NAME/main`` and ``NAME/sub`` with their states."""
    confirmed_now: dict[str, int] = field(default_factory=dict)
    """Sequence of the bus up to which each superior has read."""
    counted_there_now: dict[str, int] = field(default_factory=dict)
    """How many positions each superior says it counted in its last period (0x9101)."""
    told_sent_now: dict[str, int] = field(default_factory=dict)
    """How many positions each subordinate says it sent in its last period (0x1101)."""
    sent_again: int = 0
    """Blocks that a superior asked for again (0x9303)."""
    vehicles_known: int = 0
    bus: str = "ok"
    address: str = ""

    def line(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True)

    def save(self, path: Path) -> None:
        """Whole or not at all: a reader never sees half a file."""
        aside = path.with_name(path.name + ".part")
        aside.write_text(self.line() + "\n", "utf-8")
        os.replace(aside, path)
