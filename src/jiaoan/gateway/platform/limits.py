"""Every bound of the links between platforms in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from jiaoan.wire.jt809.line import Times


@dataclass(frozen=True)
class Limits:
    """Seconds, octets and counts."""

    times: Times = field(default_factory=Times)
    connect_s: float = 10.0
    read_octets: int = 64 * 1024
    """Read, stored and answered before more is read."""
    first_frame_octets: int = 4096
    """Of a caller that has not shown an access code yet."""
    first_frame_s: float = 30.0
    unread_octets: int = 4 * 1024 * 1024
    """Written and not yet taken by the peer; beyond it the link is cut."""
    callers: int = 256
    publish_timeout_s: float = 10.0
    retry_first_s: float = 0.1
    retry_longest_s: float = 2.0
    note_s: float = 1.0
    """Between two notes of the place of the last stored block."""
    keys_per_vehicle: int = 64
    """Reports of a vehicle that are recognised when they come again."""
    confirm_s: float = 0.5
    """Between two keep-alives that ask whether all was read, while something was sent."""
    unconfirmed_blocks: int = 2000
    """Blocks of the bus that were sent and not confirmed; beyond it nothing more is sent."""
    tally_s: float = 3600.0
    """Between two counts of positions that are told to the other platform (0x1101, 0x9101)."""
    remembered_blocks: int = 20_000
    """Blocks that were sent, with the serials of their frames, for a request of missing ones."""
    live_s: float = 120.0
    """A position older than this goes as back-fill 0x1203."""
    tick_s: float = 0.5
    others_of_a_kind: int = 20
    """Messages of a day and kind without a procedure here that are told one by one."""
    others_per_day: int = 500
    """The same for all kinds of one platform together."""
    other_octets_per_day: int = 8 * 1024 * 1024
    other_octets: int = 64 * 1024
    """Octets of one that are told; the whole stands in the log."""
    count_s: float = 60.0
    """Between two counts of those that were not told one by one."""
    kept_octets: int = 64 * 1024 * 1024
    """Messages that nobody here acts on, and octets that were refused."""
    unmatched_octets: int = 1024 * 1024 * 1024
    """Positions of vehicles that are not in the register."""
