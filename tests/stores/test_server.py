from __future__ import annotations

import http.server
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.stores import server


def fake(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho nats-server: v{version}\n")
    path.chmod(0o755)
    return path


def test_it_takes_the_named_server_first_and_refuses_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = fake(tmp_path / "a" / "nats-server", "2.11.4"), fake(tmp_path / "old", "2.9.25")
    monkeypatch.delenv(server.BINARY_VARIABLE, raising=False)
    assert server.find_server(str(new)) == new
    monkeypatch.setenv(server.BINARY_VARIABLE, str(old))
    with pytest.raises(server.ServerProblem, match="too old"):
        server.find_server()
    monkeypatch.setenv(server.BINARY_VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(server.ServerProblem, match="no program"):
        server.find_server()


def test_it_passes_over_an_old_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(server.BINARY_VARIABLE, raising=False)
    old = fake(tmp_path / "old" / "nats-server", "2.9.25")
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    assert server.find_server() != old
    new = fake(tmp_path / "new" / "nats-server", "2.12.0")
    monkeypatch.setenv("PATH", f"{new.parent}{os.pathsep}{os.environ['PATH']}")
    assert server.find_server() == new


def test_it_tells_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 100 * 2**20

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage)
    with pytest.raises(server.ServerProblem, match=r"50 MiB for the bus.*free some space"):
        server.plan(tmp_path)


def test_it_counts_its_own_store_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 600 * 2**20

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage)
    before = server.store_limit(tmp_path)
    (tmp_path / "1.blk").write_bytes(bytes(2**20))
    assert server.store_limit(tmp_path) == before + 2**19


@pytest.mark.socket
@pytest.mark.parametrize(
    "answer", [b"[]", b"<html>", b"{}", b'{"disabled": true, "config": {"sync_always": true}}']
)
def test_it_tells_a_monitor_that_is_no_bus_server(answer: bytes) -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as web:
        threading.Thread(target=web.handle_request, daemon=True).start()
        with pytest.raises(server.ServerProblem):
            server.report(f"127.0.0.1:{web.server_port}")
    with pytest.raises(server.ServerProblem, match="gives no answer"):
        server.report("127.0.0.1:1")


@pytest.mark.socket
def test_the_running_server_reports_where_and_how_it_stores(tmp_path: Path) -> None:
    strange = tmp_path / '数据 "a" $HOME'
    strange.mkdir()
    with BusServer(strange) as running:
        said = server.report(f"127.0.0.1:{running.plan.monitor_port}")
        assert said.sync_always
        assert Path(said.store_dir).is_relative_to(strange)
        assert f"max_file_store: {said.max_store}\n" in running.plan.config.read_text("utf-8")
    with BusServer(tmp_path / "lax", replace=("sync_interval: always", "")) as lax:
        assert not server.report(f"127.0.0.1:{lax.plan.monitor_port}").sync_always


@pytest.mark.socket
def test_it_asks_for_what_the_server_says_now() -> None:
    """Asked first while the server still restores, ``/varz`` would leave its streams out for ever:
    what is asked must be answered afresh."""
    asked: list[str] = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            busy = len(asked) == 1
            config = {} if busy else {"config": {"sync_always": True, "max_storage": 1}}
            self.wfile.write(json.dumps({"server_id": "N", "disabled": busy, **config}).encode())

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Recorder) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with pytest.raises(server.ServerProblem, match="keeps no streams now"):
            server.report(f"127.0.0.1:{web.server_port}")
        assert server.report(f"127.0.0.1:{web.server_port}").sync_always
        web.shutdown()
    assert set(asked) == {"/jsz"}
