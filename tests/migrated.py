"""A migrated SQLite installation, made once in a test run and copied for each test that wants one.

Migrating from nothing takes seconds; a copy takes none, and is as new.
"""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(data: Path) -> dict[str, str]:
    """Of a process of the product over the installation in ``data``."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
        "JIAOAN_DATA": str(data),
        "JIAOAN_DATABASE_URL": "",
    }


def run(data: Path, *words: str) -> str:
    """A Python command over ``data`` to its end: what it printed."""
    done = subprocess.run(
        [sys.executable, *words],
        env=environment(data),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scratch() -> Path:
    """A folder that is gone when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="jiaoan-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _original() -> Path:
    data = scratch()
    (data / "secret").write_text(secrets.token_urlsafe(50))
    run(data, "-m", "django", "migrate", "-v0")
    return data


def copy_to(data: Path) -> None:
    """A migrated installation without people in ``data``, which may be there already."""
    shutil.copytree(_original(), data, dirs_exist_ok=True)
