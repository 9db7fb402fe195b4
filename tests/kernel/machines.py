"""The exhaustive check that every transition table of the house has to pass."""

from __future__ import annotations

import re

import pytest

from jiaoan.kernel.states import Machine, S, TransitionRefused, V

_FACT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+|[a-z][a-z0-9_]*")


def assert_machine_is_exhaustive(machine: Machine[S, V]) -> None:
    """Walk every (state, verb): allowed pairs lead on, all others are refused by name.

    Also: every state is reached from the initial one, every verb is used, every row leaves a named
    fact, and the diagram shows exactly the rows.
    """
    allowed = 0
    for state, verb, target in machine.pairs():
        if target is None:
            assert not machine.allows(state, verb)
            with pytest.raises(TransitionRefused) as refusal:
                machine.after(state, verb)
            assert (refusal.value.state, refusal.value.verb) == (state, verb)
            assert verb not in machine.verbs_from(state)
        else:
            allowed += 1
            assert machine.allows(state, verb)
            assert machine.after(state, verb) is target
            assert verb in machine.verbs_from(state)
    assert allowed == len(machine.rows) > 0
    assert not machine.unreachable(), f"{machine.name}: never reached: {machine.unreachable()}"
    idle = set(machine.verbs) - {row.verb for row in machine.rows}
    assert not idle, f"{machine.name}: verbs that no row uses: {idle}"
    for row in machine.rows:
        assert _FACT.fullmatch(row.fact), f"{machine.name}: {row} leaves no named fact"
    drawn = [line.strip() for line in machine.mermaid().splitlines()]
    assert drawn[1] == f"[*] --> {machine.initial}"
    edges = [line for line in drawn if ": " in line]
    assert edges == [f"{row.source} --> {row.target}: {row.verb}" for row in machine.rows]
