"""Who is connected: all links, and for each terminal the one link that is live.

Theory of operation
-------------------
Each terminal has one live link in the whole installation. When it is admitted anew, an older link
in this process is closed at once. Other processes (several may listen on one port) are told by a
note on the bus, ``gateway.admitted``; one that still holds the terminal closes its older link.
Two processes that admit the same terminal at nearly the same time hear each other's note; the
later admission stays. An admission that is older than :data:`RACE_S` here is older than a fresh
note whatever the clocks say, so a clock that jumps keeps no dead link.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.notes import Notes
from jiaoan.gateway.session import Session
from jiaoan.wire.jt808 import Header

logger = logging.getLogger("jiaoan.gateway")
ADMITTED = "gateway.admitted"
RACE_S = 5.0


class Link(Protocol):
    """One terminal's way to us, over TCP or UDP."""

    session: Session

    @property
    def number(self) -> int | None:
        """Of the socket that is its own."""

    @property
    def heard(self) -> float:
        """When octets came last, in the loop's seconds."""

    def write(self, octets: bytes) -> None: ...
    def take_serials(self, count: int) -> int: ...
    def stored(self, headers: Sequence[Header]) -> None: ...
    def recheck(self) -> None:
        """What is known of its terminal changed."""

    def resume(self) -> None:
        """Nothing was read for a while: its silence was ours."""

    def close(self, reason: str) -> None: ...
    def check(self, now: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Live:
    link: Link
    since: float
    """Monotonic seconds."""
    stamp: int
    """Wall clock in nanoseconds, for the race only."""


class Links:
    """The links of this process. ``on_live`` is called with each link that becomes live."""

    def __init__(self, notes: Notes, metrics: Metrics, name: str) -> None:
        self._sockets: dict[int, Link] = {}
        self._others: set[Link] = set()
        self.name = name
        self.on_live: list[Callable[[Link], None]] = []
        self._live: dict[str, _Live] = {}
        self._notes, self._metrics = notes, metrics

    def __len__(self) -> int:
        return len(self._sockets) + len(self._others)

    def __iter__(self) -> Iterator[Link]:
        return iter((*self._sockets.values(), *self._others))

    @property
    def live(self) -> int:
        return len(self._live)

    def of(self, phone: str) -> Link | None:
        """The live link of a terminal."""
        found = self._live.get(phone)
        return found.link if found else None

    def add(self, link: Link) -> None:
        if link.number is None:
            self._others.add(link)
        else:
            self._sockets[link.number] = link

    def remove(self, link: Link) -> None:
        if link.number is None:
            self._others.discard(link)
        else:
            self._sockets.pop(link.number, None)
        phone = link.session.terminal.phone if link.session.terminal else ""
        known = self._live.get(phone)
        if known and known.link is link:
            del self._live[phone]

    def check(self, numbers: Iterable[int], now: float) -> None:
        """Let these sockets' links, and all that have none, look at their times."""
        for link in (*(self._sockets[number] for number in numbers), *self._others):
            link.check(now)

    def admit(self, link: Link) -> None:
        """This link's terminal has just logged in: end its older link, here and elsewhere."""
        assert link.session.terminal is not None
        phone, older = link.session.terminal.phone, None
        if phone in self._live:
            older = self._live[phone].link
        stamp = time.time_ns()
        self._live[phone] = _Live(link, time.monotonic(), stamp)
        if older is not None and older is not link:
            self._take_over(phone, older, link.session.peer)
        if older is not link:
            said = {"phone": phone, "at": stamp, "by": self.name, "peer": link.session.peer}
            self._notes.say(ADMITTED, json.dumps(said).encode())
        for tell in self.on_live:
            tell(link)

    def heard(self, subject: str, data: bytes) -> None:
        """A note of another process (or our own, which changes nothing)."""
        del subject
        said = json.loads(data)
        known = self._live.get(said["phone"])
        if said["by"] == self.name or known is None:
            return
        settled = time.monotonic() - known.since > RACE_S
        if settled or (known.stamp, self.name) < (said["at"], said["by"]):
            del self._live[said["phone"]]
            self._take_over(said["phone"], known.link, said["peer"])

    def _take_over(self, phone: str, older: Link, peer: str) -> None:
        self._metrics.taken_over += 1
        logger.warning(
            "terminal %s comes anew from %s; its link from %s is closed",
            phone,
            peer,
            older.session.peer,
            extra={"event": "taken_over", "terminal": phone, "peer": peer},
        )
        older.close("taken_over")
