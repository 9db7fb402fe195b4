"""Counters of the gateway: one JSON line every ten seconds, and a file for who wants to look."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jiaoan.wire.jt808 import BadFrame, Frame


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
    datagrams: int = 0
    datagrams_dropped: Counter[str] = field(default_factory=Counter)
    held_back: int = 0
    """Links not read for a while because they sent more frames a second than they may."""
    notes_lost: int = 0
    bad_settings: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    """Parts of sub-packaged messages, by what became of them."""
    kept: Counter[str] = field(default_factory=Counter)
    """Messages besides positions: stored ones by their id, others by why not."""
    attachments: Counter[str] = field(default_factory=Counter)
    attachment_octets: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    """Commands to terminals, by what became of them."""
    clock_jumps: int = 0

    sessions_now: int = 0
    links_now: int = 0
    queued_now: int = 0
    paused_now: bool = False
    terminals_known: int = 0
    commands_now: int = 0
    uploads_now: int = 0
    bus: str = "ok"
    clock: str = "ok"
    address: str = ""
    attachment_address: str = ""

    def count(self, found: Sequence[Frame | BadFrame]) -> None:
        """What a reader found."""
        for one in found:
            if isinstance(one, BadFrame):
                self.bad_frames[one.fault] += 1
            else:
                self.frames += 1
                if one.tolerated:
                    self.tolerated.update(one.tolerated)

    def line(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True)

    def save(self, path: Path) -> None:
        """Whole or not at all: a reader never sees half a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".part")
        aside.write_text(self.line() + "\n", "utf-8")
        os.replace(aside, path)
