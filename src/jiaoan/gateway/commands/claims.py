"""Who sends a command and how it ended: one small value for each command, by compare-and-set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

from jiaoan.gateway.commands.command import Command, Outcome
from jiaoan.stores.tables import Entry, Overtaken

TABLE = "commands"
LIFETIME_S = 2 * 86400.0
"""Longer than the stream of commands keeps them: no command outlives its claim."""


class Table(Protocol):
    """The part of :class:`jiaoan.stores.tables.Table` that is needed here."""

    async def get(self, key: str) -> Entry | None: ...
    async def put(self, key: str, value: bytes, *, revision: int) -> int: ...


class Finished(Exception):
    """The command has ended; ``outcome`` is how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.state)
        self.outcome = outcome


@dataclass
class Claim:
    """Our hold on one command. ``tries`` counts the sendings by all processes, ``void`` those of
    them that went into a link from which nothing was heard any more."""

    command: Command
    tries: int = 0
    void: int = 0
    revision: int = 0

    @property
    def counted(self) -> int:
        """Sendings that the terminal had a chance to answer."""
        return self.tries - self.void


class Claims:
    """The table of claims. All methods raise ``BusUnavailable``."""

    def __init__(self, table: Table, name: str) -> None:
        self._table, self._name = table, name

    async def take(self, command: Command) -> Claim:
        """How far the command is; raises :class:`Finished`."""
        entry = await self._table.get(command.id)
        if entry is None:
            return Claim(command)
        said = json.loads(entry.value)
        if said["outcome"] is not None:
            raise Finished(Outcome.decode(command, said["outcome"].encode()))
        return Claim(command, int(said["tries"]), int(said["void"]), entry.revision)

    async def sending(self, claim: Claim) -> None:
        """Count one more sending, before it is sent. Raises ``Overtaken``: another one has it."""
        await self._write(claim, claim.tries + 1, claim.void, None)
        claim.tries += 1

    async def void(self, claim: Claim, count: int) -> None:
        """Take ``count`` sendings for lost. Raises ``Overtaken``."""
        await self._write(claim, claim.tries, claim.void + count, None)
        claim.void += count

    async def end(self, claim: Claim, outcome: Outcome) -> None:
        """Keep how it ended. Raises ``Overtaken``."""
        await self._write(claim, claim.tries, claim.void, outcome)

    async def _write(self, claim: Claim, tries: int, void: int, outcome: Outcome | None) -> None:
        said = {
            "by": self._name,
            "tries": tries,
            "void": void,
            "outcome": outcome.encode().decode() if outcome else None,
        }
        data = json.dumps(said, ensure_ascii=False).encode()
        try:
            claim.revision = await self._table.put(claim.command.id, data, revision=claim.revision)
        except Overtaken:
            # A write whose answer got lost was ours all the same.
            entry = await self._table.get(claim.command.id)
            if entry is None or entry.value != data:
                raise
            claim.revision = entry.revision


__all__ = ["LIFETIME_S", "TABLE", "Claim", "Claims", "Finished", "Overtaken", "Table"]
