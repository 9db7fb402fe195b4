"""``python -m jiaoan.project.setup run|test …``: prepare, then become the command itself."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

from jiaoan.project.interrupts import ended_by_sigterm

from . import frontend, packages
from .steps import PYTHON, ROOT, VENV, SetupError, Stamps, alone, digest, replace_process, say

CHECKS = ROOT / "check" / "stages.py"
CHECK = ROOT / "check" / "run.py"


def main(arguments: list[str]) -> int:
    """Exit code 1 and one sentence when something stands in the way; else never returns."""
    purpose, rest = arguments[0], arguments[1:]
    try:
        with ended_by_sigterm(), alone():
            prepare(dev=purpose == "test")
            if purpose == "test" and "--compile" in rest:
                packages.compile_requirements()
                return 0
    except SetupError as refused:
        print(refused, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print("The disk is full: free some space and repeat.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was prepared is kept; repeat the command to go on.", file=sys.stderr)
        return 130
    replace_process(command_for(purpose, rest))
    return 0


def prepare(*, dev: bool) -> None:
    """All steps in their order; each looks at its stamp first."""
    stamps = Stamps()
    packages.make_environment(stamps)
    packages.install(stamps, dev=dev)
    frontend.build(stamps, dev=dev)
    _translate(stamps)
    _compile(stamps)


def _compile(stamps: Stamps) -> None:
    """What numba compiles is kept beside the sources, for this processor and interpreter."""
    folder = ROOT / "src" / "jiaoan"
    # numba looks at the kernel's own file only; what it takes from others is compiled in as well.
    rooms = ("kernel", "wire", "rules", "stores", "gateway")
    wanted = digest(sorted(path for room in rooms for path in (folder / room).rglob("*.py")))
    name = f"kernels {ROOT}" if VENV.is_symlink() else "kernels"
    if stamps.fresh(name, wanted):
        return
    for old in folder.rglob("__pycache__/*.nb[ic]"):
        old.unlink()
    say("kernels: compiling the rules for this processor, half a minute …")
    asked = subprocess.run(
        [PYTHON, "-m", "jiaoan.project.setup.kernels"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )
    if asked.returncode != 0:
        raise SetupError(asked.stderr.strip().splitlines()[-1])
    say(f"kernels: {asked.stdout.strip()}")
    stamps.put(name, wanted)


def _translate(stamps: Stamps) -> None:
    """Compiling needs polib, so it runs under the environment's own interpreter."""
    locale = ROOT / "src" / "jiaoan" / "locale"
    written = sorted(locale.rglob("*.po"))
    name = f"locale {ROOT}" if VENV.is_symlink() else "locale"
    wanted = digest(written)
    made = locale / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    if not written or (made.is_file() and stamps.fresh(name, wanted)):
        return
    asked = subprocess.run(
        [PYTHON, "-m", "jiaoan.project.setup.translations"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )
    if asked.returncode != 0:
        raise SetupError(asked.stderr.strip())
    say(f"translations: {asked.stdout.strip()}")
    stamps.put(name, wanted)


def command_for(purpose: str, rest: list[str]) -> list[str]:
    """What ``./run …`` or ``./test …`` becomes."""
    if purpose == "test":
        return [str(PYTHON), str(CHECKS), *rest]
    if "--check" in rest:
        return [str(PYTHON), str(CHECK), *(word for word in rest if word != "--check")]
    return [str(PYTHON), "-m", "jiaoan.project.cli", "up", *rest]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
