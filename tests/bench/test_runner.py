"""``bench/run`` as a person calls it, and the arithmetic behind its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # bench lies beside src, it is not installed

from bench.result import Impossible, Result, percentile, spread  # noqa: E402

from bench import __main__ as runner  # noqa: E402
from bench import load, processes  # noqa: E402

NAMES = (
    "decode",
    "fence",
    "findings",
    "frame-to-alarm",
    "frame-to-finding",
    "gateway-durable",
    "gateway-eight",
    "gateway-memory",
    "gateway-one",
    "gateway-one-10k",
    "notices",
    "reference-change",
    "rules",
    "setup-cold",
    "setup-warm",
    "stream-start",
    "track-day",
    "warm-start",
)


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bench" / "run", *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_it_lists_what_it_measures() -> None:
    done = call("--list")
    assert done.returncode == 0, done.stderr
    assert tuple(line.split()[0] for line in done.stdout.splitlines()) == NAMES


def test_it_refuses_an_unknown_name_with_one_sentence() -> None:
    done = call("nothing")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert all(name in done.stderr for name in NAMES)


def test_it_ends_with_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(runs: int) -> Result:
        seconds = [float(number) for number in range(1, runs + 1)]
        return Result("setup-warm", "s", seconds, 10.0, "ten seconds", share=0.95)

    monkeypatch.setitem(runner.MEASURES, "setup-warm", (measure, 20))
    assert runner.main(["setup-warm", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"name", "figure", "unit", "yardstick", "ratio", "runs"} <= told.keys()
    assert (told["figure"], told["yardstick"], told["ratio"]) == (19.0, 10.0, 1.9)
    assert len(told["runs"]) == 20


def test_it_says_why_nothing_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(runs: int) -> Result:
        raise Impossible("the moon was full")

    monkeypatch.setitem(runner.MEASURES, "warm-start", (fail, 1))
    assert runner.main(["warm-start", "--json"]) == 1
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err == "warm-start could not be measured: the moon was full\n"


def test_it_takes_percentiles_by_rank() -> None:
    values = [float(number) for number in range(20, 0, -1)]
    assert percentile(values, 0.5) == 10.0
    assert percentile(values, 0.95) == 19.0
    assert percentile([7.0], 0.95) == 7.0
    assert spread(values) == {"p50": 10.0, "p95": 19.0, "max": 20.0}


def test_it_counts_the_cpu_of_children_by_name() -> None:
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    words = [sys.executable, "-c", busy + "print('x', flush=True)\ninput()", "bench-marker"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = processes.cpu_by_name(os.getpid(), {"bench-marker": "marked"})
        child.communicate(b"\n")
    assert 0.15 <= found["marked"] < 5


@pytest.mark.parametrize("year", [2013, 2019])
def test_the_load_reads_the_platforms_answers(year: int) -> None:
    """0x8001 with serial 0x7e7d, escaped, and result 3."""
    head = b"\x80\x01\x40\x05\x01" + b"\0" * 10 if year == 2019 else b"\x80\x01\0\x05" + b"\0" * 6
    inner = head + b"\0\x09" + b"\x7d\x02\x7d\x01" + b"\x02\0" + b"\x03" + b"\xaa"
    answer = load._answer(inner, year)
    assert (answer.kind, answer.serial, answer.result) == (0x8001, 0x7E7D, 3)
