"""Sub-packages (808 clause 4.4.3): parts up to one message, missing parts asked for again, and long
messages down in parts.

Theory of operation
-------------------
An upload is known by terminal, message id, total and the serial of its part 1 (serial - index + 1):
so two uploads at the same time cannot mix, whatever their totals. Parts may come in any order, part
1 last. Each ends in one :class:`Part` value; the last one carries the whole message as a
:class:`.Frame` without package information, ready for ``parse_body``. A repeated part changes
nothing; a part of an upload that is whole already is told as such, since its answer was lost.

Some terminals count other messages between the parts, so each part looks like one of another
upload. When a request for the missing ones was in vain and the parts of one terminal, message and
total fit each other without a gap or an overlap, in the order of their serials, they are one
message (:attr:`.Tolerance.SCATTERED_SERIALS`).

The moment is a parameter (milliseconds that never run backwards); nothing here has a clock.
:meth:`Assembler.due` says which parts to ask for again, which uploads are given up, and which
scattered ones are whole. Everything
is bounded: uploads, octets in all, octets of one upload; where a bound is reached the oldest upload
is given up and told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from jiaoan.wire.errors import EncodeError
from jiaoan.wire.jt808.commands import Resend
from jiaoan.wire.jt808.forms import Edition, Form
from jiaoan.wire.jt808.framing import Frame, build_frame
from jiaoan.wire.jt808.header import MAX_BODY, Header, Package
from jiaoan.wire.jt808.tolerance import Tolerance

_SERIALS = 0x10000
_WIDEST = 1024
"""Serials that the parts of one message may be spread over."""
MOST_WANTED = {Edition.V2013: 255, Edition.V2019: (MAX_BODY - 4) // 2}
"""Part numbers in one request: one count octet in 2013; in 2019 what fits one package."""


class UploadKey(NamedTuple):
    """What tells one upload from all others."""

    terminal: str
    message_id: int
    total: int
    first_serial: int


class PartState(StrEnum):
    """What became of one part."""

    KEPT = "kept"
    WHOLE = "whole"
    """The last one: :attr:`Part.whole` is the message."""
    REPEATED = "repeated"
    CONFLICT = "conflict"
    """The index was there already with other octets; the first ones stay."""
    ALREADY_WHOLE = "already_whole"
    BAD_INDEX = "bad_index"
    """Index 0, or beyond the total."""
    TOO_LARGE = "too_large"
    """The upload has outgrown its bound and is given up."""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one frame with package information; ``whole`` only with ``WHOLE``."""

    state: PartState
    key: UploadKey
    whole: Frame | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Parts to ask for again. ``header`` is that of a part: its version and phone are answered
    in."""

    key: UploadKey
    header: Header
    package_ids: tuple[int, ...]

    def messages(self, form: Form) -> tuple[Resend, ...]:
        """The bodies of 0x8003 in the width of the edition; none for 808-2011, which has none."""
        return resends(self.key.first_serial, self.package_ids, form.edition)


class LossReason(StrEnum):
    """Why an upload was given up."""

    EXPIRED = "expired"
    NO_ROOM = "no_room"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Lost:
    """An upload that is given up, with the parts that had come (index, octets)."""

    key: UploadKey
    reason: LossReason
    parts: tuple[tuple[int, bytes], ...]


def resends(first_serial: int, ids: Sequence[int], edition: Edition) -> tuple[Resend, ...]:
    """Requests for parts, as many as their count field and one package need."""
    most = MOST_WANTED.get(edition)
    if most is None:
        return ()
    return tuple(
        Resend(first_serial, tuple(ids[at : at + most])) for at in range(0, len(ids), most)
    )


@dataclass(slots=True)
class _Upload:
    header: Header
    touched: int
    asked: int = 0
    octets: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)

    def missing(self, total: int) -> tuple[int, ...]:
        return tuple(index for index in range(1, total + 1) if index not in self.parts)


class Assembler:
    """Parts of any number of terminals to whole messages; all moments in milliseconds."""

    def __init__(
        self,
        *,
        most_uploads: int = 1024,
        most_octets: int = 64 << 20,
        most_octets_of_one: int = 8 << 20,
        ask_after_ms: int = 5_000,
        most_asks: int = 3,
        expire_ms: int = 60_000,
        most_finished: int = 4096,
        strict: bool = False,
    ) -> None:
        self._strict = strict
        self._most_uploads, self._most_octets = most_uploads, most_octets
        self._most_of_one, self._most_finished = most_octets_of_one, most_finished
        self._ask_after, self._most_asks, self._expire = ask_after_ms, most_asks, expire_ms
        self._uploads: OrderedDict[UploadKey, _Upload] = OrderedDict()
        """Least recently touched first."""
        self._finished: OrderedDict[UploadKey, int] = OrderedDict()
        self._lost: list[Lost] = []
        self.octets = 0

    def __len__(self) -> int:
        return len(self._uploads)

    def receive(self, frame: Frame, now: int) -> Part:
        """Take one frame that has package information."""
        header, package = frame.header, frame.header.package
        if package is None:
            raise ValueError("the frame is no part")
        first = (header.serial - package.index + 1) % _SERIALS
        key = UploadKey(header.terminal, header.message_id, package.total, first)
        if not 1 <= package.index <= package.total:
            return Part(PartState.BAD_INDEX, key)
        if self._is_finished(key, now):
            return Part(PartState.ALREADY_WHOLE, key)
        upload = self._uploads.get(key)
        if upload is None:
            upload = self._uploads[key] = _Upload(header, now)
        self._uploads.move_to_end(key)
        upload.touched = now
        there = upload.parts.get(package.index)
        if there is not None:
            same = there == frame.body
            return Part(PartState.REPEATED if same else PartState.CONFLICT, key)
        return self._keep(key, upload, package, frame)

    def _is_finished(self, key: UploadKey, now: int) -> bool:
        ended = self._finished.get(key)
        return ended is not None and now - ended < self._expire

    def _keep(self, key: UploadKey, upload: _Upload, package: Package, frame: Frame) -> Part:
        upload.parts[package.index] = frame.body
        upload.octets += len(frame.body)
        self.octets += len(frame.body)
        if frame.header.encryption and not upload.header.encryption:
            # Encryption is said part by part: one such part makes the whole unreadable.
            upload.header = replace(upload.header, encryption=frame.header.encryption)
        if len(upload.parts) == package.total:
            self._forget(key)
            self._finish(key, upload.touched)
            return Part(PartState.WHOLE, key, _merged(upload, package.total, key.first_serial))
        if upload.octets > self._most_of_one:
            self._give_up(key, LossReason.TOO_LARGE)
            return Part(PartState.TOO_LARGE, key)
        while len(self._uploads) > self._most_uploads or self.octets > self._most_octets:
            self._give_up(next(iter(self._uploads)), LossReason.NO_ROOM)
        return Part(PartState.KEPT, key)

    def _forget(self, key: UploadKey) -> _Upload:
        upload = self._uploads.pop(key)
        self.octets -= upload.octets
        return upload

    def _finish(self, key: UploadKey, now: int) -> None:
        self._finished[key] = now
        self._finished.move_to_end(key)
        if len(self._finished) > self._most_finished:
            self._finished.popitem(last=False)

    def _give_up(self, key: UploadKey, reason: LossReason) -> None:
        upload = self._forget(key)
        self._lost.append(Lost(key, reason, tuple(sorted(upload.parts.items()))))

    def due(self, now: int) -> list[Wanted | Lost | Part]:
        """What is to be done at this moment: parts to ask for, uploads that were given up, and
        messages of scattered serials that are whole (:attr:`PartState.WHOLE`)."""
        for key, upload in list(self._uploads.items()):
            if now - upload.touched < self._expire:
                break
            self._give_up(key, LossReason.EXPIRED)
        found: list[Wanted | Lost | Part] = [*self._lost, *self._gather(now)]
        self._lost.clear()
        for key, upload in self._uploads.items():
            if now - upload.touched < self._ask_after:
                break
            # Each request waits as long as the one before it, counted from the last part.
            due = (upload.asked + 1) * self._ask_after
            if upload.asked < self._most_asks and now - upload.touched >= due:
                upload.asked += 1
                found.append(Wanted(key, upload.header, upload.missing(key.total)))
        return found

    def _gather(self, now: int) -> list[Part]:
        """Whole messages whose serials are scattered: only among uploads that a first request for
        the missing parts has not completed, so that two halves of two uploads stay apart."""
        if self._strict:
            return []
        groups: dict[tuple[str, int, int], list[UploadKey]] = {}
        for key in self._uploads:
            groups.setdefault(key[:3], []).append(key)
        found = []
        for keys in groups.values():
            uploads = [self._uploads[key] for key in keys]
            quiet = now - max(one.touched for one in uploads) >= 2 * self._ask_after
            if len(keys) > 1 and quiet and all(one.asked for one in uploads) and self._fit(keys):
                found.append(self._join(keys, now))
        return found

    def _fit(self, keys: list[UploadKey]) -> bool:
        """Whether the parts of these uploads are each there once, in the order of their serials."""
        serials = sorted(
            (index, (key.first_serial + index - 1) % _SERIALS)
            for key in keys
            for index in self._uploads[key].parts
        )
        if [index for index, _ in serials] != list(range(1, keys[0].total + 1)):
            return False
        steps = [(two - one) % _SERIALS for (_, one), (_, two) in pairwise(serials)]
        return 0 not in steps and sum(steps) <= _WIDEST

    def _join(self, keys: list[UploadKey], now: int) -> Part:
        uploads = [self._forget(key) for key in keys]
        first = next(key for key, one in zip(keys, uploads, strict=True) if 1 in one.parts)
        for key in keys:
            self._finish(key, now)
        all_parts = {index: body for one in uploads for index, body in one.parts.items()}
        secret = max(one.header.encryption for one in uploads)
        header = replace(uploads[keys.index(first)].header, encryption=secret)
        joined = _Upload(header, now, parts=all_parts)
        whole = _merged(joined, first.total, first.first_serial)
        return Part(
            PartState.WHOLE, first, replace(whole, tolerated=(Tolerance.SCATTERED_SERIALS,))
        )


def _merged(upload: _Upload, total: int, first_serial: int) -> Frame:
    body = b"".join(upload.parts[index] for index in range(1, total + 1))
    header = replace(upload.header, package=None, serial=first_serial, body_length=len(body))
    return Frame(header, body, b"")


def split_message(header: Header, body: bytes, *, most: int = MAX_BODY) -> list[bytes]:
    """One message as frames with flags, in parts where it is longer than ``most`` octets.

    Part k has serial ``header.serial + k - 1``: who counts serials goes on behind the last one.
    :class:`.EncodeError` beyond 65,535 parts.
    """
    if len(body) <= most:
        return [build_frame(header, body)]
    total = -(-len(body) // most)
    if total > 0xFFFF:
        raise EncodeError("body", f"{len(body)} octets need {total} parts; 65535 are the most")
    return [
        build_frame(
            replace(
                header,
                serial=(header.serial + index - 1) % _SERIALS,
                package=Package(total, index),
            ),
            body[(index - 1) * most : index * most],
        )
        for index in range(1, total + 1)
    ]


class SentParts:
    """Parts that were sent down, kept for a terminal's 0x0005: it gets exactly those, unchanged.

    One for all terminals; bounded in messages and octets, the oldest goes first.
    """

    def __init__(
        self, *, most_messages: int = 1024, most_octets: int = 16 << 20, keep_ms: int = 120_000
    ) -> None:
        self._most_messages, self._most_octets, self._keep_ms = most_messages, most_octets, keep_ms
        self._sent: OrderedDict[tuple[str, int], tuple[int, tuple[bytes, ...]]] = OrderedDict()
        self.octets = 0

    def __len__(self) -> int:
        return len(self._sent)

    def keep(self, header: Header, frames: Sequence[bytes], now: int) -> None:
        """Remember what :func:`split_message` made of ``header``; one frame alone is no part."""
        self._expire(now)
        if len(frames) < 2:
            return
        key = (header.terminal, header.serial)
        self._drop(key)
        self._sent[key] = (now, tuple(frames))
        self.octets += sum(map(len, frames))
        while len(self._sent) > self._most_messages or self.octets > self._most_octets:
            self._drop(next(iter(self._sent)))

    def again(self, terminal: str, asked: Resend, now: int) -> list[bytes]:
        """The parts that a terminal asks for, in its order; none for what is not known (any
        more) and for numbers that no part has."""
        self._expire(now)
        _, frames = self._sent.get((terminal, asked.original_serial), (0, ()))
        return [frames[index - 1] for index in asked.package_ids if 1 <= index <= len(frames)]

    def _expire(self, now: int) -> None:
        while self._sent:
            key, (sent, _) = next(iter(self._sent.items()))
            if now - sent < self._keep_ms:
                return
            self._drop(key)

    def _drop(self, key: tuple[str, int]) -> None:
        _, frames = self._sent.pop(key, (0, ()))
        self.octets -= sum(map(len, frames))
