"""Octets that were not taken, kept for people to look at: a file with a bound.

Two generations of JSON lines; when the younger reaches half of the bound it becomes the older.
A disk that cannot take them must not stop the gateway: the loss is counted and logged.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import BinaryIO

from jiaoan.gateway.metrics import Metrics
from jiaoan.kernel.clock import Clock

logger = logging.getLogger("jiaoan.gateway")


class Quarantine:
    """``quarantine.jsonl`` and ``quarantine.1.jsonl`` in ``folder``."""

    def __init__(self, folder: Path, octets: int, clock: Clock, metrics: Metrics) -> None:
        self.path = folder / "quarantine.jsonl"
        self._older = folder / "quarantine.1.jsonl"
        self._half = octets // 2
        self._clock, self._metrics = clock, metrics
        self._file: BinaryIO | None = None
        self._failing = False

    def keep(self, reason: str, peer: str, terminal: str, octets: bytes) -> None:
        """One line: when, why, from where, as whom, and the octets in hexadecimal."""
        entry = {
            "at": self._clock.now().isoformat(),
            "reason": reason,
            "peer": peer,
            "terminal": terminal,
            "hex": octets.hex(),
        }
        try:
            self._write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        except OSError as wrong:
            self._metrics.quarantine_lost += 1
            if not self._failing:
                logger.error("refused octets cannot be kept in %s: %s", self.path, wrong)
            self._failing = True
        else:
            self._metrics.quarantined += 1
            self._failing = False

    def _write(self, line: bytes) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
        if self._file.tell() + len(line) > self._half:
            self.close()
            os.replace(self.path, self._older)
            self._file = self.path.open("ab")
        self._file.write(line)

    def flush(self) -> None:
        """Give what is buffered to the system; called once a second."""
        if self._file is None:
            return
        try:
            self._file.flush()
        except OSError as wrong:
            self._metrics.quarantine_lost += 1
            logger.error("refused octets cannot be kept in %s: %s", self.path, wrong)
            self._file = None

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None
