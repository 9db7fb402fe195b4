"""Who is connected to whom: ``platform.json`` in the data directory, checked field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jiaoan.wire.jt809 import Cipher, Edition, Profile
from jiaoan.wire.jt809.line import Terms
from jiaoan.wire.jt809.pair import Address, Credentials, Entry

FILE = "platform.json"


_LONGEST_ID = 12


class BadSettings(ValueError):
    """A setting that cannot be used: the text names the place, the reason and what is expected."""


@dataclass(frozen=True)
class Subordinate:
    """One platform that logs in here. ``platform_id`` is its area code and own code, which post
    queries and messages are addressed to; without it the access code stands there."""

    name: str
    entry: Entry
    platform_id: str = ""


@dataclass(frozen=True)
class SuperiorSide:
    """We as superior: where we listen, and for whom."""

    listen: Address
    subordinates: tuple[Subordinate, ...]


@dataclass(frozen=True)
class Superior:
    """One platform that we log in to. ``advertise`` is told at login: where our ``listen`` can be
    reached from there. ``report_alarms``: our alarms, and what became of them, are told there."""

    name: str
    address: Address
    terms: Terms
    credentials: Credentials
    listen: Address
    advertise: Address
    platform_id: str
    report_alarms: bool = False


@dataclass(frozen=True)
class Settings:
    """All links of one installation."""

    superior: SuperiorSide | None
    superiors: tuple[Superior, ...]


def load(path: Path) -> Settings:
    """Read a file; :class:`BadSettings` with a sentence for anything that cannot be used."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as missing:
        raise BadSettings(f"{path} is missing: write the platforms into it.") from missing
    except ValueError as wrong:
        raise BadSettings(f"{path} is no JSON: {wrong}.") from wrong
    return parse(data)


def parse(data: object) -> Settings:
    """The settings of a JSON value."""
    root = _Place("", data)
    side = root.optional("superior")
    return Settings(
        None if side is None else _superior_side(side),
        tuple(_superior(one) for one in root.list("superiors")),
    )


def _superior_side(place: _Place) -> SuperiorSide:
    found = tuple(
        Subordinate(one.text("name"), _entry(one), _platform_id(one))
        for one in place.list("subordinates")
    )
    codes = [one.entry.terms.access_code for one in found]
    for code in codes:
        if codes.count(code) > 1:
            raise place.wrong("subordinates", f"the access code {code} stands there twice")
    return SuperiorSide(_address(place, "listen"), found)


def _platform_id(place: _Place) -> str:
    """What 0x9301 has room for in 2011."""
    said = place.text("platform_id", "")
    if len(said) > _LONGEST_ID or not said.isascii():
        raise place.wrong("platform_id", f"has room for {_LONGEST_ID} letters and digits")
    return said


def _entry(place: _Place) -> Entry:
    hosts = frozenset(str(host) for host in place.values("hosts"))
    return Entry(_terms(place), _credentials(place), hosts)


def _superior(place: _Place) -> Superior:
    listen = _address(place, "listen")
    advertise = _address(place, "advertise") if place.has("advertise") else listen
    if advertise.host in ("0.0.0.0", "::"):
        raise place.wrong(
            "advertise", "is needed where listen is any address: the superior calls it"
        )
    return Superior(
        place.text("name"),
        _address(place, "address"),
        _terms(place),
        _credentials(place),
        listen,
        advertise,
        place.text("platform_id", ""),
        place.flag("report_alarms"),
    )


def _terms(place: _Place) -> Terms:
    text = place.text("edition")
    if text not in set(Edition):
        raise place.wrong("edition", f"{text!r} is none: 2011 or 2019")
    constants = place.optional("cipher")
    cipher = None
    if constants is not None:
        cipher = Cipher(*(constants.number(name) for name in ("ia1", "ic1", "m1")))
    key = place.number("key", 0)
    if key and cipher is None:
        raise place.wrong("key", "encrypts, so cipher with ia1, ic1 and m1 is needed")
    version = place.text("version", "1.0.0").split(".")
    if len(version) != 3 or not all(one.isdecimal() and int(one) < 256 for one in version):
        raise place.wrong("version", "must be three numbers like 1.2.15")
    numbers = (int(version[0]), int(version[1]), int(version[2]))
    profile = Profile(Edition(text), cipher)
    plates = place.flag("plate_in_alarms")
    return Terms(place.number("access_code"), profile, numbers, key, plates)


def _credentials(place: _Place) -> Credentials:
    password = place.text("password")
    if not 1 <= len(password.encode("gbk", "replace")) <= 8:
        raise place.wrong("password", "must have 1 to 8 octets")
    return Credentials(place.number("user_id"), password)


def _address(place: _Place, name: str) -> Address:
    text = place.text(name)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise place.wrong(name, f"{text!r} is no address: host:port")
    return Address(host.strip("[]"), int(port))


@dataclass(frozen=True)
class _Place:
    """A value in the file, which knows where it stands."""

    where: str
    value: object

    def wrong(self, name: str, reason: str) -> BadSettings:
        return BadSettings(f"{FILE}: {self.where}{name} {reason}.")

    @property
    def fields(self) -> Mapping[str, object]:
        if not isinstance(self.value, dict):
            raise BadSettings(f"{FILE}: {self.where or 'the whole'} must be an object in braces.")
        return self.value

    def has(self, name: str) -> bool:
        return name in self.fields

    def optional(self, name: str) -> _Place | None:
        value = self.fields.get(name)
        return None if value is None else _Place(f"{self.where}{name}.", value)

    def values(self, name: str) -> list[object]:
        value = self.fields.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "must be a list in brackets")
        return value

    def list(self, name: str) -> list[_Place]:
        return [
            _Place(f"{self.where}{name}[{number}].", one)
            for number, one in enumerate(self.values(name))
        ]

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.get(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(name, "is missing: a text in quotes")
        return value

    def flag(self, name: str) -> bool:
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.fields.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFFFFFF:
            raise self.wrong(name, "is missing or no whole number from 0 to 4294967295")
        return value
