"""The Python side: ``.venv``, the pinned packages, the command ``jiaoan``."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .steps import PYTHON, ROOT, VENV, SetupError, Stamps, Words, digest, run, say

OLDEST, NEWEST = (3, 11), (3, 14)
_PIP: Words = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def make_environment(stamps: Stamps) -> None:
    """Make ``.venv`` with this interpreter unless a sound one is there.

    A ``.venv`` that is a link belongs to another checkout and is left as it is.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise SetupError(f"Jiaoan needs Python 3.11 to 3.14; this one is {version}.")
    if VENV.is_symlink() or (PYTHON.exists() and stamps.fresh("python", version)):
        return
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise SetupError(
                f"This Python {version} comes without its module {module}: "
                f"install it (on Debian and Ubuntu the package python{version}-venv) and repeat."
            )
    if VENV.exists() and not _sound(version):
        say(f"environment: .venv is not a whole Python {version}, making it anew")
        stamps.forget()
        shutil.rmtree(VENV)
    if not VENV.exists():
        say(f"environment: .venv with Python {version}")
        run("making .venv", [sys.executable, "-m", "venv", VENV])
    stamps.put("python", version)


def _version_of(environment: Path) -> str:
    """``3.12`` from ``pyvenv.cfg``; empty when there is none."""
    config = environment / "pyvenv.cfg"
    if not config.is_file():
        return ""
    found = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", config.read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def _sound(version: str) -> bool:
    """Is there a whole environment of this version (an interrupted start leaves half of one)?"""
    if _version_of(VENV) != version or not PYTHON.exists():
        return False
    asked = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False)
    return asked.returncode == 0


def install(stamps: Stamps, *, dev: bool) -> None:
    """Install what ``requirements/`` pins, by hash, when it changed since the last time."""
    if VENV.is_symlink():
        return
    files = ["base", "dev"] if dev else ["base"]
    for name in files:
        listed = ROOT / "requirements" / f"{name}.txt"
        wanted = digest([listed])
        if stamps.fresh(name, wanted) or (name == "base" and dev):
            continue  # dev holds all of base
        total = len(re.findall(r"^[\w.\-]+==", listed.read_text(), re.MULTILINE))
        say(f"packages: {total} from requirements/{name}.txt")
        # The list is complete and hashed, so there is nothing to resolve.
        run(
            "installing packages",
            [*_PIP, "--no-deps", "--require-hashes", "-r", listed],
            total=total,
            counts="Collecting",
        )
        stamps.put(name, wanted)
        if name == "dev":
            stamps.put("base", digest([ROOT / "requirements" / "base.txt"]))
    wanted = digest([ROOT / "pyproject.toml", ROOT / "requirements" / "base.in"], str(ROOT))
    if not stamps.fresh("command", wanted):
        say("command: .venv/bin/jiaoan")
        run("installing the command", [*_PIP, "--no-deps", "--no-build-isolation", "-e", ROOT])
        stamps.put("command", wanted)


def compile_requirements() -> None:
    """``./test --compile``: ``requirements/*.in`` → hashed ``*.txt`` without addresses."""
    for name in ("base", "dev"):
        say(f"requirements/{name}.txt")
        folder = ROOT / "requirements"
        uv: Words = [VENV / "bin" / "uv", "pip", "compile", "--quiet", "--universal", "--no-header"]
        how = ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        same: Words = ["--constraint", folder / "base.txt"] if name == "dev" else []
        run(
            f"compiling {name}.in",
            [*uv, *how, *same, folder / f"{name}.in", "-o", folder / f"{name}.txt"],
        )
