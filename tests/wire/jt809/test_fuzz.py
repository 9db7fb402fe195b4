"""A short run of ``fuzz.jt809``; the long ones are started by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def test_two_thousand_broken_frames_do_no_harm(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3]))
    from fuzz import command, jt809

    assert command.main("fuzz.jt809", "", jt809.run, ["--frames", "2000", "--seed", "7"]) == 0
    assert '"frames": 2000' in capsys.readouterr().out
    assert "fuzz.jt809" in sys.modules
