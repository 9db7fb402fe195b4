"""Places as they are and as they were: what late points are judged by.

A place reference (``ref.place.ID``) says its present version with ``since``, the moment it was
published, and in ``before`` the versions that it took the place of within the last weeks, each
with its own ``since``. Without ``since`` (a release before, a test) a place has always been so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from jiaoan.rules.fences import Fences
from jiaoan.rules.fences.values import ALWAYS

if TYPE_CHECKING:
    from jiaoan.rules.fences.grounds import Grounds
    from jiaoan.stream.reference import PlaceCard

logger = logging.getLogger("jiaoan.stream")

Said = Mapping[str, object]
Past = bytes
"""The versions before as JSON: read as values a hundred places would fill as many megabytes."""


class Read(Protocol):
    """``References.place_of``."""

    def __call__(self, said: Said, known: PlaceCard | None = None) -> PlaceCard: ...


def since_of(said: Said, default: datetime | None = None) -> int:
    """UTC ms from which a version holds; :data:`ALWAYS` where nothing says it."""
    moment = said.get("since") or default
    if moment is None:
        return ALWAYS
    when = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    if when.tzinfo is None:
        raise ValueError(f"since: {moment} has no time zone")
    return round(when.timestamp() * 1000)


def before_of(said: Said) -> Past:
    """The versions before, not looked at yet: that costs a start, and few are ever asked for."""
    before = said.get("before") or []
    if not isinstance(before, list):
        raise ValueError("before: must be a list")
    return json.dumps(before).encode() if before else b""


class Atlas:
    """What References knew when it was made; read from any thread."""

    def __init__(
        self,
        now: Mapping[int, PlaceCard],
        since: Mapping[int, int],
        before: Mapping[int, Past],
        fences: Fences,
        read: Read,
    ) -> None:
        self._now, self._since, self._before = now, since, before
        self._fences, self._read = fences, read

    @cached_property
    def grounds(self) -> Grounds:
        """All places by time, for the rules."""
        # Loaded when it is asked for: compiled rules are behind it, and references are read first.
        from jiaoan.rules.fences.grounds import Grounds, Version

        versions = {
            place: [
                Version(moment, card.fence if card else None, card.mark if card else "")
                for moment, card in each
            ]
            for place, each in self._cards.items()
        }
        return Grounds(versions, self._fences)

    def card(self, place: int, version: int) -> PlaceCard | None:
        """A place as it was called in that version."""
        for _, card in self._cards.get(place, ()):
            if card is not None and card.fence.version == version:
                return card
        return None

    @cached_property
    def _cards(self) -> Mapping[int, list[tuple[int, PlaceCard | None]]]:
        """Of each place its versions; ``None`` = from then on it was gone."""
        return {
            place: [
                *self._past(place),
                (self._since.get(place, ALWAYS), self._now.get(place)),
            ]
            for place in self._now.keys() | self._since.keys()
        }

    def _past(self, place: int) -> list[tuple[int, PlaceCard | None]]:
        found: list[tuple[int, PlaceCard | None]] = []
        known = self._now.get(place)
        for said in json.loads(self._before.get(place) or b"[]"):
            try:
                found.append((since_of(said), self._read(said, known)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                logger.error("a version of place %d before is not used: %s", place, error)
        return found
