"""A whole installation on temporary data, and a browser that looks at it.

``system`` starts the web process as it runs in production (uvicorn, migrated SQLite, a data
directory of its own, the clock set to 8 April 2024). Journeys that need bus, gateway, stream and
worker add processes to it with :meth:`System.start`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

import migrated
from jiaoan.kernel.clock import OFFSET_VARIABLE, offset_for

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2024, 4, 8)
PASSWORD = "Zx9-quiet-journey"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class System:
    """Processes over one data directory; all of them are ended when the journey ends."""

    data: Path
    web_port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def environment(self) -> dict[str, str]:
        offset = offset_for(TODAY, datetime.now(UTC)).total_seconds()
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
            "JIAOAN_DATA": str(self.data),
            "JIAOAN_DATABASE_URL": "",
            "JIAOAN_DEMO": "1",
            OFFSET_VARIABLE: str(offset),
            **self.extra,
        }

    def run(self, *arguments: str, timeout: float = 120) -> str:
        """A command to its end; its output, or a failure that shows it."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        """A process that runs until the journey ends; its words go to ``log`` in the data."""
        with (self.data / log).open("wb") as out:
            child = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(child)
        return child

    def start_web(self) -> None:
        """The web process, as production starts it; returns when it answers."""
        self.start(
            "-m", "uvicorn", "jiaoan.project.asgi:application",
            "--host", "127.0.0.1", "--port", str(self.web_port), "--lifespan", "off",
            log="web.log",
        )  # fmt: skip
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise AssertionError((self.data / "web.log").read_text())

    def stop(self) -> None:
        for child in reversed(self.processes):
            child.terminate()
        for child in reversed(self.processes):
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(timeout=5)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """A migrated installation without people; the web process is not started yet."""
    migrated.copy_to(tmp_path)
    made = System(tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A clerk's screen (1366×768); any error on the console fails the journey."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    shown = context.new_page()
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    yield shown
    context.close()
    assert not errors, errors


def log_in(page: Page, system: System, name: str) -> None:
    """Log in as ``name``, logging out whoever was there.

    By way of an empty page: what the page before still asks for is answered without cookies, and
    would bring another token than the one that stands in the form.
    """
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(f"{system.url}/account/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit], form button[type=submit]")
    try:
        page.wait_for_url(f"{system.url}/")
    except TooLate as late:
        words = page.locator("body").inner_text()
        log = (system.data / "web.log").read_text()[-4000:]
        raise AssertionError(f"{name} stands at {page.url}:\n{words}\n{log}") from late


def picture(page: Page, name: str) -> None:
    """A picture for README, when ``JIAOAN_SCREENSHOTS=1``."""
    if os.environ.get("JIAOAN_SCREENSHOTS") == "1":
        target = ROOT / "docs" / "images" / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(target))
