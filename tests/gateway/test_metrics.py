"""What the gateway says of itself: counters for Prometheus, a log for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path

from jiaoan.gateway.log import JsonLines
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.prometheus import exposition, render

_LINE = re.compile(
    r'jiaoan_gateway_[a-z_]+\{process="[^"\n]*"(,(kind|part)="(\\.|[^"\\])*")?\} \d+'
)


def test_it_writes_every_counter_in_the_text_format() -> None:
    metrics = Metrics(links=3, links_now=2, paused_now=True, bus="the bus is full")
    metrics.closed["idle"] = 4
    metrics.refused['a "strange" \\ reason\n'] = 1
    lines = render(metrics, "gateway-1").splitlines()
    figures = [line for line in lines if not line.startswith("#")]
    assert all(_LINE.fullmatch(line) for line in figures), figures
    assert 'jiaoan_gateway_links_total{process="gateway-1"} 3' in figures
    assert 'jiaoan_gateway_links_now{process="gateway-1"} 2' in figures
    assert 'jiaoan_gateway_paused_now{process="gateway-1"} 1' in figures
    assert 'jiaoan_gateway_closed_total{process="gateway-1",kind="idle"} 4' in figures
    assert 'jiaoan_gateway_ok{process="gateway-1",part="bus"} 0' in figures
    assert 'jiaoan_gateway_ok{process="gateway-1",part="clock"} 1' in figures
    types = [line for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types))


def test_it_shows_whole_files_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gateway-1.json"
    Metrics(links=1).save(path)
    exposition(Metrics(links=1), path.with_suffix(".prom"), "gateway-1")
    assert json.loads(path.read_text())["links"] == 1
    assert sorted(one.name for one in path.parent.iterdir()) == ["gateway-1.json", "gateway-1.prom"]


def test_it_logs_one_object_a_line_with_what_belongs_to_it() -> None:
    record = logging.LogRecord("jiaoan.gateway", 30, "x", 1, "终端 %s\n换行", ("139",), None)
    record.event, record.terminal = "taken_over", "139"
    line = JsonLines().format(record)
    assert "\n" not in line
    said = json.loads(line)
    assert (said["message"], said["level"]) == ("终端 139\n换行", "WARNING")
    assert (said["event"], said["terminal"]) == ("taken_over", "139")
    assert said["at"].endswith("+00:00")
    assert "args" not in said


def test_it_logs_an_error_with_its_trace() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("a", 40, "x", 1, "failed", (), sys.exc_info())
    assert "ValueError: broken" in json.loads(JsonLines().format(record))["error"]
