"""The product's settings over a data directory and a secret of the test run's own."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def _own_data() -> Path:
    """The folder of this run; where several processes run side by side, one for each of them."""
    named = os.environ.get("JIAOAN_DATA")
    folder = Path(named or tempfile.mkdtemp(prefix="jiaoan-test-"))
    beside = os.environ.get("PYTEST_XDIST_WORKER")
    if beside and folder.name != beside:  # the children of a test stay in its folder
        folder /= beside
        folder.mkdir(exist_ok=True)
    return folder


_data = _own_data()
os.environ["JIAOAN_DATA"] = str(_data)
if not (_data / "secret").is_file():
    (_data / "secret").write_text(secrets.token_urlsafe(50))

from jiaoan.project.settings import *  # noqa: E402, F403

# Argon2 costs what it must in production; a thousand test log-ins need not pay it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
