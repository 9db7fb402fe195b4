"""A fleet file: what is taken, and the sentence for what is not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from jiaoan.simulate.cli import main
from jiaoan.simulate.config import ConfigRefused, load, parse

GOOD: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 7808,
    "seed": 4,
    "misbehave": {"noise": 0.1, "offline_s": [1, 2]},
    "vehicles": [
        {
            "phone": "13900000001",
            "auth_code": None,
            "plate": "湘F32718",
            "plate_colour": 2,
            "version": "2019",
            "route": [[29.48, 113.27], [29.49, 113.28]],
            "speed_kmh": 60,
            "interval_s": 5,
            "loop": True,
            "start_after_s": 0,
        }
    ],
}


def test_it_takes_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps(GOOD), "utf-8")
    config = load(path)
    assert (config.port, config.seed, config.misbehave.noise) == (7808, 4, 0.1)
    assert config.misbehave.offline_s == (1, 2)
    assert config.vehicles[0].route == ((29.48, 113.27), (29.49, 113.28))
    assert config.vehicles[0].auth_code is None


BAD: list[tuple[list[Any], Any, str]] = [
    (["vehicles"], [], "vehicles: a list with at least one vehicle"),
    (["port"], 70000, "port: 70000 is not between 1 and 65535"),
    (["port"], "7808", "port: a number is wanted, not '7808'"),
    (["speed"], 1, "fleet: unknown field 'speed'"),
    (["misbehave", "noise"], 2, "misbehave.noise: 2 is not between 0 and 1"),
    (["misbehave", "nois"], 0, "misbehave: unknown field 'nois'"),
    (["misbehave", "offline_s"], 3, "misbehave.offline_s: [shortest, longest]"),
    (["vehicles", 0, "phone"], "12x", "vehicles[0].phone: '12x' is no phone of 2019"),
    (["vehicles", 0, "version"], "2012", "vehicles[0].version: 2011, 2013 or 2019"),
    (["vehicles", 0, "route"], [], "vehicles[0].route: a list of [latitude, longitude]"),
    (["vehicles", 0, "route"], [[113.2, 29.4]], "vehicles[0].route[0] latitude: 113.2 is not"),
    (["vehicles", 0, "route"], [[29.4]], "vehicles[0].route[0]: [latitude, longitude] is wanted"),
    (["vehicles", 0, "interval_s"], 0, "vehicles[0].interval_s: 0 is not between"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), BAD)
def test_it_names_the_field_and_what_is_wanted(path: list[Any], value: Any, sentence: str) -> None:
    config = copy.deepcopy(GOOD)
    place: Any = config
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ConfigRefused) as refusal:
        parse(config)
    assert str(refusal.value).startswith(sentence)


def test_it_says_what_is_wrong_with_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json")]) == 1
    assert "none.json cannot be read: No such file" in capsys.readouterr().err
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert main([str(tmp_path / "bad.json")]) == 1
    assert "bad.json is not JSON" in capsys.readouterr().err
