"""运行状态: how the processes of an installation are, from who keeps them alive, for the pages.

``parts.json`` of the data directory holds the process id of its writer and one row for each part.
It says nothing once its writer is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

FILE: Final = "parts.json"


class State(StrEnum):
    WAITING = "waiting"  # for others that start before it
    LOADING = "loading"  # it runs, and has not said yet that it is at work
    WORKING = "working"
    DOWN = "down"  # it ended, and is started again in a moment


@dataclass(frozen=True)
class Part:
    """One process: in ``state`` since a moment of real time, aware.

    ``why`` is how it ended last, empty while it never did; ``restarts`` how often it was started
    again.
    """

    name: str
    state: State
    since: datetime
    restarts: int = 0
    why: str = ""


def save(folder: Path, parts: Sequence[Part]) -> None:
    """Whole or not at all. It is of no use after a loss of power, so nothing waits for the disk."""
    rows = [
        {
            "name": each.name,
            "state": each.state.value,
            "since": each.since.isoformat(),
            "restarts": each.restarts,
            "why": each.why,
        }
        for each in parts
    ]
    aside = folder / f"{FILE}.part"
    text = json.dumps({"writer": os.getpid(), "parts": rows}, ensure_ascii=False)
    aside.write_text(text, encoding="utf-8")
    aside.replace(folder / FILE)


def load(folder: Path) -> list[Part]:
    """Empty where nobody keeps the processes of this directory alive, or a release that wrote
    another form does.
    """
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if not _lives(int(said["writer"])):
            return []
        return [
            Part(
                str(row["name"]),
                State(row["state"]),
                datetime.fromisoformat(row["since"]),
                int(row["restarts"]),
                str(row["why"]),
            )
            for row in said["parts"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def forget(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)
