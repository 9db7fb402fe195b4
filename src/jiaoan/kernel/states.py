"""Transition tables: every state machine of the house is one of these.

Theory of operation
-------------------
A machine is a list of :class:`Transition` rows ``(source, verb, target)``. Actions ask
:meth:`Machine.after` for the next state; a pair that is not in the table raises
:class:`TransitionRefused`, so "not in the table" and "refused" are the same thing. Tests,
diagrams and the manual are made from the table: :meth:`Machine.mermaid` draws it and
:meth:`Machine.pairs` walks every (state, verb), allowed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


class TransitionRefused(Exception):
    """A verb that the table does not allow from this state."""

    def __init__(self, machine: str, state: str, verb: str) -> None:
        super().__init__(f"{machine}: {verb} is not allowed in state {state}")
        self.machine, self.state, self.verb = machine, state, verb


@dataclass(frozen=True)
class Transition(Generic[S, V]):
    """One row: from ``source`` the ``verb`` leads to ``target`` and leaves fact ``fact``."""

    source: S
    verb: V
    target: S
    fact: str


class Machine(Generic[S, V]):
    """A named table of transitions over the enumerations ``states`` and ``verbs``."""

    def __init__(
        self,
        name: str,
        states: type[S],
        verbs: type[V],
        initial: S,
        rows: Sequence[Transition[S, V]],
    ) -> None:
        self.name, self.states, self.verbs, self.initial = name, states, verbs, initial
        self.rows = tuple(rows)
        self._table = {(row.source, row.verb): row for row in rows}
        if len(self._table) != len(rows):
            raise ValueError(f"{name}: the same (state, verb) stands twice in the table")

    def row(self, state: S | str, verb: V) -> Transition[S, V]:
        """The row for ``verb`` in ``state``; :class:`TransitionRefused` where there is none."""
        found = self._table.get((self.states(state), verb))
        if found is None:
            raise TransitionRefused(self.name, str(state), str(verb))
        return found

    def after(self, state: S | str, verb: V) -> S:
        return self.row(state, verb).target

    def allows(self, state: S | str, verb: V) -> bool:
        return (self.states(state), verb) in self._table

    def verbs_from(self, state: S | str) -> tuple[V, ...]:
        return tuple(row.verb for row in self.rows if row.source == self.states(state))

    def final_states(self) -> frozenset[S]:
        return frozenset(self.states) - {row.source for row in self.rows}

    def unreachable(self) -> frozenset[S]:
        """States that no path from the initial state reaches; a sound table has none."""
        seen, todo = {self.initial}, [self.initial]
        while todo:
            state = todo.pop()
            for row in self.rows:
                if row.source == state and row.target not in seen:
                    seen.add(row.target)
                    todo.append(row.target)
        return frozenset(self.states) - seen

    def pairs(self) -> Iterator[tuple[S, V, S | None]]:
        """Every (state, verb) with its target, or ``None`` where the table refuses it."""
        for state in self.states:
            for verb in self.verbs:
                found = self._table.get((state, verb))
                yield state, verb, found.target if found else None

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {row.source} --> {row.target}: {row.verb}" for row in self.rows]
        lines += [f"    {state} --> [*]" for state in self.states if state in self.final_states()]
        return "\n".join(lines) + "\n"
