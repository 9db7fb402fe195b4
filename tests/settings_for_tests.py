"""The product's settings over a data directory and a secret of the test run's own."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

if "JIAOAN_DATA" not in os.environ:
    os.environ["JIAOAN_DATA"] = tempfile.mkdtemp(prefix="jiaoan-test-")
    (Path(os.environ["JIAOAN_DATA"]) / "secret").write_text(secrets.token_urlsafe(50))

from jiaoan.project.settings import *  # noqa: F403

# Argon2 costs what it must in production; a thousand test log-ins need not pay it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
