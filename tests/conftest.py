"""Marks that the stages of ``./test`` choose by, and skips that say what the machine lacks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

# Child processes of tests find the product where the tests found it.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")

# How fast a machine is says nothing about what is tested.
settings.register_profile(
    "any machine",
    parent=settings.default,  # on a build machine the same examples at every run
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request in another language leaves its language behind in the thread."""
    yield
    translation.deactivate()


_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server", "client", "admin_client"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``database``: whatever touches the business database, on SQLite and on PostgreSQL."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or names & _DATABASE:
            item.add_marker("database")
        if item.get_closest_marker("journey") and not browser:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))
