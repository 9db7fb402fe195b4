"""Children are kept alive, and none outlives the supervisor, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jiaoan.stores.parts import Part, load

pytestmark = pytest.mark.socket

# A program that runs the supervisor over children given as lines "wave name code…"; a wave with an
# "e" behind it is of an early child, and up to wave 1 all is promised. A child named "signing" is
# at work when it says so, "never" never is.
PROGRAM = """
import asyncio, os, sys
from functools import partial
from pathlib import Path
from jiaoan.project.refusal import Refusal
from jiaoan.project.supervisor import Child, Supervisor
from jiaoan.stores.parts import save
folder = Path(sys.argv[1])
children = []
for number, code in enumerate(sys.argv[2:]):
    wave, name, text = code.split(" ", 2)
    ready = folder / f"{name}.pid"
    sign = folder / {"never": "not-there", "slow": "slow.done"}.get(name, ready.name)
    async def there(path=sign):
        return path.exists()
    start = f"import os, pathlib; p = pathlib.Path({str(ready) + '.part'!r});"
    start += f"p.write_text(str(os.getpid())); p.replace({str(ready)!r})\\n"
    command = [sys.executable, "-c", start + text]
    sign = "at work" if name == "signing" else ""
    children.append(Child(name, command, int(wave[0]), there, sign=sign, early="e" in wave))
patience = float(os.environ.get("PATIENCE", "60"))
supervisor = Supervisor(
    children, folder / "log", patience=patience, promised=1, parts=partial(save, folder)
)
def whole(missing):
    print("whole", *missing, flush=True)
try:
    asyncio.run(supervisor.run(lambda: print("ready", flush=True), whole))
except Refusal as refusal:
    print(refusal, flush=True)
    sys.exit(1)
"""
SLEEP = "import time\ntime.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
GRANDCHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {STUBBORN!r}])"


def start(folder: Path, *children: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), *children],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be collected by somebody."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def group_members(leader: int) -> list[int]:
    """Everybody in a process group, from /proc."""
    members = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[2] == str(leader) and fields[0] != "Z":
            members.append(int(entry.parent.name))
    return members


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text())


def await_ready(supervisor: subprocess.Popen[str]) -> None:
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "ready\n"


def await_whole(supervisor: subprocess.Popen[str], *missing: str) -> None:
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline().split() == ["whole", *missing]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_everything_within_five_seconds(tmp_path: Path, number: signal.Signals) -> None:
    supervisor = start(
        tmp_path, f"0 store {SLEEP}", f"1 deaf {STUBBORN}", f"1 parent {GRANDCHILD}", f"2 x {SLEEP}"
    )
    await_ready(supervisor)
    await_whole(supervisor)
    pids = [pid_of(tmp_path, name) for name in ("store", "deaf", "parent", "x")]
    until(lambda: len(group_members(pids[2])) == 2)  # the child of the child is there
    supervisor.send_signal(number)
    began = time.monotonic()
    assert supervisor.wait(10) == 0
    assert time.monotonic() - began < 5
    assert not any(alive(pid) for pid in pids)
    assert group_members(pids[2]) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_it_leaves_nobody_when_it_is_killed(tmp_path: Path) -> None:
    supervisor = start(tmp_path, f"0 store {SLEEP}", f"1 deaf {STUBBORN}")
    await_ready(supervisor)
    pids = [pid_of(tmp_path, name) for name in ("store", "deaf")]
    supervisor.kill()
    supervisor.wait(5)
    until(lambda: not any(alive(pid) for pid in pids))


def test_it_starts_a_dead_child_again(tmp_path: Path) -> None:
    supervisor = start(tmp_path, f"0 store {SLEEP}")
    await_ready(supervisor)
    first = pid_of(tmp_path, "store")
    os.kill(first, signal.SIGKILL)
    until(lambda: pid_of(tmp_path, "store") != first)
    supervisor.terminate()
    _, output = supervisor.communicate(timeout=30)
    assert "store ended (signal SIGKILL); starting it again" in output


def test_it_gives_up_on_a_child_that_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE", "20")
    failing = "print('the sky is green'); raise SystemExit(3)"
    slow = "import time\ntime.sleep(60)"
    supervisor = start(tmp_path, f"0 store {slow}", f"1 broken {failing}", f"1 never {slow}")
    output, _ = supervisor.communicate(timeout=60)
    assert supervisor.returncode == 1
    assert "the sky is green" in output
    assert not alive(pid_of(tmp_path, "store"))


def test_it_waits_for_the_wave_before(tmp_path: Path) -> None:
    late = f"import pathlib; assert pathlib.Path({str(tmp_path / 'store.pid')!r}).exists()\n{SLEEP}"
    supervisor = start(tmp_path, f"0 store {SLEEP}", f"1 late {late}")
    await_ready(supervisor)
    assert alive(pid_of(tmp_path, "late"))
    supervisor.terminate()
    _, output = supervisor.communicate(timeout=30)
    assert "late ended" not in output


def test_it_starts_an_early_child_beside_the_wave_before(tmp_path: Path) -> None:
    # The store is ready only when the early one runs: one behind the other, neither ever would be.
    web, done = str(tmp_path / "web.pid"), str(tmp_path / "slow.done")
    late = f"import pathlib, time\nwhile not pathlib.Path({web!r}).exists(): time.sleep(0.01)\n"
    late += f"pathlib.Path({done!r}).touch()\n{SLEEP}"
    supervisor = start(tmp_path, f"0 slow {late}", f"1e web {SLEEP}")
    await_ready(supervisor)
    await_whole(supervisor)
    supervisor.terminate()
    supervisor.communicate(timeout=30)


def test_it_is_ready_before_what_it_does_not_promise_is_at_work(tmp_path: Path) -> None:
    go = tmp_path / "go"
    slow = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
    slow += f"print('at work', flush=True)\n{SLEEP}"
    supervisor = start(tmp_path, f"0 store {SLEEP}", f"2 signing {slow}")
    await_ready(supervisor)  # the slow one has not even been told to go
    go.touch()
    await_whole(supervisor)
    supervisor.terminate()
    supervisor.communicate(timeout=30)


def test_it_names_who_is_not_at_work_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE", "6")
    supervisor = start(tmp_path, f"0 store {SLEEP}", f"2 never {SLEEP}", f"3 last {SLEEP}")
    await_ready(supervisor)
    await_whole(supervisor, "never")
    assert alive(pid_of(tmp_path, "last"))
    supervisor.terminate()
    supervisor.communicate(timeout=30)
    assert supervisor.returncode == 0


def test_it_keeps_all_output_and_says_only_warnings(tmp_path: Path) -> None:
    talk = f"print('quiet word'); print('2026 WARNING x: loud word', flush=True)\n{SLEEP}"
    supervisor = start(tmp_path, f"0 store {talk}")
    await_ready(supervisor)
    log = tmp_path / "log" / "store.log"
    until(lambda: "loud word" in log.read_text())
    supervisor.terminate()
    _, output = supervisor.communicate(timeout=30)
    assert "quiet word" in log.read_text()
    assert "store | 2026 WARNING x: loud word" in output
    assert "quiet word" not in output


def test_it_says_which_part_loads_works_or_is_down(tmp_path: Path) -> None:
    go = tmp_path / "go"
    slow = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
    slow += f"print('at work', flush=True)\n{SLEEP}"
    broken = "raise SystemExit(3)"

    def part(name: str) -> Part:
        return next(each for each in load(tmp_path) if each.name == name)

    supervisor = start(tmp_path, f"0 store {SLEEP}", f"2 signing {slow}", f"3 broken {broken}")
    await_ready(supervisor)
    until(lambda: part("signing").state == "loading")
    assert part("store").state == "working"
    assert part("broken").state == "waiting"
    go.touch()
    until(lambda: part("signing").state == "working")
    assert (part("signing").restarts, part("signing").why) == (0, "")
    until(lambda: part("broken").state == "down")
    assert part("broken").why == "exit code 3"
    go.unlink()
    os.kill(pid_of(tmp_path, "signing"), signal.SIGKILL)
    until(lambda: (part("signing").restarts, part("signing").state) == (1, "loading"))
    assert part("signing").why == "signal SIGKILL"
    go.touch()
    until(lambda: part("signing").state == "working")
    supervisor.kill()
    supervisor.wait(5)
    assert load(tmp_path) == [], "who wrote it is gone"
