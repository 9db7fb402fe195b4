"""Allow and block lists 黑白名单, and bounds, from ``DATA/gateway/gateway.toml``.

::

    [addresses]
    allow = ["10.0.0.0/8"]      # empty or missing: everybody
    block = ["203.0.113.7"]
    [terminals]
    allow = []
    block = ["13900000001"]
    [attachments]
    address = "203.0.113.5"     # that terminals are told for files; else the one they reached
    [limits]                    # names of jiaoan.gateway.limits.Limits, read at the start
    idle_s = 600

Blocked wins over allowed. The lists are read again when the file changes; a file that cannot be
read leaves the lists as they were, and says so in the log and in the counters. A terminal or an
address that gets blocked loses its link with the next look.
"""

from __future__ import annotations

import ipaddress
import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics

logger = logging.getLogger("jiaoan.gateway")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FILE = "gateway.toml"
_TABLES = ("addresses", "terminals", "attachments", "limits")


class BadSettings(Exception):
    """``gateway.toml`` cannot be used; the text names the field and what it should be."""


@dataclass(frozen=True)
class Lists:
    """What the file says; empty allow lists let everybody in."""

    allow: tuple[Network, ...] = ()
    block: tuple[Network, ...] = ()
    allow_terminals: frozenset[str] = frozenset()
    block_terminals: frozenset[str] = frozenset()


def read_lists(path: Path) -> Lists:
    """The lists of the file; empty ones where there is no file. Raises :class:`BadSettings`."""
    said = _table(path)
    addresses, terminals = _part(said, "addresses"), _part(said, "terminals")
    return Lists(
        tuple(_network(one) for one in _texts(addresses, "addresses", "allow")),
        tuple(_network(one) for one in _texts(addresses, "addresses", "block")),
        frozenset(one.lstrip("0") for one in _texts(terminals, "terminals", "allow")),
        frozenset(one.lstrip("0") for one in _texts(terminals, "terminals", "block")),
    )


def read_limits(path: Path, limits: Limits) -> Limits:
    """``limits`` with what the file says about them. Raises :class:`BadSettings`."""
    said = _part(_table(path), "limits")
    known = {one.name: type(getattr(limits, one.name)) for one in fields(limits)}
    changes: dict[str, float] = {}
    for name, value in said.items():
        if name not in known:
            raise BadSettings(f"{FILE}: [limits] has no {name}; it knows {', '.join(known)}")
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
            raise BadSettings(f"{FILE}: [limits] {name} must be a number above 0, not {value!r}")
        if known[name] is int and value != int(value):
            raise BadSettings(f"{FILE}: [limits] {name} must be a whole number, not {value!r}")
        changes[name] = known[name](value)
    return replace(limits, **changes)  # type: ignore[arg-type]  # each has its field's own type


def read_attachment_address(path: Path) -> str:
    """What terminals are told for files; empty where the file says nothing."""
    part = _part(_table(path), "attachments")
    for unknown in set(part) - {"address"}:
        raise BadSettings(f"{FILE}: [attachments] has no {unknown}; it knows address")
    address = part.get("address", "")
    if not isinstance(address, str) or len(address) > 255:
        raise BadSettings(f"{FILE}: [attachments] address must be a host name or an address")
    return address


def _table(path: Path) -> Mapping[str, object]:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise BadSettings(f"{path} cannot be read: {wrong}") from wrong
    for name in said:
        if name not in _TABLES:
            raise BadSettings(f"{FILE}: [{name}] is unknown: {', '.join(_TABLES)}")
    return said


def _part(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = said.get(name, {})
    if not isinstance(part, Mapping):
        raise BadSettings(f"{FILE}: [{name}] must be a table")
    return part


def _texts(part: Mapping[str, object], table: str, name: str) -> list[str]:
    for unknown in set(part) - {"allow", "block"}:
        raise BadSettings(f"{FILE}: [{table}] has no {unknown}; it knows allow and block")
    value = part.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadSettings(f"{FILE}: [{table}] {name} must be a list of texts in quotation marks")
    return value


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as wrong:
        raise BadSettings(f"{FILE}: {text!r} is no address and no network: {wrong}") from wrong


class Access:
    """The lists in force. ``renew`` looks whether the file changed."""

    def __init__(self, path: Path, metrics: Metrics) -> None:
        self._path, self._metrics = path, metrics
        self._seen = self._stamp()
        self.lists = read_lists(path)

    def address(self, address: str) -> bool:
        """Whether links from this address are taken."""
        lists = self.lists
        if not lists.allow and not lists.block:
            return True
        try:
            one = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped:
            one = one.ipv4_mapped
        if any(one in network for network in lists.block):
            return False
        return not lists.allow or any(one in network for network in lists.allow)

    def terminal(self, phone: str) -> bool:
        """Whether this terminal may log in."""
        lists = self.lists
        if phone in lists.block_terminals:
            return False
        return not lists.allow_terminals or phone in lists.allow_terminals

    def renew(self) -> bool:
        """Read the file again if it changed; whether the lists are new."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            lists = read_lists(self._path)
        except BadSettings as wrong:
            self._metrics.bad_settings += 1
            logger.error("the lists stay as they were: %s", wrong)
            return False
        changed, self.lists = lists != self.lists, lists
        if changed:
            logger.warning("new allow and block lists are in force")
        return changed

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size
