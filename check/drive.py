"""What the steps of the check share: the running system, people's browsers, earlier findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from check.browser import Browser
from check.system import System

Seen = dict[str, object]


@dataclass
class Drive:
    """The running system and what earlier steps leave for later ones."""

    system: System
    notice: Path | None = None
    browsers: dict[str, Browser] = field(default_factory=dict)
    kept: Seen = field(default_factory=dict)


Step = Callable[[Drive], Seen]
