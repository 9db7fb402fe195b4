"""The parts of the gateway by themselves: link states, quarantine, reference, rows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.gateway.reference import Reference, Terminal
from jiaoan.gateway.states import LINK, LinkState, LinkVerb
from jiaoan.kernel.clock import FixedClock
from jiaoan.kernel.states import TransitionRefused

from .helpers import MOMENT, terminal_value


def test_it_reaches_every_state_and_leaves_none_but_the_end() -> None:
    assert LINK.unreachable() == frozenset()
    assert LINK.final_states() == {LinkState.ENDED}


@pytest.mark.parametrize(("state", "verb", "target"), list(LINK.pairs()))
def test_it_turns_as_the_table_says(
    state: LinkState, verb: LinkVerb, target: LinkState | None
) -> None:
    if target is None:
        with pytest.raises(TransitionRefused):
            LINK.after(state, verb)
    else:
        assert LINK.after(state, verb) is target
        assert (target is LinkState.LIVE) == (verb is LinkVerb.ADMIT)


def quarantine(folder: Path, octets: int) -> tuple[Quarantine, Metrics]:
    metrics = Metrics()
    return Quarantine(folder, octets, FixedClock(MOMENT), metrics), metrics


def test_it_keeps_the_newest_octets_within_its_bound(tmp_path: Path) -> None:
    kept, metrics = quarantine(tmp_path, 4000)
    for number in range(200):
        kept.keep("noise", "127.0.0.1:1", "", number.to_bytes(2, "big"))
    kept.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["quarantine.1.jsonl", "quarantine.jsonl"]
    assert sum(file.stat().st_size for file in files) <= 4000
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    newest = [int(line["hex"], 16) for line in lines]
    assert newest == list(range(200 - len(newest), 200))
    assert metrics.quarantined == 200


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    for number in range(3):
        kept, _ = quarantine(tmp_path, 4000)
        kept.keep("noise", "127.0.0.1:1", "", bytes([number]))
        kept.close()
    assert len((tmp_path / "quarantine.jsonl").read_text().splitlines()) == 3


def test_it_counts_what_it_cannot_keep(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept, metrics = quarantine(tmp_path / "file", 4000)
    kept.keep("noise", "127.0.0.1:1", "", b"\x00")
    assert (metrics.quarantined, metrics.quarantine_lost) == (0, 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"phone": "1"}', b'{"phone":"1","auth_code":"","vehicle_id":"x","plate":""}'],
)
def test_it_leaves_out_a_reference_it_cannot_read(data: bytes) -> None:
    metrics = Metrics()
    reference = Reference(metrics)
    reference.apply("ref.terminal.1", json.dumps(terminal_value("1")).encode())
    reference.apply("ref.terminal.1", data)
    assert metrics.bad_references == 1
    assert reference.find("1", date(2024, 4, 8)) is not None


def test_it_knows_a_terminal_on_the_days_of_its_entry() -> None:
    terminal = Terminal.of(terminal_value(valid_from="2024-04-08", valid_to="2024-04-10"))
    first = date(2024, 4, 8)
    days = [terminal.holds_on(first + timedelta(days=n)) for n in range(-1, 4)]
    assert days == [False, True, True, True, False]
