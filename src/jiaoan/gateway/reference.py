"""What the gateway knows of terminals: ``ref.terminal.*`` kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from jiaoan.gateway.following import Counting, Following, Value

SUBJECT = "ref.terminal.*"


@dataclass(frozen=True, slots=True)
class Terminal:
    """One registered terminal; both days of its validity belong to it."""

    phone: str
    auth_code: str
    vehicle_id: int
    plate: str
    valid_from: date | None = None
    valid_to: date | None = None
    protocol: str = ""
    """Edition of 808 by the register; empty where nobody wrote it down."""

    @classmethod
    def of(cls, value: Value) -> Terminal:
        """The terminal of one reference. ``KeyError``, ``TypeError`` and ``ValueError`` for what is
        none."""
        return cls(
            str(value["phone"]).lstrip("0"),
            str(value["auth_code"] or ""),
            int(str(value["vehicle_id"])),
            str(value["plate"]),
            _day(value.get("valid_from")),
            _day(value.get("valid_to")),
            str(value.get("protocol") or ""),
        )

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value)[:10])


class Reference:
    """All terminals by phone without leading zeros; ``changed`` hears of each new word on one."""

    def __init__(
        self, metrics: Counting, changed: Callable[[str], None] = lambda phone: None
    ) -> None:
        self._terminals: dict[str, Terminal] = {}
        self._changed = changed
        following = Following(SUBJECT, self._apply, self._clear, metrics)
        self.apply, self.load, self.follow = following.take, following.load, following.follow

    def __len__(self) -> int:
        return len(self._terminals)

    def find(self, phone: str, day: date) -> Terminal | None:
        """The terminal with this phone, if its entry holds on ``day``."""
        found = self._terminals.get(phone)
        return found if found and found.holds_on(day) else None

    def _apply(self, subject: str, value: Value | None) -> None:
        phone = subject.rpartition(".")[2]
        if value is None:
            self._terminals.pop(phone, None)
        else:
            self._terminals[phone] = Terminal.of(value)
        self._changed(phone)

    def _clear(self) -> None:
        known, self._terminals = self._terminals, {}
        for phone in known:
            self._changed(phone)
