"""One attachment link: events of the reader in, answers out. No socket here."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from jiaoan.gateway.attachments.store import Incoming, Store
from jiaoan.gateway.commands.command import Command
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt808 import (
    BadFrame,
    BodyError,
    Chunk,
    FileAnswer,
    FileInfo,
    FileList,
    FileSent,
    Frame,
    Header,
    Heartbeat,
    MessageId,
    PlatformAnswer,
    Result,
    build_frame,
    parse_body,
)

UP = "findings.attachment"
_NAME_OCTETS = 50
"""A data block has room for so many octets of a name: longer names are cut there."""


class Publish(Protocol):
    async def __call__(self, subject: str, data: bytes, message_id: str) -> None: ...


@dataclass
class Files:
    """Files on their way, over all links: a new link goes on where a cut one stopped."""

    store: Store
    limits: Limits
    incoming: dict[tuple[str, str], Incoming] = field(default_factory=dict)
    """By command and name."""
    stored: Counter[str] = field(default_factory=Counter)
    """How many of each command are in the store."""

    @property
    def octets(self) -> int:
        return sum(one.size for one in self.incoming.values())

    def begin(self, command: Command, name: str, size: int) -> Incoming | None:
        """The file to write to; ``None`` where it is larger than there is room for."""
        known = self.incoming.get((command.id, name))
        if known is not None and known.size == size:
            return known
        if known is not None:
            self.drop(command, name)
        if size > self.limits.file_octets or self.octets + size > self.limits.files_octets:
            return None
        on_their_way = sum(1 for number, _ in self.incoming if number == command.id)
        if self.stored[command.id] + on_their_way >= self.limits.files_of_command:
            return None
        made = self.incoming[command.id, name] = self.store.begin(size)
        return made

    def drop(self, command: Command, name: str) -> None:
        known = self.incoming.pop((command.id, name), None)
        if known is not None:
            known.drop()

    def forget(self, expected: Callable[[str], Command | None]) -> None:
        """Give up the files of commands that are over."""
        for key in [one for one in self.incoming if expected(one[0]) is None]:
            self.incoming.pop(key).drop()
        for number in [one for one in self.stored if expected(one) is None]:
            del self.stored[number]


@dataclass(frozen=True)
class Around:
    """What all attachment links share."""

    files: Files
    limits: Limits
    metrics: Metrics
    quarantine: Quarantine
    clock: Clock
    expected: Callable[[str], Command | None]
    publish: Publish


class Upload:
    """One link. ``refused`` is set when it should be closed after its answer."""

    def __init__(self, around: Around, peer: str) -> None:
        self.refused = False
        self.announced = False
        self._around, self._peer = around, peer
        self._serial = 0
        self._command: Command | None = None
        self._sizes: dict[str, tuple[int, int]] = {}
        """Announced files: name → size and kind, the kind -1 before 0x1211."""
        self._out = bytearray()

    async def handle(self, event: Frame | BadFrame | Chunk) -> bytes:
        """Take one event; the octets that answer it."""
        if isinstance(event, Chunk):
            self._chunk(event)
        elif isinstance(event, BadFrame):
            self._around.quarantine.keep(
                f"attachment: {event.fault}", self._peer, self._name(), event.raw
            )
        else:
            await self._frame(event)
        octets, self._out = bytes(self._out), bytearray()
        return octets

    def _name(self) -> str:
        return self._command.terminal if self._command else ""

    async def _frame(self, frame: Frame) -> None:
        header = frame.header
        try:
            body = parse_body(frame)
        except BodyError as wrong:
            self._bad(frame, str(wrong))
            return
        if isinstance(body, FileList):
            self._list(frame, body)
        elif isinstance(body, Heartbeat):
            self._answer(header, Result.OK)
        elif self._command is None:
            self._refuse(frame, "nothing was announced")
        elif isinstance(body, FileInfo):
            self._begin(frame, self._command, body)
        elif isinstance(body, FileSent):
            await self._end(frame, self._command, body)
        else:
            self._answer(header, Result.UNSUPPORTED)

    def _list(self, frame: Frame, body: FileList) -> None:
        """0x1210: the number must be one that we gave to this very terminal."""
        command = self._around.expected(body.alarm_number)
        if command is None or command.terminal != frame.header.terminal:
            self._refuse(frame, "no files were asked for under this number")
            return
        if len(self._sizes) + len(body.files) > 2 * self._around.limits.files_of_command:
            self._refuse(frame, "more files than one alarm has")
            return
        self._command, self.announced = command, True
        for one in body.files:
            self._sizes.setdefault(one.name, (one.size, -1))
        self._count("announced")
        self._answer(frame.header, Result.OK)

    def _begin(self, frame: Frame, command: Command, body: FileInfo) -> None:
        """0x1211: a file begins, in the size that is said here."""
        if body.file_name not in self._sizes:
            self._bad(frame, f"{body.file_name!r} was not announced")
            return
        try:
            begun = self._around.files.begin(command, body.file_name, body.file_size)
        except OSError as wrong:
            self._count("disk")
            self._fail(frame, f"the disk takes no files: {wrong}")
            return
        if begun is None:
            self._count("no_room")
            self._fail(frame, f"{body.file_size} octets are more than there is room for")
            return
        self._sizes[body.file_name] = (body.file_size, body.file_type)
        self._answer(frame.header, Result.OK)

    def _chunk(self, chunk: Chunk) -> None:
        """Octets of a file. Those of none, or beyond its end, are counted and left."""
        incoming = self._incoming(chunk.name)
        if incoming is None:
            self._count("blocks_of_no_file")
            return
        if chunk.offset + len(chunk.data) > incoming.size:
            self._count("blocks_beyond_the_end")
            return
        try:
            incoming.write(chunk.offset, chunk.data)
        except OSError:
            # What is not written stays missing: 0x9212 asks for it again.
            self._count("disk")
        else:
            self._around.metrics.attachment_octets += len(chunk.data)

    def _incoming(self, name: str) -> Incoming | None:
        """The file that a block names; names are cut to what a block has room for."""
        if self._command is None:
            return None
        for known in self._sizes:
            if known == name or _cut(known) == name:
                return self._around.files.incoming.get((self._command.id, known))
        return None

    async def _end(self, frame: Frame, command: Command, body: FileSent) -> None:
        """0x1212: whole and stored, or these octets again."""
        size, kind = self._sizes.get(body.file_name, (-1, -1))
        incoming = self._around.files.incoming.get((command.id, body.file_name))
        if incoming is None or kind < 0 or size != body.file_size:
            self._bad(frame, f"{body.file_name!r} of {body.file_size} octets was not begun")
            return
        missing = incoming.missing()
        if missing:
            self._count("asked_again")
            self._send(frame.header, MessageId.FILE_ANSWER, FileAnswer.on(body, missing).build())
            return
        try:
            digest = await asyncio.to_thread(self._around.files.store.finish, incoming)
        except OSError as wrong:
            self._count("disk")
            self._fail(frame, f"the disk did not take the file: {wrong}")
            return
        self._around.files.incoming.pop((command.id, body.file_name), None)
        self._around.files.stored[command.id] += 1
        await self._tell(command, body, kind, digest)
        self._count("stored")
        self._send(frame.header, MessageId.FILE_ANSWER, FileAnswer.on(body, ()).build())

    async def _tell(self, command: Command, body: FileSent, kind: int, digest: str) -> None:
        said = {
            "command": command.id,
            "terminal": command.terminal,
            "identification": str(command.arguments.get("alarm", "")),
            "name": body.file_name,
            "kind": kind,
            "size": body.file_size,
            "sha256": digest,
            "at": self._around.clock.now().isoformat(),
        }
        name = f"file-{command.id}-{digest}-{body.file_name.encode('utf-8').hex()}"
        await self._around.publish(UP, json.dumps(said, ensure_ascii=False).encode(), name)

    def _refuse(self, frame: Frame, reason: str) -> None:
        self._fail(frame, reason)
        self.refused = True

    def _fail(self, frame: Frame, reason: str) -> None:
        self._keep(frame, reason)
        self._answer(frame.header, Result.FAILED)

    def _bad(self, frame: Frame, reason: str) -> None:
        self._keep(frame, reason)
        self._answer(frame.header, Result.BAD_MESSAGE)

    def _keep(self, frame: Frame, reason: str) -> None:
        self._count("refused")
        terminal = frame.header.terminal
        self._around.quarantine.keep(f"attachment: {reason}", self._peer, terminal, frame.raw)

    def _count(self, what: str) -> None:
        self._around.metrics.attachments[what] += 1

    def _answer(self, header: Header, result: Result) -> None:
        body = PlatformAnswer(header.serial, header.message_id, result).build()
        self._send(header, MessageId.PLATFORM_ANSWER, body)

    def _send(self, header: Header, message_id: MessageId, body: bytes) -> None:
        self._out += build_frame(header.answer(message_id, self._serial), body)
        self._serial = (self._serial + 1) & 0xFFFF


def _cut(name: str) -> str:
    return name.encode("gbk", "replace")[:_NAME_OCTETS].decode("gbk", "ignore")
