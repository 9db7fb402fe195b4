"""The areas and routes in a terminal's memory 区域与路线: 0x8600 to 0x8608, read by hand.

Each area is kept as the octets of its row, which 0x0608 gives back as they came.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

CIRCLE, RECTANGLE, POLYGON, ROUTE = 1, 2, 3, 4
_SET = {0x8600: CIRCLE, 0x8602: RECTANGLE, 0x8604: POLYGON, 0x8606: ROUTE}
_DELETE = {0x8601: CIRCLE, 0x8603: RECTANGLE, 0x8605: POLYGON, 0x8607: ROUTE}
_REPLACE = 0
_TIMED, _LIMITED = 1, 2


@dataclass
class Areas:
    """What the terminal holds: (kind, id) → octets of the row. ``most`` is how much fits."""

    version: str
    most: int = 50
    held: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def set(self, message_id: int, body: bytes) -> bool:
        """Whether all of them fit; ``struct.error`` for a body that is cut or too long."""
        kind = _SET[message_id]
        many = kind in (CIRCLE, RECTANGLE)
        rows = self._rows(kind, body[2:] if many else body)
        if many and len(rows) != body[1]:
            raise struct.error("the count is another")
        kept = self.held
        if many and body[0] == _REPLACE:
            kept = {name: row for name, row in kept.items() if name[0] != kind}
        kept = kept | {(kind, struct.unpack_from(">I", row)[0]): row for row in rows}
        if len(kept) > self.most:
            return False
        self.held = kept
        return True

    def delete(self, message_id: int, body: bytes) -> None:
        """Those that are named, all of the kind where none is."""
        kind = _DELETE[message_id]
        named = struct.unpack_from(f">{body[0]}I", body, 1)
        self.held = {
            name: row
            for name, row in self.held.items()
            if name[0] != kind or (named and name[1] not in named)
        }

    def told(self, body: bytes) -> bytes:
        """Body of 0x0608 on a question (0x8608)."""
        kind, count = struct.unpack_from(">BI", body)
        named = struct.unpack_from(f">{count}I", body, 5)
        rows = [
            row
            for (known, number), row in self.held.items()
            if known == kind and (not named or number in named)
        ]
        return struct.pack(">BI", kind, len(rows)) + b"".join(rows)

    def _rows(self, kind: int, octets: bytes) -> list[bytes]:
        rows, at = [], 0
        while at < len(octets):
            end = at + self._size(kind, octets[at:])
            if end > len(octets):
                raise struct.error("an area is cut")
            rows.append(octets[at:end])
            at = end
        return rows

    def _size(self, kind: int, row: bytes) -> int:
        """Octets of the area that begins here."""
        (flags,) = struct.unpack_from(">H", row, 4)
        night = 2 if self.version == "2019" else 0
        timed = 12 if flags & _TIMED or kind == ROUTE else 0
        limited = 3 if flags & _LIMITED and kind != ROUTE else 0
        if kind in (CIRCLE, RECTANGLE):
            at = 6 + (12 if kind == CIRCLE else 16) + timed + limited + (night if limited else 0)
        elif kind == POLYGON:
            at = 6 + timed + limited
            at += 2 + 8 * struct.unpack_from(">H", row, at)[0] + (night if limited else 0)
        else:
            at = self._points(row, 6 + timed, night)
        return at + 2 + struct.unpack_from(">H", row, at)[0] if night else at

    def _points(self, row: bytes, at: int, night: int) -> int:
        """Where the turning points that are counted at ``at`` end."""
        (count,) = struct.unpack_from(">H", row, at)
        at += 2
        for _ in range(count):
            flags = row[at + 17]
            at += 18 + (4 if flags & _TIMED else 0) + (3 + night if flags & _LIMITED else 0)
        return at
