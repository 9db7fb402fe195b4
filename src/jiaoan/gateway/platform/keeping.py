"""What is received and not acted on is kept in files: nothing is dropped in silence.

``Log`` has a bound and two generations, for octets that people may want to look at. ``Unmatched``
keeps positions of vehicles that are not registered: synced to disk before they are counted, one
file a day, and when its bound is reached it refuses, so that the link stops instead of losing.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.kernel.clock import Clock

logger = logging.getLogger("jiaoan.platform")


class Log:
    """``NAME.jsonl`` and ``NAME.1.jsonl`` in ``folder``."""

    def __init__(self, folder: Path, octets: int, clock: Clock, metrics: Metrics) -> None:
        self.path = folder / "kept.jsonl"
        self._older = folder / "kept.1.jsonl"
        self._half, self._clock, self._metrics = octets // 2, clock, metrics

    def keep(self, reason: str, who: str, octets: bytes, **more: object) -> None:
        """One line: when, why, from whom, and the octets in hexadecimal."""
        entry = {
            "at": self._clock.now().isoformat(),
            "reason": reason,
            "from": who,
            **more,
            "hex": octets.hex(),
        }
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size + len(line) > self._half:
                os.replace(self.path, self._older)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as wrong:
            self._metrics.kept_lost += 1
            logger.error("octets cannot be kept in %s: %s", self.path, wrong)
        else:
            self._metrics.kept += 1


class Unmatched:
    """``unmatched/YYYY-MM-DD.jsonl``, one position a line."""

    def __init__(self, folder: Path, octets: int, clock: Clock) -> None:
        self.folder, self._most, self._clock = folder / "unmatched", octets, clock

    def store(self, entries: Sequence[Mapping[str, object]]) -> None:
        """Append and sync; ``OSError`` where that is impossible: nothing may be acknowledged."""
        if not entries:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        used = sum(file.stat().st_size for file in self.folder.glob("*.jsonl"))
        if used > self._most:
            raise OSError(f"{self.folder} has reached its bound of {self._most} octets")
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in entries)
        path = self.folder / f"{self._clock.today().isoformat()}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
