"""Every bound of the gateway in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds, octets and counts; the defaults carry 10,000 terminals on two cores."""

    batch_positions: int = 500
    batch_octets: int = 256 * 1024
    batch_wait_s: float = 0.020
    queued_positions: int = 20_000
    """Read and not yet stored, over all partitions; beyond it sockets are no longer read."""
    publish_timeout_s: float = 10.0
    retry_first_s: float = 0.1
    retry_longest_s: float = 2.0
    connections: int = 10_000
    login_s: float = 30.0
    """From connecting to a successful authentication."""
    grace_s: float = 5.0
    """From a refused registration or authentication to the end of the link."""
    idle_s: float = 300.0
    unread_octets: int = 64 * 1024
    """Answers that a terminal has not taken; beyond it the link is cut."""
    quarantine_octets: int = 16 * 1024 * 1024
    stop_s: float = 2.0
    """For storing what is queued when the gateway is told to stop."""
