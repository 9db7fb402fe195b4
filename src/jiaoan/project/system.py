"""The processes of one installation, and what is done before they start.

``up`` is the demonstration (or whatever kind of data the directory holds), ``serve`` is real data
only. Both are the same processes; the demonstration adds the simulator.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from jiaoan.kernel.clock import LOCAL, OFFSET_VARIABLE, offset_for
from jiaoan.project.installation import Installation, Kind, migrations_key
from jiaoan.project.interrupts import ended_by_sigterm
from jiaoan.project.refusal import Refusal
from jiaoan.project.supervisor import (
    Child,
    Supervisor,
    answers,
    die_with_parent,
    serves,
)
from jiaoan.stores import parts
from jiaoan.stores.server import Plan, ServerProblem
from jiaoan.stores.server import plan as bus_plan

HOST = "127.0.0.1"
PLATFORMS = "platform.json"  # gateway.platform.settings.FILE: its import takes a third of a second
PROMISED = 1  # the wave behind which "ready" is said
DEMO_DAY = date(2024, 4, 8)
NAMES = (
    "bus", "gateway", "platform-superior", "platform-subordinate", "stream", "worker", "web",
    "simulator",
)  # fmt: skip
_COMMAND = (sys.executable, "-m", "jiaoan.project.cli")
_HOLD = "Stopped before there were new log-ins: these hold."
_UNTIL_NEXT = "These log-ins hold until the next start."


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for."""

    folder: Path
    port: int = 8000
    host: str = HOST
    gateway_host: str = HOST
    gateway_port: int = 7808
    gateways: int = 1
    attachment_port: int = 0
    today: date | None = None
    notice: Path | None = None
    only: frozenset[str] = frozenset(NAMES)


def up(wanted: Wanted) -> int:
    """``./run``: make the demonstration where there is nothing, then run it."""
    installation = Installation(wanted.folder)
    if wanted.notice and not wanted.notice.is_file():
        raise Refusal(f"There is no file {wanted.notice}: name a notice with --notice.")
    with ended_by_sigterm(), installation.held():
        _ports_free(wanted)
        if installation.kind is None:
            installation.make(Kind.DEMO)
        if installation.kind is Kind.REAL and (wanted.notice or wanted.today):
            raise Refusal(
                f"{installation.folder} holds real data: --notice and --today belong to "
                "demonstrations, choose another --data."
            )
        if installation.kind is Kind.DEMO:
            wanted = replace(wanted, today=_demo_day(installation, wanted.today))
        return _run(installation, wanted)


def _demo_day(installation: Installation, asked: date | None) -> date:
    """The day a demonstration lives on: the one asked for, else the days go on from the first.

    Without a word it begins two days before the first report date of its notice.
    """
    real = datetime.now(LOCAL).date()
    kept = installation.folder / "demo-day.json"
    if asked is None and kept.is_file():
        first = json.loads(kept.read_text())
        return date.fromisoformat(first["day"]) + (real - date.fromisoformat(first["real"]))
    day = asked or DEMO_DAY
    installation.write("demo-day.json", json.dumps({"day": str(day), "real": str(real)}))
    return day


def serve(wanted: Wanted) -> int:
    """Real data: nothing is invented, nothing of a demonstration is accepted."""
    installation = Installation(wanted.folder)
    if installation.kind is not Kind.REAL:
        what = "demonstration data" if installation.kind else "no installation"
        raise Refusal(
            f"{installation.folder} holds {what}: "
            f"make one with jiaoan init --data {installation.folder}."
        )
    if os.environ.get("JIAOAN_DEBUG") == "1":
        raise Refusal("JIAOAN_DEBUG=1 is for development: unset it to serve real data.")
    with ended_by_sigterm(), installation.held():
        _ports_free(wanted)
        return _run(installation, wanted)


def _run(installation: Installation, wanted: Wanted) -> int:
    demo = installation.kind is Kind.DEMO
    bus = _bus(installation)
    environment = environment_for(installation, wanted.today, bus.url)
    migrate(installation, environment)
    made = demo and _make_demo(installation, wanted, environment)
    installation.write("addresses.json", json.dumps({"bus": bus.url, "web": _address(wanted)}))
    # Several processes of one kind are named gateway, gateway-2, …
    children = [
        child
        for child in plan(installation, wanted, bus)
        if child.name.partition("-")[0] in wanted.only
    ]
    supervisor = Supervisor(
        children, installation.folder / "log", promised=PROMISED, environment=environment,
        parts=partial(parts.save, installation.folder),
    )  # fmt: skip
    renewal = _Renewal(installation, environment) if demo and not made else None
    announcer = _Announcer(installation, wanted, renewal)
    try:
        asyncio.run(supervisor.run(announcer.ready, announcer.whole))
    finally:
        announcer.end()
        parts.forget(installation.folder)
    print("stopped", flush=True)
    return 0


def _bus(installation: Installation) -> Plan:
    try:
        return bus_plan(installation.folder)
    except ServerProblem as problem:
        raise Refusal(f"The bus cannot start: {problem}.") from problem


def environment_for(
    installation: Installation, today: date | None, bus_url: str = ""
) -> dict[str, str]:
    """The environment of every process of the installation."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
        "JIAOAN_DATA": str(installation.folder),
        "JIAOAN_DEMO": "1" if installation.kind is Kind.DEMO else "0",
        "PYTHONUNBUFFERED": "1",
    }
    # numba keeps its code beside the sources; where those may not be written, in the data.
    if not os.access(Path(__file__).parents[1], os.W_OK):
        environment.setdefault("NUMBA_CACHE_DIR", str(installation.folder / "cache" / "numba"))
    if bus_url:
        environment["JIAOAN_BUS_URL"] = bus_url
    if today:
        offset = offset_for(today, datetime.now(UTC))
        environment[OFFSET_VARIABLE] = str(int(offset.total_seconds()))
    return environment


def plan(installation: Installation, wanted: Wanted, bus: Plan) -> list[Child]:
    """All processes.

    Wave 0 stores; wave 1 is what people and terminals reach, loading while the bus starts, and is
    promised by "ready"; wave 2 works on what came in, and wave 3 only brings traffic.
    """
    python, data = sys.executable, str(installation.folder)
    arguments = ["--bus", bus.url, "--data", data]
    web = ["--host", wanted.host, "--port", str(wanted.port), "--log-level", "warning"]
    # Pages that hold a live stream open must not hold up the stop.
    calm = ["--lifespan", "off", "--timeout-graceful-shutdown", "1", "--no-access-log"]
    children = [
        Child("bus", bus.command, wave=0, ready=answers(HOST, bus.port)),
        *_gateways(wanted, arguments),
        Child(
            "web",
            [python, "-m", "uvicorn", "jiaoan.project.asgi:application", *web, *calm],
            ready=serves(wanted.host, wanted.port, "/healthz"),
            early=True,
        ),
        Child("stream", [python, "-m", "jiaoan.stream", *arguments], wave=2, sign="is at work"),
        Child("worker", [*_COMMAND, "worker"], wave=2, sign="worker ready"),
    ]
    children += _platforms(installation, python, arguments)
    fleet = installation.folder / "simulate.json"
    if installation.kind is Kind.DEMO and fleet.is_file():
        port = ["--port", str(wanted.gateway_port)]
        children.append(Child("simulator", [*_COMMAND, "simulate", str(fleet), *port], wave=3))
    return children


def _gateways(wanted: Wanted, arguments: list[str]) -> list[Child]:
    """One process, or several that share the port: the system spreads connections over them."""
    # Who listens on every address answers on loopback too.
    near = HOST if wanted.gateway_host in ("0.0.0.0", "::") else wanted.gateway_host
    ports = ["--host", wanted.gateway_host, "--port", str(wanted.gateway_port)]
    ports += ["--attachment-port", str(wanted.attachment_port)]
    children = []
    for number in range(1, wanted.gateways + 1):
        share = ["--process", str(number)] if wanted.gateways > 1 else []
        share += ["--stats-file", str(wanted.folder / "gateway" / f"gateway-{number}.json")]
        children.append(
            Child(
                f"gateway-{number}" if number > 1 else "gateway",
                [sys.executable, "-m", "jiaoan.gateway", *arguments, *ports, *share],
                ready=answers(near, wanted.gateway_port),
                early=True,
            )
        )
    return children


def _platforms(installation: Installation, python: str, arguments: list[str]) -> list[Child]:
    """The links to other platforms that the settings of this installation name, if any."""
    if not (installation.folder / PLATFORMS).is_file():
        return []
    from jiaoan.gateway.platform.settings import BadSettings
    from jiaoan.gateway.platform.settings import load as load_platforms

    try:
        settings = load_platforms(installation.folder / PLATFORMS)
    except BadSettings as wrong:
        raise Refusal(str(wrong)) from wrong
    roles = {"superior": settings.superior, "subordinate": settings.superiors}
    return [
        Child(
            f"platform-{role}", [python, "-m", "jiaoan.gateway.platform", role, *arguments], wave=2
        )
        for role, wanted in roles.items()
        if wanted
    ]


def migrate(installation: Installation, environment: dict[str, str]) -> None:
    """Bring the database to this version, when there is anything to bring.

    A database that is not in the directory may have been changed by others: it is always asked.
    """
    key = migrations_key()
    inside = not environment.get("JIAOAN_DATABASE_URL")
    made = (installation.folder / "jiaoan.sqlite3").is_file()
    if inside and made and installation.done("migrate", key):
        return
    _step("database", ["manage", "migrate", "--noinput", "--verbosity", "0"], environment)
    installation.remember("migrate", key)


def _make_demo(installation: Installation, wanted: Wanted, environment: dict[str, str]) -> bool:
    """The demonstration district, once for each notice; whether its log-ins are new."""
    notice = wanted.notice.read_text("latin-1") if wanted.notice else ""
    key = json.dumps([notice])
    if installation.done("demo", key):
        return False
    new = not _logins_file(installation).is_file()
    words = ["demo", "make", "--data", str(installation.folder)]
    words += ["--notice", str(wanted.notice)] if wanted.notice else []
    words += ["--today", str(wanted.today)] if wanted.today else []
    _step("demonstration district", words, environment)
    installation.remember("demo", key)
    return new


class _Renewal:
    """New passwords for the printed log-ins: a process of its own, which a stop does not wait for.

    It takes a second, so it comes behind "ready": until then those of the last start hold.
    """

    def __init__(self, installation: Installation, environment: dict[str, str]) -> None:
        self._words = [*_COMMAND, "demo", "passwords", "--data", str(installation.folder)]
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._ended = threading.Event()
        self._turn = threading.Lock()

    def run(self) -> str:
        """Renew them; the sentence that stands below them."""
        with self._turn:
            if self._ended.is_set():
                return _HOLD
            self._process = subprocess.Popen(
                self._words,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=die_with_parent(),
            )
        _, said = self._process.communicate()
        if self._process.returncode == 0:
            return _UNTIL_NEXT
        if self._process.returncode < 0:
            return _HOLD
        last = (said.strip() or "it said nothing").splitlines()[-1]
        return f"The log-ins could not be renewed ({last}): these are those of the last start."

    def end(self) -> None:
        """Stop it where it is: the old passwords hold, or the new ones."""
        with self._turn:
            self._ended.set()
            if self._process is not None:
                self._process.terminate()


def _step(what: str, words: list[str], environment: dict[str, str]) -> None:
    """A command of our own that must succeed before anything starts."""
    began = time.monotonic()
    print(f"{what} …", flush=True)
    done = subprocess.run(
        [*_COMMAND, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        preexec_fn=die_with_parent(),
    )
    if done.returncode != 0:
        said = done.stdout.strip()
        raise Refusal(said.splitlines()[-1] if said else f"{what} failed without a word.")
    print(f"{what}: done in {time.monotonic() - began:.1f} s", flush=True)


def _ports_free(wanted: Wanted) -> None:
    used = {"web": (wanted.host, wanted.port, "--port")}
    used["gateway"] = (wanted.gateway_host, wanted.gateway_port, "--gateway-port")
    for name, (host, port, option) in used.items():
        if name not in wanted.only:
            continue
        with socket.socket() as probe:
            # A port in TIME_WAIT from the last run is free for us.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise Refusal(f"Port {port} cannot be opened: {error.strerror}.") from error
                raise Refusal(
                    f"Port {port} of {host} is in use by another program: "
                    f"choose another one with {option}."
                ) from None


class _Announcer:
    """What is printed when it answers: where, then who may log in, then how to end it.

    The last line stands when everything is at work, or when it is said what is not.
    """

    def __init__(
        self, installation: Installation, wanted: Wanted, renewal: _Renewal | None
    ) -> None:
        self._installation, self._wanted, self._renewal = installation, wanted, renewal
        self._logins = threading.Thread(target=self._say_logins, name="log-ins")

    def ready(self) -> None:
        print(f"ready {_address(self._wanted)}", flush=True)
        # Beside the loop, which must hear signals meanwhile; waited for, so that it leaves nothing.
        self._logins.start()

    def whole(self, missing: Sequence[str]) -> None:
        threading.Thread(target=self._say_whole, args=(list(missing),), name="whole").start()

    def end(self) -> None:
        """What is still being said is cut short."""
        if self._renewal:
            self._renewal.end()

    def _say_logins(self) -> None:
        below = self._renewal.run() if self._renewal else _UNTIL_NEXT
        if rows := _logins(_logins_file(self._installation)):
            print("\n".join([*rows, below]), flush=True)

    def _say_whole(self, missing: Sequence[str]) -> None:
        self._logins.join()
        logs = self._installation.folder / "log"
        lines = [f"{name} is not at work yet; its log: {logs / name}.log" for name in missing]
        print("\n".join([*lines, "Ctrl-C stops everything."]), flush=True)


def _address(wanted: Wanted) -> str:
    return f"http://{wanted.host}:{wanted.port}"


def _logins_file(installation: Installation) -> Path:
    return installation.folder / "credentials.json"


def _logins(path: Path) -> list[str]:
    """One line for each demonstration role, from the file that its maker wrote."""
    if not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [f"  {row['role']}: {row['username']} / {row['password']}" for row in rows]
