"""The journal browser."""

from __future__ import annotations

from portal.matrix import Row

READERS = ("safety_clerk", "leader", "administrator")
OTHERS = ("section_head", "enterprise", "outside_carrier")

ROWS = [
    Row("journal", allowed=READERS, denied=OTHERS),
    Row("journal_verify", "POST", allowed=READERS, denied=OTHERS),
]
