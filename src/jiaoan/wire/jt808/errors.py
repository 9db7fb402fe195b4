"""What can be wrong: with octets that came in (:class:`BodyError`) or with values that should go
out (:class:`EncodeError`). The first is the sender's fault, the second is ours."""

from __future__ import annotations


class BodyError(Exception):
    """A body that does not follow its table; the frame around it was sound."""

    def __init__(self, field: str, reason: str, octets: bytes) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason, self.octets = field, reason, octets


class EncodeError(ValueError):
    """A value that the table has no room for."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason
