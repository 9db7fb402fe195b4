"""The load generator: a process of its own with many terminals that report at a steady rate.

``python -m bench.load HOST PORT FILE`` (``FILE``: a JSON list of terminals) logs all of them in,
then obeys lines on its standard input: a number sets the reports a second (0 = silence), the end
of the input ends it. Each line is answered with one line of JSON: counts so far and its own CPU
seconds. It never waits for an answer before the next report, as terminals do not.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from check.system import TODAY
from check.terminal import LOCATION, Answer, Terminal, frame, location

LOGIN_PATIENCE = 60.0
TICK = 0.01
# West of the demonstration's district: a thousand first entries at once would be another question.
SOUTH, WEST, STEP = 29.440, 113.120, 0.0004
_BEIJING = timezone(timedelta(hours=8))


def district_time() -> datetime:
    """Now, on the day on which the demonstration lives."""
    now = datetime.now(UTC)
    return now + (date.fromisoformat(TODAY) - now.astimezone(_BEIJING).date())


class Reporter(Terminal):
    """A terminal that reports without waiting for the answer."""

    def begin(self, code: str) -> None:
        """Log in; asked again while the platform does not know the terminal yet."""
        end = time.monotonic() + LOGIN_PATIENCE
        while self.authenticate(code).result != 0:
            if time.monotonic() > end:
                raise TimeoutError(f"terminal {self.phone} is not let in")
            time.sleep(0.2)
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def post(self, latitude: float, longitude: float, moment: datetime) -> bool:
        """Send one report; ``False`` when the platform does not read."""
        body = location(latitude, longitude, moment)
        octets = frame(LOCATION, body, phone=self.phone, serial=self._serial, year=self.year)
        self._serial = (self._serial + 1) % 65536
        try:
            return self._socket.send(octets) == len(octets)
        except BlockingIOError:
            return False

    def answers(self) -> list[Answer]:
        """Everything that has arrived."""
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError(f"the platform closed the link of {self.phone}")
        self._buffer += more
        found = []
        while (cut := self._whole()) is not None:
            found.append(_answer(cut, self.year))
        return found


def _answer(inner: bytes, year: int) -> Answer:
    """0x8001 in short: check octet and texts are the business of ``check``, not of a load."""
    whole = inner.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
    start = 17 if year == 2019 else 12
    body = whole[start:-1]
    return Answer(int.from_bytes(whole[:2]), body, int.from_bytes(body[:2]), body[-1])


@dataclass
class Load:
    """All terminals, taken in turn."""

    reporters: Sequence[Reporter]
    rate: float = 0.0
    sent: int = 0
    answered: int = 0
    refused: int = 0
    unsent: int = 0
    _turn: int = 0
    _began: float = 0.0
    _since: int = 0
    _poll: select.epoll = field(default_factory=select.epoll)

    def __post_init__(self) -> None:
        self._by_number = {reporter.fileno(): reporter for reporter in self.reporters}
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)

    def set_rate(self, rate: float) -> None:
        self.rate, self._began, self._since = rate, time.monotonic(), 0

    def tick(self) -> None:
        """Send what is due, take what has come."""
        due = int((time.monotonic() - self._began) * self.rate) - self._since
        for _ in range(due):
            self._send()
        for number, _ in self._poll.poll(TICK):
            for answer in self._by_number[number].answers():
                self.answered += 1
                self.refused += answer.result != 0
        time.sleep(TICK / 2)  # several answers in one turn cost less than one turn for each

    def _send(self) -> None:
        place = self._turn % len(self.reporters)
        lap = self._turn // len(self.reporters) % 20
        moment = district_time()
        posted = self.reporters[place].post(
            SOUTH + place % 25 * STEP, WEST + (place // 25 % 25 + lap * 0.3) * STEP, moment
        )
        self.sent += posted
        self.unsent += not posted
        self._turn += 1
        self._since += 1

    def counts(self) -> str:
        used = os.times()
        return json.dumps(
            {
                "at": time.monotonic(),
                "sent": self.sent,
                "answered": self.answered,
                "refused": self.refused,
                "unsent": self.unsent,
                "cpu_s": used.user + used.system,
            }
        )


def main(host: str, port: int, listed: Path) -> int:
    reporters = []
    for row in json.loads(listed.read_text()):
        reporter = Reporter(host, port, row["phone"], year=row["year"])
        reporter.begin(row["code"])
        reporters.append(reporter)
    load = Load(reporters)
    print(load.counts(), flush=True)
    asking = select.poll()
    asking.register(sys.stdin, select.POLLIN | select.POLLHUP)
    while True:
        if asking.poll(0):
            line = sys.stdin.readline()
            if not line:
                return 0
            load.set_rate(float(line))
            print(load.counts(), flush=True)
        load.tick()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
