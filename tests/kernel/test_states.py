from __future__ import annotations

from enum import StrEnum

import pytest

from jiaoan.kernel.states import Machine, Transition, TransitionRefused
from kernel.machines import assert_machine_is_exhaustive


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"
    GONE = "gone"


class Act(StrEnum):
    SHUT = "shut"
    OPEN = "open"
    LOCK = "lock"
    REMOVE = "remove"


ROWS = [
    Transition(Door.OPEN, Act.SHUT, Door.SHUT, "door.shut"),
    Transition(Door.SHUT, Act.OPEN, Door.OPEN, "door.opened"),
    Transition(Door.SHUT, Act.LOCK, Door.LOCKED, "door.locked"),
    Transition(Door.LOCKED, Act.OPEN, Door.OPEN, "door.opened"),
    Transition(Door.OPEN, Act.REMOVE, Door.GONE, "door.removed"),
]


def door(rows: list[Transition[Door, Act]] = ROWS) -> Machine[Door, Act]:
    return Machine("door", Door, Act, Door.OPEN, rows)


def test_it_walks_every_state_and_verb() -> None:
    machine = door()
    assert_machine_is_exhaustive(machine)
    assert len(list(machine.pairs())) == 16
    assert machine.final_states() == {Door.GONE}


def test_it_refuses_what_the_table_does_not_have() -> None:
    with pytest.raises(TransitionRefused) as refusal:
        door().after("locked", Act.SHUT)
    assert (refusal.value.machine, refusal.value.state) == ("door", "locked")


def test_it_does_not_know_a_state_that_is_none() -> None:
    with pytest.raises(ValueError):
        door().after("ajar", Act.SHUT)


def test_it_refuses_the_same_pair_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        door([*ROWS, Transition(Door.OPEN, Act.SHUT, Door.LOCKED, "door.other")])


@pytest.mark.parametrize("missing", range(len(ROWS)))
def test_the_exhaustive_check_sees_a_state_or_verb_that_lost_its_row(missing: int) -> None:
    rows = ROWS[:missing] + ROWS[missing + 1 :]
    if ROWS[missing].verb is Act.OPEN:  # another row still uses the verb and reaches the state
        assert_machine_is_exhaustive(door(rows))
    else:
        with pytest.raises(AssertionError):
            assert_machine_is_exhaustive(door(rows))


def test_the_exhaustive_check_wants_a_named_fact() -> None:
    with pytest.raises(AssertionError, match="named fact"):
        assert_machine_is_exhaustive(
            door([*ROWS[:-1], Transition(Door.OPEN, Act.REMOVE, Door.GONE, "")])
        )


def test_it_draws_itself() -> None:
    assert door().mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> open",
        "    open --> shut: shut",
        "    shut --> open: open",
        "    shut --> locked: lock",
        "    locked --> open: open",
        "    open --> gone: remove",
        "    gone --> [*]",
    ]
