"""The settings file: what is wrong is named with its place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.platform.settings import BadSettings, load, parse
from jiaoan.wire.jt809 import Cipher, Edition
from jiaoan.wire.jt809.pair import Address

GOOD: dict[str, Any] = {
    "superior": {
        "listen": "0.0.0.0:7809",
        "subordinates": [
            {
                "name": "示意运输平台",
                "access_code": 70000001,
                "user_id": 8,
                "password": "secret12",
                "edition": "2019",
                "hosts": ["10.0.0.2"],
                "cipher": {"ia1": 1, "ic1": 2, "m1": 3},
                "key": 9,
                "version": "1.2.15",
            }
        ],
    },
    "superiors": [
        {
            "name": "示意市级平台",
            "address": "10.1.1.1:809",
            "access_code": 43060000,
            "user_id": 8,
            "password": "secret12",
            "edition": "2011",
            "listen": "0.0.0.0:7810",
            "advertise": "203.0.113.5:7810",
        }
    ],
}


def changed(path: str, value: object) -> dict[str, Any]:
    """GOOD with one value changed; ``None`` takes it away."""
    data = copy.deepcopy(GOOD)
    *way, name = path.split(".")
    place: Any = data
    for step in way:
        place = place[int(step)] if step.isdecimal() else place[step]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return data


def test_it_reads_all_fields() -> None:
    read = parse(GOOD)
    assert read.superior is not None
    (known,) = read.superior.subordinates
    assert known.entry.hosts == {"10.0.0.2"}
    assert known.entry.terms.profile.edition is Edition.V2019
    assert known.entry.terms.profile.cipher == Cipher(1, 2, 3)
    assert (known.entry.terms.key, known.entry.terms.version) == (9, (1, 2, 15))
    (upper,) = read.superiors
    assert (upper.address, upper.advertise) == (
        Address("10.1.1.1", 809),
        Address("203.0.113.5", 7810),
    )
    assert parse({}).superior is None


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("superior.listen", "7809", "superior.listen '7809' is no address"),
        ("superior.listen", None, "superior.listen is missing"),
        ("superior.subordinates.0.edition", "2013", r"subordinates\[0\].edition '2013' is none"),
        ("superior.subordinates.0.password", "too long a word", "1 to 8 octets"),
        ("superior.subordinates.0.access_code", "7", "access_code is missing or no whole number"),
        ("superior.subordinates.0.cipher", None, "key encrypts, so cipher"),
        ("superior.subordinates.0.cipher", {"ia1": 1}, "cipher.ic1 is missing"),
        ("superior.subordinates.0.version", "1.2", "three numbers"),
        ("superior.subordinates.0.platform_id", "43060000000001", "has room for 12"),
        ("superior.subordinates.0.plate_in_alarms", "yes", "must be true or false"),
        ("superior.subordinates", {}, "must be a list"),
        ("superiors.0.advertise", None, "advertise is needed"),
        ("superiors", ["x"], r"superiors\[0\]. must be an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(path: str, value: object, told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        parse(changed(path, value))


def test_an_access_code_stands_once() -> None:
    twice = GOOD["superior"]["subordinates"] * 2
    with pytest.raises(BadSettings, match="70000001 stands there twice"):
        parse(changed("superior.subordinates", twice))


def test_a_file_that_is_missing_or_no_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="is missing"):
        load(tmp_path / "platform.json")
    (tmp_path / "platform.json").write_text("{", "utf-8")
    with pytest.raises(BadSettings, match="is no JSON"):
        load(tmp_path / "platform.json")
    (tmp_path / "platform.json").write_text(json.dumps(GOOD), "utf-8")
    assert load(tmp_path / "platform.json") == parse(GOOD)
