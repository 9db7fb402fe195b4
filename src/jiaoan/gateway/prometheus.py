"""The counters in Prometheus' text format, as a file beside the JSON one.

A file and no port: node_exporter's textfile collector (``--collector.textfile.directory``) reads
it, several processes on one machine need no further addresses, and nothing listens that could be
asked by others.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import fields
from pathlib import Path

from jiaoan.gateway.metrics import Metrics

_STATES = {"bus", "clock", "address", "attachment_address"}
_NOW = {
    "sessions_now",
    "links_now",
    "queued_now",
    "paused_now",
    "terminals_known",
    "commands_now",
    "uploads_now",
}


def render(metrics: Metrics, process: str) -> str:
    """All counters. ``jiaoan_gateway_ok{part="bus"}`` is 1 while that part is well."""
    mine = f'process="{_escaped(process)}"'
    lines: list[str] = []
    for one in fields(metrics):
        value: object = getattr(metrics, one.name)
        if one.name in _STATES:
            continue
        name = f"jiaoan_gateway_{one.name}"
        if isinstance(value, Counter):
            lines.append(f"# TYPE {name}_total counter")
            lines += [
                f'{name}_total{{{mine},kind="{_escaped(str(kind))}"}} {count}'
                for kind, count in sorted(value.items())
            ]
        elif isinstance(value, int):
            kind, end = (
                ("gauge", "")
                if one.name in _NOW or one.name.endswith("_now")
                else ("counter", "_total")
            )
            lines += [f"# TYPE {name}{end} {kind}", f"{name}{end}{{{mine}}} {int(value)}"]
    lines.append("# TYPE jiaoan_gateway_ok gauge")
    lines += [
        f'jiaoan_gateway_ok{{{mine},part="{part}"}} {int(getattr(metrics, part) == "ok")}'
        for part in ("bus", "clock")
    ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def exposition(metrics: Metrics, path: Path, process: str) -> None:
    """Write them to ``path``, whole or not at all."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(render(metrics, process), "utf-8")
    os.replace(aside, path)
