"""Looking on 旁观: frames of chosen terminals as they come and go, for ``jiaoan tap``.

Who looks says so every two seconds on ``tap.want`` (core bus, stored nowhere); each gateway process
then tells the frames of that terminal on ``tap.frames.TERMINAL`` until nobody asked for
:data:`LASTS_S`. ``wanted`` is empty while nobody looks: that check is all it costs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from jiaoan.gateway.notes import Notes
from jiaoan.gateway.session import Session
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt808 import BadFrame, Frame, FrameReader

WANT = "tap.want"
FRAMES = "tap.frames"
ASK_EVERY_S = 2.0
LASTS_S = 6.0
MOST = 50
"""Terminals looked at together; more would weigh on those that nobody looks at."""


class Taps:
    """Which terminals are looked at, and the telling."""

    def __init__(self, notes: Notes, clock: Clock, name: str) -> None:
        self.wanted: dict[str, float] = {}
        """Terminal → until when, in the loop's seconds."""
        self._notes, self._clock, self._name = notes, clock, name

    def heard(self, subject: str, data: bytes) -> None:
        """Somebody looks at a terminal."""
        del subject
        phone = data.decode("ascii", "replace").lstrip("0")
        if phone in self.wanted or len(self.wanted) < MOST:
            self.wanted[phone] = asyncio.get_running_loop().time() + LASTS_S

    def expire(self, now: float) -> None:
        for phone in [one for one, until in self.wanted.items() if until < now]:
            del self.wanted[phone]

    def up(self, session: Session, found: Sequence[Frame | BadFrame]) -> None:
        """Frames of a terminal, or of one that says it is that terminal."""
        for one in found:
            named = one.header.terminal if one.header else ""
            own = session.terminal.phone if session.terminal else ""
            phone = named if named in self.wanted else own
            if phone in self.wanted:
                self._say(phone, "up", session, one)

    def down(self, session: Session, octets: bytes) -> None:
        """What we send on a link."""
        for one in FrameReader().receive(octets):
            phone = one.header.terminal if one.header else ""
            if phone in self.wanted:
                self._say(phone, "down", session, one)

    def _say(self, phone: str, way: str, session: Session, one: Frame | BadFrame) -> None:
        said = {
            "at": self._clock.now().isoformat(),
            "way": way,
            "terminal": phone,
            "peer": session.peer,
            "link": session.state.value,
            "gateway": self._name,
            "hex": one.raw.hex(),
            "fault": one.fault.value if isinstance(one, BadFrame) else None,
        }
        self._notes.say(f"{FRAMES}.{phone}", json.dumps(said).encode())
