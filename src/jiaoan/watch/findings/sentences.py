"""The Chinese and the English sentence of a fence finding, made from its message alone.

Those of the driving rules are :mod:`jiaoan.rules.driving.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jiaoan.kernel.clock import local
from jiaoan.rules.driving.sentences import Sentence, span_en, span_zh

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "fence.forbidden": ("在禁行区“{place}”内", "in the forbidden zone “{place}”"),
    "fence.off_route": ("驶离规定线路“{place}”", "left its route “{place}”"),
    "fence.cross": ("越过“{place}”{side}", "crossed “{place}”{side_en}"),
    "fence.stay": ("在“{place}”停留超过{dwell}", "stayed in “{place}” for more than {dwell_en}"),
}
_SIDES: Final = {
    "right": ("（由左向右）", " from left to right"),
    "left": ("（由右向左）", " from right to left"),
}


def fence_sentence(record: Mapping[str, object]) -> Sentence:
    """What a message of a fence says; nothing for a rule that this release does not know."""
    words = _WORDS.get(str(record.get("rule")))
    if words is None:
        return Sentence("", "")
    inputs = record.get("inputs")
    inputs = inputs if isinstance(inputs, Mapping) else {}
    dwell = int(inputs.get("dwell_s") or 0)
    side, side_en = _SIDES.get(str(inputs.get("direction") or ""), ("", ""))
    values = {
        "place": str(record.get("place_name", "")),
        "side": side, "side_en": side_en,
        "dwell": span_zh(dwell), "dwell_en": span_en(dwell),
    }  # fmt: skip
    at = local(datetime.fromisoformat(str(record["happened_at"])))
    zh, en = (one.format_map(values) for one in words)
    opened = inputs.get("hours_opened_at")
    if opened and record.get("rule") == "fence.forbidden":
        begin = local(datetime.fromisoformat(str(opened)))
        zh, en = f"{zh}（{begin:%H:%M}起禁行）", f"{en} (banned from {begin:%H:%M} on)"
    return Sentence(
        f"{at.month}月{at.day}日{at:%H:%M:%S}{zh}。", f"At {at:%Y-%m-%d %H:%M:%S} {en}."
    )
