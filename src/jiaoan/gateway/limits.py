"""Every bound of the gateway in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds, octets and counts; the defaults carry 10,000 terminals on two cores."""

    batch_positions: int = 500
    batch_octets: int = 256 * 1024
    batch_wait_s: float = 0.002
    batch_every_s: float = 0.020
    """Between the moments at which the batches of all partitions go that are not full, and not the
    first after a silence."""
    queued_positions: int = 20_000
    """Read and not yet stored, over all partitions; beyond it sockets are no longer read."""
    publish_timeout_s: float = 10.0
    retry_first_s: float = 0.1
    retry_longest_s: float = 2.0
    connections: int = 10_000
    connections_per_address: int = 10_000
    """A carrier's whole fleet may come from behind one address."""
    connects_per_s: float = 1_000.0
    """New connections of one address in a second, after a first burst."""
    connects_burst: int = 10_000
    frames_per_s: float = 1_000.0
    """Of one link, after a first burst; beyond it the link is read more slowly."""
    frames_burst: int = 20_000
    address_frames_per_s: float = 20_000.0
    """Of one address over TCP and UDP, after a first burst; beyond it its links are read more
    slowly, and datagrams are dropped: the terminals send them again."""
    address_frames_burst: int = 40_000
    login_s: float = 30.0
    """From connecting to a successful authentication."""
    grace_s: float = 5.0
    """From a refused registration or authentication to the end of the link."""
    idle_s: float = 300.0
    unread_octets: int = 64 * 1024
    """Answers that a terminal has not taken; beyond it the link is cut."""
    quarantine_octets: int = 16 * 1024 * 1024
    uploads: int = 1024
    """Sub-packaged messages that wait for parts, of all links."""
    uploads_of_link: int = 4
    upload_octets: int = 64 * 1024 * 1024
    upload_octets_of_one: int = 8 * 1024 * 1024
    ask_parts_s: float = 5.0
    """Without a new part for so long, missing ones are asked for (0x8003)."""
    ask_parts_times: int = 3
    parts_s: float = 60.0
    """Without a new part for so long, a message is given up."""
    kept_waiting: int = 1024
    """Messages besides positions that wait for disk and bus, of all links."""
    kept_octets: int = 64 * 1024 * 1024
    unknown_per_day: int = 100
    """Messages that 808 does not name and that are kept, of a terminal and day; more are counted.
    Theirs and the octets' bound are ours, no text gives them."""
    unknown_octets_per_day: int = 256 * 1024
    unknown_told_s: float = 60.0
    """How often the counts of those not kept are told."""
    attachment_links: int = 200
    file_octets: int = 64 * 1024 * 1024
    """Of one file of an alarm."""
    files_of_command: int = 100
    """Stored and on their way; an alarm has a handful."""
    files_octets: int = 1024 * 1024 * 1024
    """Of all files on their way."""
    command_answer_s: float = 10.0
    """First wait for a terminal's answer to a command; the next is twice, the third six times
    that: T(n+1) = T(n) x (n+1), as 808 has it for what the platform sends."""
    command_tries: int = 3
    commands_waiting: int = 100_000
    """Commands kept in memory for terminals that are not here; the oldest give way."""
    clock_jump_s: float = 2.0
    """A wall clock that differs by more from the steady one within a look has jumped."""
    stop_s: float = 2.0
    """For storing what is queued when the gateway is told to stop."""
