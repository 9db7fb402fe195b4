"""Build the map and chart islands with Node: the machine's own (20 or later), or the wheel's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from .steps import ROOT, VENV, Stamps, Words, digest, run, say

FOLDER = ROOT / "frontend"
BUILT = ROOT / "src" / "jiaoan" / "portal" / "static" / "built"
OLDEST_NODE = 20


def build(stamps: Stamps, *, dev: bool) -> None:
    """``npm ci --ignore-scripts`` and ``build.mjs``, each only when what it reads changed."""
    if not (FOLDER / "package.json").is_file():
        return
    lock = [FOLDER / "package.json", FOLDER / "package-lock.json"]
    inputs = [*lock, FOLDER / "build.mjs", *sorted((FOLDER / "src").rglob("*"))]
    wanted = digest([path for path in inputs if path.is_file()])
    built = stamps.fresh(_name("built"), wanted) and (BUILT / "manifest.json").is_file()
    if built and not dev:
        return
    node = _node()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    if node.is_relative_to(ROOT):
        environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    packages = digest(lock, "dev" if dev else "base")
    if not (_installed(stamps, lock, dev=dev) and (FOLDER / "node_modules").is_dir()):
        say("front end: packages")
        npm: Words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run(
            "installing front-end packages",
            npm if dev else [*npm, "--omit=dev"],
            cwd=FOLDER,
            environment=environment,
        )
        stamps.put(_name("node"), packages)
    if not built:
        say("front end: build")
        run("building the front end", [node, "build.mjs"], cwd=FOLDER, environment=environment)
        stamps.put(_name("built"), wanted)


def _name(step: str) -> str:
    """Two checkouts that share a ``.venv`` by link have each their own front end."""
    return f"{step} {ROOT}" if VENV.is_symlink() else step


def _installed(stamps: Stamps, lock: list[Path], *, dev: bool) -> bool:
    kinds = ["dev"] if dev else ["dev", "base"]
    return any(stamps.fresh(_name("node"), digest(lock, kind)) for kind in kinds)


def _node() -> Path:
    """The machine's Node when it is new enough, else the one that came as a wheel."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)\.", said.stdout)
        if version and int(version.group(1)) >= OLDEST_NODE:
            return Path(found)
    return VENV / "bin" / "node"
