"""A data directory: what it holds, its secret, who uses it now.

``installation.json`` says whether the data are a demonstration or real; nothing ever turns one
into the other. ``secret`` is invented here (mode 600) and never has a default.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import sys
import sysconfig
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from jiaoan import __file__ as _package
from jiaoan.project.refusal import Refusal

_PACKAGE = Path(_package).parent


class Kind(StrEnum):
    DEMO = "demo"
    REAL = "real"


class Installation:
    """One data directory. Making the object touches nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._about = self.folder / "installation.json"

    @property
    def kind(self) -> Kind | None:
        """``None`` for a directory that was never set up."""
        if not self._about.is_file():
            return None
        try:
            return Kind(json.loads(self._about.read_text())["kind"])
        except (ValueError, KeyError) as error:
            raise Refusal(
                f"{self._about} cannot be read: restore it from a copy, "
                'or write {"kind": "real"} (or "demo") into it.'
            ) from error

    def make(self, kind: Kind) -> None:
        """Set up an empty directory; one that holds other files is refused."""
        self._refuse_foreign()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.write("secret", secrets.token_urlsafe(64) + "\n")
        self.write("installation.json", json.dumps({"kind": kind}) + "\n")

    def _refuse_foreign(self) -> None:
        """Refuse a file, a place below a file, and a directory that holds other files."""
        nearest = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        if not nearest.is_dir():
            raise Refusal(f"{nearest} is a file: name a directory with --data.")
        if self.folder.is_dir() and any(entry.name != "lock" for entry in self.folder.iterdir()):
            raise Refusal(
                f"{self.folder} holds files of something else: "
                "name an empty or new directory with --data."
            )

    def write(self, name: str, text: str) -> Path:
        """A file of the installation, mode 600, whole or not at all, on disk when it returns."""
        target, aside = self.folder / name, self.folder / f"{name}.part"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(target)
        return target

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for one running system; a second one is refused with a sentence."""
        if self.kind is None:
            self._refuse_foreign()  # before a lock is left in it
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                raise Refusal(
                    f"{self.folder} is in use by {holder}: "
                    "stop that one first, or name another directory with --data."
                ) from None
            lock.seek(0)
            lock.truncate()
            lock.write(f"process {os.getpid()}")
            lock.flush()
            yield

    def done(self, step: str, value: str) -> bool:
        """Was ``step`` finished with this input?"""
        return self._steps().get(step) == value

    def remember(self, step: str, value: str) -> None:
        self.write("steps.json", json.dumps({**self._steps(), step: value}) + "\n")

    def _steps(self) -> dict[str, str]:
        path = self.folder / "steps.json"
        if not path.is_file():
            return {}
        try:
            return {str(key): str(value) for key, value in json.loads(path.read_text()).items()}
        except (ValueError, AttributeError):
            return {}  # everything in it can be done again


def migrations_key() -> str:
    """A digest of all migrations: ours by content, those of packages by the versions installed."""
    state = hashlib.sha256(sys.version.encode())
    for path in sorted(_PACKAGE.glob("*/migrations/*.py")):
        state.update(str(path.relative_to(_PACKAGE)).encode() + path.read_bytes())
    packages = Path(sysconfig.get_path("purelib"))
    for entry in sorted(path.name for path in packages.glob("*.dist-info")):
        state.update(entry.encode())
    return state.hexdigest()
