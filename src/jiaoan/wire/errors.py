"""What can be wrong: with octets that came in (:class:`BodyError`) or with values that should go
out (:class:`EncodeError`). The first is the peer's fault, the second is ours."""

from __future__ import annotations

from enum import StrEnum


class BodyFault(StrEnum):
    """How a body breaks its table."""

    TOO_SHORT = "too_short"
    """Octets end before the table does."""
    OVERRUN = "inner_length_overrun"
    """A length or count inside the body claims more octets than there are."""
    TRAILING = "trailing_octets"
    """Octets follow where the table has ended."""
    WRONG_COUNT = "wrong_count"
    """A count inside the body is not the number of items that are there."""
    BAD_TEXT = "bad_text"
    """A text is not GBK, nor what is tolerated in its place."""
    BAD_VALUE = "bad_value"
    """A value that the table has no meaning for, where one is needed to read on."""


class BodyError(Exception):
    """A body that does not follow its table; the frame around it was sound."""

    def __init__(
        self, field: str, reason: str, octets: bytes, fault: BodyFault = BodyFault.TOO_SHORT
    ) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason, self.octets, self.fault = field, reason, octets, fault


class EncodeError(ValueError):
    """A value that the table has no room for."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason
