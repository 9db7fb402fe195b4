"""The printed log-ins of a demonstration are good for one start."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jiaoan.kernel.clock import FixedClock
from jiaoan.org.models import User
from jiaoan.project.demo import cast
from jiaoan.project.demo.cli import main
from jiaoan.project.demo.district import make_district

pytestmark = pytest.mark.django_db


def test_it_renews_the_printed_passwords_and_no_others(tmp_path: Path) -> None:
    district = make_district(FixedClock(datetime(2024, 4, 8, 1, 0, tzinfo=UTC)))
    assert main(["passwords", "--data", str(tmp_path)]) == 0
    kept = tmp_path / "credentials.json"
    rows = {row["username"]: row["password"] for row in json.loads(kept.read_text())}
    assert set(rows) == {account.username for account in cast.ACCOUNTS}
    assert kept.stat().st_mode & 0o077 == 0
    for username, password in rows.items():
        user = User.objects.get(username=username)
        assert user.check_password(password)
        assert not user.check_password(district.passwords[username])
    assert not User.objects.get(username="officer1").has_usable_password()
