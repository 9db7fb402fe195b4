"""Two witnesses of an alarm: one on the bus, one in a browser. Both read this machine's clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from playwright.sync_api import Page, sync_playwright

from bench.result import Impossible

# When an alarm's line comes into the queue of the desk, note the moment. Passed to evaluate,
# which the page's content policy does not touch (waiting for a function would be refused).
_OBSERVE = """() => {
  window.benchSeen = {};
  const look = () => {
    for (const line of document.querySelectorAll("#queue [data-alarm]"))
      window.benchSeen[line.dataset.alarm] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}"""


@dataclass
class OnBus:
    """Vehicle → moment (Unix seconds) of its finding and of its alarm, and the alarm's number."""

    findings: dict[int, float] = field(default_factory=dict)
    judged: dict[int, tuple[str, str]] = field(default_factory=dict)
    alarms: dict[int, tuple[float, int]] = field(default_factory=dict)

    async def take(self, message: Msg) -> None:
        now = time.time()
        told = json.loads(message.data)
        if message.subject == "events.alarm":
            if told["object"] == "watch.alarm":  # a stay that was judged is told there as well
                self.alarms.setdefault(told["vehicle"], (now, told["id"]))
        elif told["kind"] == "entered" and told["place_kind"] == "district":
            self.findings.setdefault(told["vehicle_id"], now)
            self.judged.setdefault(told["vehicle_id"], (told["received_at"], told["judged_at"]))


@contextlib.contextmanager
def listening(url: str) -> Iterator[OnBus]:
    """Hear findings and alarms as the bus hands them out; plain subscriptions cost it little."""
    heard, loop = OnBus(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def subscribe() -> Client:
        client = await nats.connect(url.partition("?")[0])
        for subject in ("findings.*", "events.alarm"):
            await client.subscribe(subject, cb=heard.take)
        return client

    client = asyncio.run_coroutine_threadsafe(subscribe(), loop).result(10)
    try:
        yield heard
    finally:
        asyncio.run_coroutine_threadsafe(client.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


class Screen:
    """The alarm desk of a logged-in clerk."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def seen(self, alarm: int) -> float | None:
        """When that alarm's line stood in the queue, in Unix seconds."""
        found = self._page.evaluate("number => window.benchSeen[number] ?? null", str(alarm))
        return None if found is None else float(found) / 1000


@contextlib.contextmanager
def looking(address: str, name: str, password: str) -> Iterator[Screen]:
    """Open the alarm desk in a headless Chromium."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        raise Impossible("there is no chromium on this machine")
    with sync_playwright() as playwright:
        # Root may not use Chromium's own sandbox; it looks at our own pages only.
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        try:
            page = browser.new_page(locale="zh-CN", viewport={"width": 1366, "height": 768})
            page.goto(f"{address}/account/login/")
            page.fill("input[name=login]", name)
            page.fill("input[name=password]", password)
            page.click("form button[type=submit]")
            page.wait_for_url(f"{address}/")
            page.goto(f"{address}/alarms/")
            page.wait_for_selector("html[data-live=on]", state="attached")
            page.evaluate(_OBSERVE)
            yield Screen(page)
        finally:
            browser.close()
