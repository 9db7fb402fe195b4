"""Files by the hash of their octets, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from io import RawIOBase
from pathlib import Path

from jiaoan.wire.jt808 import Extents, Gap

_ABANDONED_S = 86_400.0
_PORTION = 1 << 20


class Incoming:
    """One file that is being sent: octets at their places, and which of them are there."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        # Without a buffer of ours: what a full disk does not take is known at once, block by block.
        self._file: RawIOBase = path.open("w+b", buffering=0)
        self._extents = Extents()

    def write(self, offset: int, data: bytes) -> None:
        """Octets at ``offset``, which must lie within the file. Raises ``OSError``."""
        at, rest = offset, memoryview(data)
        while rest:
            written = os.pwrite(self._file.fileno(), rest, at)
            self._extents.add(at, written)
            at, rest = at + written, rest[written:]

    def missing(self) -> tuple[Gap, ...]:
        return self._extents.missing(self.size)

    def seal(self) -> str:
        """Put it on disk; its SHA-256. Blocks: call it in a thread."""
        os.fsync(self._file.fileno())
        self._file.seek(0)
        digest, octets = hashlib.sha256(), 0
        while portion := self._file.read(_PORTION):
            digest.update(portion)
            octets += len(portion)
        if octets != self.size:
            raise OSError(f"{octets} octets are on disk, {self.size} were written")
        return digest.hexdigest()

    def drop(self) -> None:
        """Give it up, or its name after it has got another one."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Store:
    """``folder/incoming`` and ``folder/ab/abcd…``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"

    def clear_abandoned(self) -> int:
        """Remove what an earlier process left unfinished a day ago; how many."""
        old, count = time.time() - _ABANDONED_S, 0
        for path in self._incoming.glob("*.part"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    path.unlink()
                    count += 1
        return count

    def begin(self, size: int) -> Incoming:
        """A file of ``size`` octets to come. Raises ``OSError``."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        return Incoming(self._incoming / f"{uuid.uuid4().hex}.part", size)

    def finish(self, incoming: Incoming) -> str:
        """Give a whole file its place by its hash; on disk when this returns. Raises ``OSError``.

        Blocks: call it in a thread.
        """
        digest = incoming.seal()
        place = self.path_of(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(incoming.path, place)
        for folder in (place.parent, self.folder):
            _sync_folder(folder)
        incoming.drop()
        return digest

    def path_of(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
