"""What is printed when it answers, and when all of it is at work."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from jiaoan.project.installation import Installation
from jiaoan.project.system import Wanted, _Announcer, _Renewal


def announced(folder: Path, missing: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    (folder / "credentials.json").write_text(
        json.dumps([{"role": "leader", "username": "boss", "password": "x"}])
    )
    renewing = threading.Event()

    class Waiting(_Renewal):
        def run(self) -> str:
            assert renewing.wait(30)
            return "until then"

    installation = Installation(folder)
    renewal = Waiting(installation, {})
    announcer = _Announcer(installation, Wanted(folder, port=8123), renewal)
    announcer.ready()
    announcer.whole(missing)  # before the log-ins are there
    renewing.set()
    for thread in threading.enumerate():
        if thread.name in ("log-ins", "whole"):
            thread.join(30)
    return capsys.readouterr().out.splitlines()


def test_it_says_where_then_who_and_last_how_to_end_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert announced(tmp_path, [], capsys) == [
        "ready http://127.0.0.1:8123",
        "  leader: boss / x",
        "until then",
        "Ctrl-C stops everything.",
    ]


def test_it_names_what_is_not_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = announced(tmp_path, ["stream"], capsys)
    assert said[3:] == [
        f"stream is not at work yet; its log: {tmp_path.resolve() / 'log' / 'stream'}.log",
        "Ctrl-C stops everything.",
    ]
