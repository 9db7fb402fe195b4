"""Who drives 驾驶员身份: card events of JT/T 808 message 0x0702 as the rules need them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A driver put his card in, told in the stream before position ``before_row`` of a batch.

    ``qualified``: read without error and the certificate valid on that day. Only another
    *qualified* driver begins a rest for the one before; pulling a card out changes nothing, so
    nobody drives on as "unknown" to begin a new count.
    """

    before_row: int
    vehicle: int
    driver: int
    time_ms: int
    qualified: bool = True

    def __post_init__(self) -> None:
        if self.driver <= 0:
            raise ValueError(f"a driver has a number above 0, not {self.driver}")


def driver_number(certificate: str) -> int:
    """A stable number above 0 for a certificate number 从业资格证号; it cannot be read back.

    >>> driver_number("430602198001010011") == driver_number(" 430602198001010011")
    True
    """
    text = certificate.strip().upper()
    if not text:
        raise ValueError("an empty certificate number names no driver")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") + 1
