"""A private PostgreSQL for tests: own directory, own port on loopback, gone afterwards.

PostgreSQL refuses to run as root, so as root it is started as the user ``nobody``.
``python check/postgresql.py COMMAND…`` runs a command with ``JIAOAN_DATABASE_URL`` set to one.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict


class Missing(Exception):
    """This machine has no PostgreSQL server; the sentence says which package brings it."""


Words = list[str | Path]


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def programs() -> Path:
    """The folder with ``initdb``: on PATH, or where Debian keeps the newest version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    kept = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.parts[4])],
    )
    if not kept:
        raise Missing("no PostgreSQL server on this machine (package postgresql)")
    return kept[-1].parent


@contextlib.contextmanager
def private(under: Path | None = None, **settings: str) -> Iterator[str]:
    """Start a server and give its URL; stop it and remove its directory at the end.

    ``settings`` are the server's own (``shared_buffers="2GB"``). Raises :class:`Missing` when the
    machine has no server.
    """
    server = programs()
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=under))
    who: _User = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    password = secrets.token_urlsafe(18)
    words = home / "password"
    words.write_text(password)
    os.chmod(words, 0o644)
    data, log = home / "data", home / "server.log"
    make: Words = [
        server / "initdb",
        "-D",
        data,
        "-U",
        "jiaoan",
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
    ]
    _must([*make, f"--pwfile={words}", "--locale=C.UTF-8", "--no-sync"], who, home)
    words.unlink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Nothing in it outlives the run, so it need not wait for the disk.
    how = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off"
    how += "".join(f" -c {name}={value}" for name, value in settings.items())
    control: Words = [server / "pg_ctl", "-D", data, "-l", log, "-w"]
    try:
        _must([*control, "-o", how, "start"], who, home)
        yield f"postgresql://jiaoan:{password}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"], cwd=home, capture_output=True, check=False, **who
        )
        shutil.rmtree(home, ignore_errors=True)


def _must(command: Words, who: _User, home: Path) -> None:
    # Output goes to a file: the started server would keep a pipe open for ever.
    said = home / "said"
    with said.open("w") as out:
        done = subprocess.run(command, cwd=home, stdout=out, stderr=out, check=False, **who)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {said.read_text()[-2000:]}")


if __name__ == "__main__":
    try:
        with private() as address:
            sys.exit(
                subprocess.run(
                    sys.argv[1:], env={**os.environ, "JIAOAN_DATABASE_URL": address}, check=False
                ).returncode
            )
    except Missing as missing:
        sys.exit(str(missing))
