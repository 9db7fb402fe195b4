"""Sub-packaged messages 分包 of all links: put together, asked for again, answered as a whole.

Theory of operation
-------------------
Parts wait in memory until their message is whole, so no part is answered before: a position in
part 1 is not stored while part 3 is missing. The answer, when it comes, goes to every part (808
allows one for all or one for each; terminals differ in which they wait for). A terminal that waits
for the answer to each part before it sends the next gets 0x8003 for the rest after a while, which
makes it send them. What a whole message was answered is remembered for a time, so that a part that
is sent again because the answer got lost is answered at once, also over another link.

Everything is bounded: uploads of one link and of all, octets of one and of all, and time. What is
given up is kept in the quarantine and counted.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.wire.jt808 import Assembler, Frame, Header, Part, PartState, Result, Wanted
from jiaoan.wire.jt808.packages import UploadKey

_REMEMBERED = 4096


class Owner(Protocol):
    """The session on which parts come."""

    peer: str

    def whole(self, message: Whole) -> None:
        """Take a whole message that became so by waiting."""
        ...

    def ask_again(self, wanted: Wanted) -> None:
        """Ask the terminal for missing parts."""
        ...


@dataclass(frozen=True)
class Whole:
    """A message put together: its frame, and the headers of its parts, which are all answered."""

    key: UploadKey
    frame: Frame
    headers: tuple[Header, ...]


@dataclass
class _Upload:
    owner: Owner
    headers: list[Header] = field(default_factory=list)


class Parts:
    """One for all links. Moments are milliseconds that never run backwards."""

    def __init__(self, limits: Limits, metrics: Metrics, quarantine: Quarantine) -> None:
        self._limits, self._metrics, self._quarantine = limits, metrics, quarantine
        self._assembler = Assembler(
            most_uploads=limits.uploads,
            most_octets=limits.upload_octets,
            most_octets_of_one=limits.upload_octets_of_one,
            ask_after_ms=int(limits.ask_parts_s * 1000),
            most_asks=limits.ask_parts_times,
            expire_ms=int(limits.parts_s * 1000),
        )
        self._uploads: dict[UploadKey, _Upload] = {}
        self._of_owner: Counter[Owner] = Counter()
        self._results: OrderedDict[UploadKey, Result | None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._uploads)

    @property
    def octets(self) -> int:
        """Octets that wait."""
        return self._assembler.octets

    def receive(self, owner: Owner, frame: Frame, now: int) -> Whole | Result | None:
        """Take one part: the whole message with the last one; else what the part is answered.

        ``None``: not yet, the answer comes with the whole.
        """
        header, package = frame.header, frame.header.package
        assert package is not None
        first = (header.serial - package.index + 1) & 0xFFFF
        key = UploadKey(header.terminal, header.message_id, package.total, first)
        if key not in self._uploads and self._of_owner[owner] >= self._limits.uploads_of_link:
            self._count("too_many_uploads", owner, header, frame.raw)
            return Result.FAILED
        part = self._assembler.receive(frame, now)
        self._metrics.parts[part.state] += 1
        if part.state in (PartState.BAD_INDEX, PartState.CONFLICT):
            self._count(part.state, owner, header, frame.raw)
            return Result.BAD_MESSAGE
        if part.state is PartState.TOO_LARGE:
            return Result.FAILED
        if part.state is PartState.ALREADY_WHOLE:
            return self._results.get(key)
        upload = self._uploads.get(key)
        if upload is None:
            upload = self._uploads[key] = _Upload(owner)
            self._of_owner[owner] += 1
        elif upload.owner is not owner:
            # The terminal came back on another link and goes on: the answers go where it is now.
            self._move(upload, owner)
        if header not in upload.headers:
            upload.headers.append(header)
        return self._whole(part) if part.state is PartState.WHOLE else None

    def _move(self, upload: _Upload, owner: Owner) -> None:
        self._leave(upload.owner)
        upload.owner = owner
        self._of_owner[owner] += 1

    def _leave(self, owner: Owner) -> None:
        self._of_owner[owner] -= 1
        if self._of_owner[owner] <= 0:
            del self._of_owner[owner]

    def _count(self, reason: str, owner: Owner, header: Header, octets: bytes) -> None:
        self._metrics.refused[f"part_{reason}"] += 1
        self._quarantine.keep(f"part: {reason}", owner.peer, header.terminal, octets)

    def _whole(self, part: Part) -> Whole:
        """The whole of what ``part`` completed; its uploads (several where the serials of the
        parts are scattered) are forgotten."""
        assert part.whole is not None
        package, headers = part.key, []
        same = [one for one in self._uploads if one[:3] == package[:3]]
        keys = [package] if part.key.total == len(self._headers(package)) else same
        for key in keys:
            upload = self._uploads.pop(key)
            self._leave(upload.owner)
            headers += upload.headers
            self._remember(key, None)
        return Whole(package, part.whole, tuple(headers))

    def _headers(self, key: UploadKey) -> list[Header]:
        found = self._uploads.get(key)
        return found.headers if found else []

    def _remember(self, key: UploadKey, result: Result | None) -> None:
        self._results[key] = result
        self._results.move_to_end(key)
        if len(self._results) > _REMEMBERED:
            self._results.popitem(last=False)

    def ended(self, whole: Whole, result: Result) -> None:
        """What the whole was answered: a part that comes again is answered the same."""
        self._remember(whole.key, result)

    def due(self, now: int) -> None:
        """Ask for missing parts, give up old uploads, hand on what became whole by waiting."""
        for one in self._assembler.due(now):
            if isinstance(one, Part):
                owner = self._uploads[one.key].owner
                if one.whole is not None:
                    self._metrics.tolerated.update(one.whole.tolerated)
                owner.whole(self._whole(one))
            elif isinstance(one, Wanted):
                self._metrics.parts["asked_again"] += 1
                self._uploads[one.key].owner.ask_again(one)
            else:
                self._metrics.parts[f"lost_{one.reason}"] += 1
                upload = self._uploads.pop(one.key, None)
                if upload is not None:
                    self._leave(upload.owner)
                peer = upload.owner.peer if upload else "?"
                for index, octets in one.parts:
                    reason = f"part {index} of {one.key.total}: {one.reason}"
                    self._quarantine.keep(reason, peer, one.key.terminal, octets)
