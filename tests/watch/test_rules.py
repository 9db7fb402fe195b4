"""Figures and switches of the rules: from a day on, confirmed by name, told to the stream."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from hazmat.factory import World, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.actions import add_person
from jiaoan.org.models import User
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settings import DEFAULTS, SOURCES
from jiaoan.scope import Refused
from jiaoan.stores.reader import Message
from jiaoan.stream.reference import References
from jiaoan.watch.models import RuleChange
from jiaoan.watch.rules import actions, catalogue, values
from jiaoan.watch.rules.queries import standing
from jiaoan.watch.rules.standing import FIGURES, Standing

pytestmark = pytest.mark.django_db
TODAY = date(2024, 4, 8)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def head(world: World) -> User:
    from hazmat.factory import SYSTEM

    return add_person(
        SYSTEM,
        world.clock,
        username="head",
        password="Zx9-quiet",
        display_name="股长",
        organisation=world.bureau,
        role="section_head",
    )


def change(
    world: World, head: User, typed: dict[str, str], day: str, note: str = "局定"
) -> list[RuleChange]:
    return actions.change_figures(
        head, world.clock, typed, valid_from=day, note=note, seen_version=standing().version
    )


def test_every_figure_has_a_label_a_source_and_a_rule() -> None:
    assert set(catalogue.LABELS) == set(FIGURES) == set(SOURCES)
    placed = {name for names in catalogue.FIGURES_OF.values() for name in names}
    assert placed | set(catalogue.COMMON) == set(FIGURES)
    assert not placed & set(catalogue.COMMON)
    assert set(catalogue.FIGURES_OF) == set(catalogue.DOES) == set(Rule)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_reads_what_it_shows(name: str) -> None:
    value = getattr(DEFAULTS[-1], name)
    assert values.parse(name, values.typed_of(name, value)) == value
    assert values.words_of(name, value)
    assert values.kind_of(name) in ("number", "time", "yesno")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("over_s", "-1"), ("over_s", "30.5"), ("over_s", ""), ("over_s", "三十"),
        ("over_s", "1e99"), ("over_s", "NaN"), ("night_from", "24:00"), ("night_from", "22"),
        ("night_from", "9:5"), ("hazmat_other", "60.05"), ("pauses_count", "2"),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_figure(name: str, typed: str) -> None:
    with pytest.raises(FieldErrors) as refused:
        values.parse(name, typed)
    assert set(refused.value.errors) == {name}


def test_nothing_decided_is_what_is_shipped() -> None:
    held = standing()
    assert held.settings() == DEFAULTS
    assert held.document() == {
        "version": 0,
        "settings": [
            {"valid_from": "0001-01-01", "relay_exempt_km": 100},
            {"valid_from": "2023-01-01"},
        ],
        "off": [],
    }


def test_a_figure_holds_from_its_day_and_the_stream_is_told(world: World, head: User) -> None:
    made = change(
        world, head, {"over_s": "20", "hazmat_other": "55.5", "merge_s": "60"}, "2024-04-09"
    )
    assert {one.subject: one.value for one in made} == {"over_s": 20, "hazmat_other": 555}
    held = standing()
    assert (held.version, held.on(TODAY).over_s) == (2, 30)
    assert held.on(TODAY + timedelta(days=1)).over_s == 20
    assert [each.valid_from for each in Book(settings=held.settings()).settings] == [
        date.min, date(2023, 1, 1), date(2024, 4, 9),
    ]  # fmt: skip
    told = Outgoing.objects.get(topic="ref.rules.driving").payload
    assert told["settings"][-1] == {"valid_from": "2024-04-09", "over_s": 20, "hazmat_other": 555}
    assert told["version"] == 2
    facts = Fact.objects.filter(kind="watch.rule_figure_changed")
    assert {fact.obj for fact in facts} == {"watch.rule:over_s", "watch.rule:hazmat_other"}


def test_a_later_decision_of_the_same_day_wins_and_a_later_day_stays(
    world: World, head: User
) -> None:
    change(world, head, {"over_s": "20"}, "2024-04-20")
    change(world, head, {"over_s": "25"}, "2024-04-10")
    change(world, head, {"over_s": "26"}, "2024-04-10")
    held = standing()
    days = {each.valid_from: each.over_s for each in held.settings()}
    assert days == {
        date.min: 30,
        date(2023, 1, 1): 30,
        date(2024, 4, 10): 26,
        date(2024, 4, 20): 20,
    }


@pytest.mark.parametrize("day", ["2024-04-08", "2024-04-07", "soon", ""])
def test_no_figure_reaches_back(world: World, head: User, day: str) -> None:
    with pytest.raises(FieldErrors) as refused:
        change(world, head, {"over_s": "20"}, day)
    assert set(refused.value.errors) == {"valid_from"}
    assert not RuleChange.objects.exists()


def test_it_names_every_bad_field_at_once(world: World, head: User) -> None:
    with pytest.raises(FieldErrors) as refused:
        change(world, head, {"over_s": "x", "merge_s": "y"}, "2024-04-01", note="")
    assert set(refused.value.errors) == {"over_s", "merge_s", "valid_from", "note"}
    with pytest.raises(FieldErrors):
        change(world, head, {"gap_s": "0"}, "2024-04-09")
    with pytest.raises(FieldErrors):
        change(world, head, {"over_s": "30"}, "2024-04-09")


def test_what_does_not_hold_yet_is_withdrawn_and_what_holds_is_not(
    world: World, head: User
) -> None:
    (made,) = change(world, head, {"over_s": "20"}, "2024-04-09")
    actions.withdraw(head, world.clock, made, note="误设", seen_version=1)
    assert standing().settings() == DEFAULTS
    with pytest.raises(Blocked):
        actions.withdraw(head, world.clock, made, note="再撤", seen_version=2)
    (again,) = change(world, head, {"over_s": "20"}, "2024-04-09")
    world.clock.advance(timedelta(days=1))
    with pytest.raises(Blocked):
        actions.withdraw(head, world.clock, again, note="迟了", seen_version=3)


def test_a_confirmation_is_for_the_figure_that_holds(world: World, head: User) -> None:
    assert standing().mark("offline_s", TODAY) == "U"
    made = actions.confirm(
        head,
        world.clock,
        "offline_s",
        confirmed_by="李建国 运输股股长",
        confirmed_on="2024-04-08",
        note="临交发〔2024〕3号",
        seen_version=0,
    )
    assert (made.value, standing().mark("offline_s", TODAY)) == (1800, "V")
    change(world, head, {"offline_s": "900"}, "2024-04-09")
    held = standing()
    assert held.mark("offline_s", TODAY) == "V"
    assert held.mark("offline_s", date(2024, 4, 9)) == "U"
    # A verified figure that the bureau changes is its own until it is confirmed.
    assert held.mark("over_s", TODAY) == "V"
    change(world, head, {"over_s": "20"}, "2024-04-09")
    assert standing().mark("over_s", date(2024, 4, 9)) == "U"
    with pytest.raises(FieldErrors) as refused:
        actions.confirm(
            head, world.clock, "stay_s", confirmed_by="李", confirmed_on="2024-04-09", note="",
            seen_version=standing().version,
        )  # fmt: skip
    assert set(refused.value.errors) == {"confirmed_by", "confirmed_on", "note"}


def test_a_rule_is_switched_off_and_on_for_everybody(world: World, head: User) -> None:
    actions.switch(head, world.clock, "driving.mismatch", on=False, note="误报多", seen_version=0)
    assert Outgoing.objects.latest("id").payload["off"] == ["driving.mismatch"]
    with pytest.raises(Blocked):
        actions.switch(head, world.clock, "driving.mismatch", on=False, note="再关", seen_version=1)
    actions.switch(head, world.clock, "driving.mismatch", on=True, note="已校准", seen_version=1)
    assert standing().off == frozenset()
    with pytest.raises(Blocked):
        actions.switch(head, world.clock, "driving.nothing", on=False, note="x", seen_version=2)


def test_nobody_decides_over_what_another_has_just_decided(world: World, head: User) -> None:
    change(world, head, {"over_s": "20"}, "2024-04-09")
    with pytest.raises(Blocked):
        actions.change_figures(
            head,
            world.clock,
            {"over_s": "40"},
            valid_from="2024-04-09",
            note="旧页",
            seen_version=0,
        )
    assert RuleChange.objects.count() == 1


def test_only_who_manages_rules_decides(world: World) -> None:
    for person in (world.clerk, world.firm_user):
        with pytest.raises(Refused):
            change(world, person, {"over_s": "20"}, "2024-04-09")


def test_a_standing_without_changes_has_no_coming_figures() -> None:
    held = Standing(0, (), frozenset(), {})
    assert held.coming("over_s", TODAY) == ()


def test_the_stream_takes_what_is_published(world: World, head: User) -> None:
    change(world, head, {"over_s": "20"}, "2024-04-20")
    change(world, head, {"relay_exempt_km": "150", "night_from": "23:00"}, "2024-04-10")
    actions.switch(head, world.clock, "driving.mismatch", on=False, note="误报", seen_version=3)
    told = Outgoing.objects.filter(topic="ref.rules.driving").latest("id")
    known = References(None)  # type: ignore[arg-type]  # nothing is followed: values are handed in
    known.apply(Message(told.topic, json.dumps(told.payload).encode(), 1, world.clock.now()))
    book = known.book()
    assert tuple(book.settings) == standing().settings()
    assert book.off == {Rule.MISMATCH}
    assert len(book.settings) == 4
