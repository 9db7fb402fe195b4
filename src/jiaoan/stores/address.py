"""The one address of the bus that every process is given, and the bus's own errors."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


class BusUnavailable(Exception):
    """The bus cannot take or give this now; nothing was stored. Trying again may help."""


class BusFull(BusUnavailable):
    """The bus refuses because its store is full: do not acknowledge, wait, try again."""


class NotDurable(BusUnavailable):
    """The server does not prove that it syncs each message to disk: it must not be used."""


@dataclass(frozen=True)
class Address:
    """``nats://host:port[,host:port]?monitor=host:port[,host:port]&replicas=N`` taken apart."""

    servers: tuple[str, ...]
    monitors: tuple[str, ...]
    replicas: int

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises :class:`BusUnavailable` with a sentence for a text that is no bus address."""
        parts = urlsplit(url)
        hosts = tuple(host for host in parts.netloc.split(",") if host)
        if parts.scheme not in ("nats", "tls") or not hosts:
            raise BusUnavailable(f"{url!r} is no bus address: nats://host:port?monitor=host:port")
        options = parse_qs(parts.query)
        monitors = options.get("monitor", [""])[-1]
        replicas = options.get("replicas", ["1"])[-1]
        if replicas not in ("1", "3", "5"):
            raise BusUnavailable(f"the bus address asks for {replicas} replicas: 1, 3 or 5")
        return cls(
            servers=tuple(f"{parts.scheme}://{host}" for host in hosts),
            monitors=tuple(monitor for monitor in monitors.split(",") if monitor),
            replicas=int(replicas),
        )
