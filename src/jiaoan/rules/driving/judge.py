"""One batch of positions through the driving rules. See the room's docstring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving import kernel
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import NAMES, Finding, Key, Phase
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.memory import Changes, Memory

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
Pass = Callable[
    [Ints, int, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints], tuple[int, int]
]


@dataclass(frozen=True)
class Late:
    """A point that was not later than the last one that counted, and its number in the batch."""

    vehicle: int
    time_ms: int
    row: int


@dataclass(frozen=True)
class Outcome:
    """Findings in stored order, late points, and the rows for :meth:`Memory.take`.

    ``rows`` has the number of the deciding position in the batch for each finding.
    """

    findings: tuple[Finding, ...]
    rows: tuple[int, ...]
    late: tuple[Late, ...]
    counted: int
    changes: Changes


def columns_of(positions: Rows, surroundings: Rows | None, vehicle_rows: Ints) -> Ints:
    """The integer table of a batch (rows, POINT_COLUMNS)."""
    points = np.zeros((len(positions), c.POINT_COLUMNS), np.int64)
    for column, name in (
        (c.MS, "time_ms"), (c.LAT, "lat"), (c.LON, "lon"), (c.ALARM, "alarm"),
        (c.STATUS, "status"), (c.RECEIVED, "received_ms"), (c.SPEED, "speed"),
        (c.DIRECTION, "direction"), (c.ALTITUDE, "altitude"), (c.MILEAGE, "mileage"),
        (c.SOURCE, "source"),
    ):  # fmt: skip
        points[:, column] = positions[name]
    points[:, c.DEVICE] = _devices(positions["terminal"])
    points[:, c.VEHICLE] = vehicle_rows
    if surroundings is not None:
        points[:, c.LIMIT] = surroundings["limit"]
        points[:, c.ROAD] = surroundings["road"]
        points[:, c.KNOWN] = surroundings["known"]
        points[:, c.EXPRESS] = surroundings["express"]
        points[:, c.OTHER] = surroundings["other"]
        points[:, c.ROADS] = surroundings["roads"]
    return points


_RULES: Final = {int(rule): rule for rule in Rule}
_MIX: Final = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1], np.int64)


def _devices(terminals: npt.NDArray[np.bytes_]) -> Ints:
    """A number for each terminal number (20 octets); only equal or not is used."""
    words = np.ascontiguousarray(terminals.astype("S20")).view("<u4").reshape(-1, 5)
    return np.asarray((words.astype(np.int64) * _MIX).sum(axis=1))


def judge(
    memory: Memory,
    positions: Rows,
    book: Book,
    *,
    cards: Sequence[Card] = (),
    surroundings: Rows | None = None,
    run: Pass = kernel.run,
) -> Outcome:
    """Judge ``positions`` in their order; ``memory`` is not changed until it takes the changes.

    ``positions`` is a structured array with the fields of ``stores.positions.DTYPE``,
    ``surroundings`` has one row (:data:`~.columns.SURROUNDINGS`) for each. Raises ``ValueError``
    when the two differ in length or a card stands outside the batch.
    """
    if surroundings is not None and len(surroundings) != len(positions):
        raise ValueError(f"{len(positions)} positions but surroundings of {len(surroundings)}")
    wanted = [card for card in cards if card.qualified]
    if any(not 0 <= card.before_row <= len(positions) for card in cards):
        raise ValueError(f"a card event lies outside a batch of {len(positions)} positions")
    named = np.array([card.vehicle for card in wanted], np.int64)
    ids, inverse = np.unique(
        np.concatenate([positions["vehicle"].astype(np.int64), named]), return_inverse=True
    )
    desk = _Desk(memory, ids, wanted, inverse[len(positions) :])
    points = columns_of(positions, surroundings, inverse[: len(positions)])
    events, marks = _pass(run, points, desk, book)
    return Outcome(
        _findings(events, points, ids, desk, book),
        tuple(events[:, c.ROW].tolist()),
        tuple(
            Late(int(positions["vehicle"][row]), int(positions["time_ms"][row]), row)
            for row in np.flatnonzero(marks == c.LATE).tolist()
        ),
        int((marks == c.COUNTED).sum()),
        desk.changes(memory),
    )


def _pass(run: Pass, points: Ints, desk: _Desk, book: Book) -> tuple[Ints, Ints]:
    """All events of the batch, and what became of each row."""
    rows = [book.rows(vehicle) for vehicle in desk.ids.tolist()]
    params = np.concatenate([np.zeros((0, c.PARAM_COLUMNS), np.int64), *rows])
    spans = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    marks = np.zeros(len(points), np.int64)
    events = np.zeros((max(2 * kernel.ROOM, len(points) // 4), c.EVENT_COLUMNS), np.int64)
    written: list[Ints] = []
    tables, start = book.tables, 0
    while True:
        start, many = run(
            points, start, desk.state, desk.works, desk.at, desk.drivers, desk.cards, params,
            spans, tables.settings, tables.bans, events, marks,
        )  # fmt: skip
        written.append(events[:many].copy())
        if start >= len(points):
            return np.concatenate(written), marks


class _Desk:
    """Copies of the rows that a batch works on, so that memory stays as it is."""

    def __init__(self, memory: Memory, ids: Ints, cards: Sequence[Card], owners: Ints) -> None:
        rows, known = memory.look_up(ids)
        self.ids = ids
        self.state = np.zeros((len(ids), c.STATE_COLUMNS), np.int64)
        self.state[known] = memory.state[rows[known]]
        work = np.zeros((len(ids), c.WORK_COLUMNS), np.int64)
        work[known] = memory.work[rows[known]]
        self.at = np.arange(len(ids), dtype=np.int64)
        self.drivers = self.state[:, c.DRIVER].copy()
        self.card_ms = self.state[:, c.CARD_MS].copy()
        self.owners = list(range(len(ids)))
        self.works = self._with_drivers(memory, work, cards, owners)

    def _with_drivers(
        self, memory: Memory, work: Ints, cards: Sequence[Card], owners: Ints
    ) -> Ints:
        if not cards:
            self.cards = np.zeros((0, 4), np.int64)
            return work
        place = {(int(self.ids[row]), int(self.drivers[row])): row for row in self.owners}
        extra: list[Ints] = []
        drivers: list[int] = []
        table: list[list[int]] = []
        for card, owner in zip(cards, owners.tolist(), strict=True):
            key = (card.vehicle, card.driver)
            if key not in place:
                place[key] = len(work) + len(extra)
                extra.append(memory.others.get(key, np.zeros(c.WORK_COLUMNS, np.int64)))
                drivers.append(card.driver)
                self.owners.append(owner)
            table.append([card.before_row, owner, place[key], card.time_ms])
        table.sort(key=lambda row: row[0])
        self.cards = np.array(table, np.int64).reshape(-1, 4)
        self.drivers = np.concatenate([self.drivers, np.array(drivers, np.int64)])
        return np.concatenate([work, *(row[np.newaxis] for row in extra)]) if extra else work

    def changes(self, memory: Memory) -> Changes:
        others: dict[tuple[int, int], Ints | None] = {}
        if len(self.cards):
            for row, owner in enumerate(self.owners):
                key = (int(self.ids[owner]), int(self.drivers[row]))
                if self.at[owner] == row:
                    if key in memory.others:
                        others[key] = None
                elif key[1] and self.works[row].any():
                    others[key] = self.works[row].copy()
        return Changes(self.ids, self.state, self.works[self.at[: len(self.ids)]], others)


def _findings(
    events: Ints, points: Ints, ids: Ints, desk: _Desk, book: Book
) -> tuple[Finding, ...]:
    switches = _Switches(desk)
    return tuple(
        finding(
            event.tolist(),
            int(ids[points[event[c.ROW], c.VEHICLE]]),
            points[event[c.ROW], :5].tolist(),
            int(points[event[c.ROW], c.RECEIVED]),
            switches.driver(int(points[event[c.ROW], c.VEHICLE]), int(event[c.ROW])),
            book,
        )
        for event in events
    )


class _Switches:
    """Who drove at a row of the batch."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._first = desk.drivers[: len(desk.ids)]

    def driver(self, vehicle_row: int, row: int) -> int:
        driver, desk = int(self._first[vehicle_row]), self._desk
        time = int(desk.card_ms[vehicle_row])
        for before, owner, work, at in desk.cards.tolist():
            if owner == vehicle_row and before <= row and at > time:
                driver, time = int(desk.drivers[work]), at
        return driver


def finding(
    event: Sequence[int],
    vehicle: int,
    deciding: Sequence[int],
    received_ms: int,
    driver: int,
    book: Book,
) -> Finding:
    """A finding from one row of the event table: of the vehicle as it was when the act began."""
    rule = _RULES[event[c.RULE]]
    names = NAMES[rule]
    phase: Phase = "ended" if event[c.PHASE] == c.ENDED else "begun"
    value = names.at_end if phase == "ended" and names.at_end else names.value
    values = {value: event[c.VALUE]}
    for name, column in (
        (names.peak_at, c.PEAK_AT), (names.count, c.COUNT),
        (names.detail, c.DETAIL), (names.extra, c.EXTRA),
    ):  # fmt: skip
        if name:
            values[name] = event[column]
    limits = {names.limit: event[c.LIMIT_HELD]} if names.limit else {}
    source = book.bans[event[c.DETAIL]].source if rule is Rule.HAZMAT_BAN else ""
    return Finding(
        rule,
        phase,
        vehicle,
        book.kind_at(vehicle, received_ms if rule in ON_ARRIVAL else event[c.F_MS]),
        driver,
        Key(*event[c.F_MS : c.F_MS + 5]),
        Key(*deciding),
        event[c.END],
        values,
        limits,
        source,
    )


def silent(memory: Memory, book: Book, now_ms: int) -> tuple[Finding, ...]:
    """Vehicles that should be on line and are not 离线: running when last heard, silent since.

    Ask as often as you like: the same silence is the same finding, figures included.
    """
    found: list[Finding] = []
    heard = memory.heard
    running = (memory.state[:, c.L_STATUS] & c.ACC != 0) | (memory.state[:, c.L_MOVING] != 0)
    least = min(each.offline_s for each in book.settings) * 1000
    for row in np.flatnonzero((heard > 0) & running & (now_ms - heard >= least)).tolist():
        vehicle, state = int(memory.ids[row]), memory.state[row]
        last = int(state[c.L_MS])
        limit = book.settings_at(last).offline_s
        if now_ms - last < limit * 1000 or not book.judges(vehicle, Rule.OFFLINE, last):
            continue
        key = Key(*state[c.L_MS : c.L_MS + 5].tolist())
        values, limits = {"silent_s": limit, "way_m": 0}, {"limit_s": limit}
        found.append(
            Finding(
                Rule.OFFLINE, "begun", vehicle, book.kind_at(vehicle, last), int(state[c.DRIVER]),
                key, key, last + limit * 1000, values, limits,
            )
        )  # fmt: skip
    return tuple(found)
