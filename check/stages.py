"""``./test``: every check as a named stage with its seconds; the last line is the count.

Each stage that is no test run counts as one check. A stage whose tool the machine lacks is skipped
with a loud line and counted, so that ``.ci/run`` can refuse a run that skipped anything.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = BIN / "python"
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from check import postgresql, sentences  # noqa: E402

Words = list[str | Path]
CODE = ["src", "tests", "check", "bench", "fuzz"]
CONTRACT = "database and not journey and not socket"
QUICK = "not journey and not socket and not slow"


@dataclass
class Tally:
    """What the whole run counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, stage: str, passed: int, failed: int, skipped: int) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.broken.append(stage)


class Runner:
    """Runs stages one after another in one temporary data directory; none stops the next."""

    def __init__(self, scratch: Path, *, fast: bool) -> None:
        self.scratch, self.fast, self.tally = scratch, fast, Tally()
        data = scratch / "data"
        data.mkdir()
        (data / "secret").write_text(secrets.token_urlsafe(50))
        self.environment = {
            **os.environ,
            "JIAOAN_DATA": str(data),
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("src", "tests")),
            # Behind the machine's own: the Node that came as a wheel, where there is no other.
            "PATH": os.pathsep.join([os.environ["PATH"], str(BIN)]),
            "DJANGO_SETTINGS_MODULE": "settings_for_tests",
        }
        for name in ("JIAOAN_DATABASE_URL", "JIAOAN_CLOCK_OFFSET", "JIAOAN_DEMO"):
            self.environment.pop(name, None)

    def check(self, stage: str, *commands: Words) -> None:
        """A stage of commands that are right when they all exit with 0."""
        began = time.monotonic()
        good = True
        for command in commands:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, capture_output=True, text=True
            )
            if done.returncode != 0:
                good = False
                print((done.stdout + done.stderr).rstrip(), flush=True)
        self._tell(stage, began, int(good), int(not good), 0)

    def call(self, stage: str, function: Callable[[], list[str]]) -> None:
        """A stage in this process: it answers with the sentences of what is wrong."""
        began = time.monotonic()
        wrong = function()
        for sentence in wrong:
            print(f"  {sentence}")
        self._tell(stage, began, int(not wrong), len(wrong), 0)

    def skip(self, stage: str, why: str) -> None:
        print(f"!!!! SKIPPED {stage}: {why}", flush=True)
        self.tally.add(stage, 0, 0, 1)

    def tests(
        self, stage: str, marks: str, paths: Sequence[str], *more: str, **environment: str
    ) -> None:
        """A stage of tests; the counts come from pytest's own JUnit file."""
        began = time.monotonic()
        report = self.scratch / f"{stage.replace(' ', '-')}.xml"
        command: Words = [PYTHON, "-m", "pytest", "-m", marks, f"--junitxml={report}", "-rs"]
        done = subprocess.run(
            [*command, "--tb=short", *more, *paths],
            cwd=ROOT,
            env={**self.environment, **environment},
        )
        passed, failed, skipped = counts(report)
        nothing = 5  # pytest: no test was collected
        if done.returncode not in (0, nothing) and not failed:
            failed = 1  # it broke before or after the tests
        self._tell(stage, began, passed, failed, skipped)

    def _tell(self, stage: str, began: float, passed: int, failed: int, skipped: int) -> None:
        self.tally.add(stage, passed, failed, skipped)
        verdict = "FAILED" if failed else "ok"
        loud = f", {skipped} SKIPPED" if skipped else ""
        seconds = time.monotonic() - began
        print(f"==== {stage}: {verdict}, {passed} passed{loud} ({seconds:.1f} s)", flush=True)


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit file; zeros when there is none."""
    if not report.is_file():
        return 0, 0, 0
    passed = failed = skipped = 0
    for suite in ElementTree.parse(report).iter("testsuite"):
        bad = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        left = int(suite.get("skipped", "0"))
        passed += int(suite.get("tests", "0")) - bad - left
        failed += bad
        skipped += left
    return passed, failed, skipped


def changed_rooms() -> list[str]:
    """Folders of ``src/jiaoan`` that differ from main; everything where git cannot tell."""
    named: set[str] = set()
    for words in (["diff", "--name-only", "main"], ["ls-files", "--others", "--exclude-standard"]):
        asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        if asked.returncode != 0:
            return ["src/jiaoan"]
        named.update(asked.stdout.splitlines())
    rooms = {"/".join(name.split("/")[:3]) for name in named if name.startswith("src/jiaoan/")}
    return sorted(room for room in rooms if (ROOT / room).is_dir() and any_python(ROOT / room))


def any_python(folder: Path) -> bool:
    return next(folder.rglob("*.py"), None) is not None


def static(runner: Runner, *, partly: bool) -> None:
    """What can be said without running the product."""
    code = [name for name in CODE if (ROOT / name).is_dir()]
    runner.check("format", [BIN / "ruff", "format", "--check", "--quiet", *code])
    runner.check("lint", [BIN / "ruff", "check", "--quiet", *code])
    if partly:
        return
    if runner.fast:
        rooms: list[Words] = [[BIN / "mypy", *rooms] for rooms in [changed_rooms()] if rooms]
        runner.check("types", *rooms)
        return
    tsc = ROOT / "frontend" / "node_modules" / ".bin" / "tsc"
    script: list[Words] = [[tsc, "--noEmit", "-p", "frontend"]] if any_script() else []
    # Tests have no __init__ files, so they are told apart by folder.
    beside: Words = [BIN / "mypy", "--namespace-packages", "--explicit-package-bases"]
    runner.check("types", [BIN / "mypy"], [*beside, *code[1:]], *script)
    runner.check("imports", [BIN / "lint-imports", "--config", ".importlinter"])
    django: Words = [PYTHON, "-m", "django"]
    runner.check("migrations", [*django, "makemigrations", "--check", "--dry-run"])
    runner.call("translations", sentences.problems)


def any_script() -> bool:
    return any((ROOT / "frontend" / "src").glob("*.ts"))


def tests(runner: Runner, paths: list[str], database: str) -> None:
    """The test stages of the whole run."""
    if runner.fast:
        runner.tests("unit", QUICK, paths, *together())
        return
    runner.tests("unit", "not database and not journey and not socket", paths, *together())
    runner.tests("contract sqlite", CONTRACT, paths, *together())
    contract_postgresql(runner, paths)
    runner.tests("sockets", "socket and not journey", paths, *together())
    if chromium():
        runner.tests("journeys", "journey", paths)
    else:
        runner.skip("journeys", "no Chromium on this machine")


def together() -> list[str]:
    """Run tests on all cores, up to four: what each process needs is its own.

    Data (``tests/settings_for_tests.py``), test databases (pytest-django names them by process),
    folders and ports. A process that is done takes over what waits for another, so that long tests
    do not end up behind each other.
    """
    cores = min(os.cpu_count() or 1, 4)
    return ["-n", str(cores), "--dist", "worksteal"] if cores > 1 else []


def contract_postgresql(runner: Runner, paths: list[str]) -> None:
    """The same tests of the Django rooms on a private PostgreSQL."""
    stage = "contract postgresql"
    try:
        with postgresql.private(runner.scratch) as url:
            runner.tests(stage, CONTRACT, paths, *together(), JIAOAN_DATABASE_URL=url)
    except postgresql.Missing as missing:
        runner.skip(stage, str(missing))


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./test", description="Check everything.")
    parser.add_argument("--fast", action="store_true", help="under a minute")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("paths", nargs="*", metavar="PATH")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jiaoan-test-") as scratch:
        # PostgreSQL runs as another user and must be able to walk in.
        os.chmod(scratch, 0o755)
        runner = Runner(Path(scratch), fast=options.fast)
        named = bool(options.paths) or options.database == "postgresql"
        static(runner, partly=named)
        if options.database == "postgresql":
            contract_postgresql(runner, options.paths)
        elif options.paths:
            runner.tests("tests", QUICK if options.fast else "", options.paths)
        else:
            tests(runner, [], options.database)
        tally = runner.tally
    if tally.broken:
        print(f"failed: {', '.join(tally.broken)}")
    print(f"{time.monotonic() - began:.0f} s in all")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return int(tally.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
