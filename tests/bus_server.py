"""A real bus server as a child of the tests: start, kill, start again on the same address."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType

from jiaoan.stores import server


class BusServer:
    """A nats-server over ``data``; ``edit`` may change its configuration file before the start."""

    def __init__(self, data: Path, *, replace: tuple[str, str] | None = None) -> None:
        self.plan = server.plan(data)
        self.url = self.plan.url
        if replace:
            text = self.plan.config.read_text(encoding="utf-8")
            assert replace[0] in text
            self.plan.config.write_text(text.replace(*replace), encoding="utf-8")
        self._log = (data / "bus.log").open("ab")
        self.process = self._spawn()

    def _spawn(self, wrapper: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*wrapper, *self.plan.command], stdout=self._log, stderr=self._log
        )
        end, told = time.monotonic() + 15, ""
        while time.monotonic() < end:
            try:
                server.report(f"127.0.0.1:{self.plan.monitor_port}")
                return process
            except server.ServerProblem as problem:
                told = str(problem)
                assert process.poll() is None, "the bus server did not start"
                time.sleep(0.01)
        raise AssertionError(f"the bus server did not answer within 15 s: {told}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = self._spawn()

    def restart_under(self, *wrapper: str) -> None:
        """Start it again with ``wrapper`` (such as strace) before its command line."""
        self.kill()
        self.process = self._spawn(wrapper)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log.close()

    def __enter__(self) -> BusServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
