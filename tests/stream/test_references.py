"""The book of all vehicles, patched at each change, is the book that would be made anew."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime
from typing import cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settings import DEFAULTS, Settings
from jiaoan.stores.bus import Bus, Message
from jiaoan.stream.reference import References

VEHICLES = (1, 2, 3, 513)  # 1 and 513 lie in one part
PHONES = ("13900000001", "13900000002")
Change = tuple[str, dict[str, object]]
DELETED: dict[str, object] = {"deleted": True}


def apply(references: References, subject: str, said: object) -> None:
    references.apply(Message(subject, json.dumps(said).encode(), 0, datetime.now(UTC)))


def value(vehicle: int, kind: str, limit: int, since: int | None) -> dict[str, object]:
    said: dict[str, object] = {
        "vehicle_id": vehicle, "plate": f"湘F{vehicle:05}", "plate_colour": 2,
        "vehicle_kind": kind, "profile": {"limit": limit},
    }  # fmt: skip
    if since is None:
        return said
    before = [{"since": "2024-01-01T00:00:00+00:00", "vehicle_kind": "truck"}]
    return said | {"since": f"2024-02-{since:02}T00:00:00+00:00", "before": before}


values = st.builds(
    value,
    st.sampled_from(VEHICLES),
    st.sampled_from(["hazmat", "coach", "truck"]),
    st.sampled_from([0, 800]),
    st.sampled_from([None, 1, 2]),
)
changes = st.one_of(
    values.map(lambda said: (f"ref.vehicle.{said['vehicle_id']}", said)),
    st.tuples(st.sampled_from(PHONES), values).map(lambda one: (f"ref.terminal.{one[0]}", one[1])),
    st.sampled_from([f"ref.vehicle.{each}" for each in VEHICLES]).map(lambda one: (one, DELETED)),
    st.sampled_from([f"ref.terminal.{each}" for each in PHONES]).map(lambda one: (one, DELETED)),
    st.sampled_from(["ref.vehicle.1", f"ref.terminal.{PHONES[0]}"]).map(
        lambda one: (one, {"vehicle_id": 1, "plate": "湘F00001"})  # it lacks the colour
    ),
    st.sampled_from([[], ["driving.overspeed"]]).map(
        lambda off: ("ref.rules.driving", {"settings": [{"valid_from": "0001-01-01"}], "off": off})
    ),
)


def as_it_is(book: Book) -> list[object]:
    known = sorted(book.profiles.items())
    rows = [book.rows(vehicle).tolist() for vehicle in (*VEHICLES, 99)]
    tables = [getattr(book.tables, name).tolist() for name in ("regimes", "settings", "bans")]
    sizes = [len(book.profiles), sorted(book.moved)]
    return [known, sizes, rows, tables, list(book.settings), book.off]


def anew(references: References, figures: tuple[Settings, ...], off: frozenset[Rule]) -> Book:
    profiles = {vehicle: card.profile for vehicle, card in references.vehicles.items()}
    return Book(profiles, figures, off=off)


@given(st.lists(st.tuples(changes, st.booleans()), max_size=20))
def test_a_patched_book_is_the_book_made_anew(story: list[tuple[Change, bool]]) -> None:
    references = References(cast(Bus, None))
    figures: tuple[Settings, ...] = DEFAULTS
    off = frozenset[Rule]()
    handed: list[tuple[Book, list[object]]] = []
    for (subject, said), looked in [*story, (("ref.vehicle.99", DELETED), True)]:
        apply(references, subject, said)
        if subject == "ref.rules.driving":
            figures = (Settings(valid_from=date.min),)
            off = frozenset({Rule.OVERSPEED} if said["off"] else ())
        if looked:
            book = references.book()
            handed.append((book, as_it_is(book)))
            assert as_it_is(book) == as_it_is(anew(references, figures, off))
    for before, said_before in handed:
        assert as_it_is(before) == said_before, "who holds a book is not disturbed"


def test_a_change_leaves_what_is_known_of_the_others() -> None:
    references = References(cast(Bus, None))
    for vehicle in VEHICLES:
        apply(references, f"ref.vehicle.{vehicle}", value(vehicle, "truck", 0, None))
    rows = {vehicle: references.book().rows(vehicle) for vehicle in VEHICLES}
    changed = value(1, "truck", 800, None)
    apply(references, "ref.vehicle.1", changed)
    again = {vehicle: references.book().rows(vehicle) for vehicle in VEHICLES}
    assert [each for each in VEHICLES if again[each] is not rows[each]] == [1]
    # Another plate is nothing that the rules ask for.
    book = references.book()
    apply(references, "ref.vehicle.1", changed | {"plate": "湘F99999"})
    assert references.book().profiles[1] is book.profiles[1]
    assert references.vehicles[1].plate == "湘F99999"


def test_settlements_may_ask_for_the_book_while_references_change() -> None:
    references = References(cast(Bus, None))
    stop, wrong = threading.Event(), list[object]()

    def settle() -> None:
        while not stop.is_set():
            book = references.book()
            for vehicle in VEHICLES:
                first = book.rows(vehicle)
                if not np.array_equal(first, book.rows(vehicle)):
                    wrong.append((vehicle, first))

    threads = [threading.Thread(target=settle) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(400):
            vehicle = VEHICLES[number % len(VEHICLES)]
            said = value(vehicle, "coach", 10 * (number % 7), None)
            apply(references, f"ref.vehicle.{vehicle}", said if number % 5 else DELETED)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong
    assert as_it_is(references.book()) == as_it_is(anew(references, DEFAULTS, frozenset()))
