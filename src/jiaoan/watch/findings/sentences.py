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
    "fence.off_route": ("驶离规定线路“{place}”{off}", "left its route “{place}”{off_en}"),
    "fence.cross": ("越过“{place}”{side}", "crossed “{place}”{side_en}"),
    "fence.stay": ("在“{place}”停留超过{dwell}", "stayed in “{place}” for more than {dwell_en}"),
}
_SIDES: Final = {
    "right": ("（由左向右）", " from left to right"),
    "left": ("（由右向左）", " from right to left"),
}

_ENDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "expired": ("因围栏到期", "the last day of the place was over"),
    "closed": ("因围栏停用", "the place was closed"),
    "changed": ("因围栏变更、不再约束该车", "the place was changed and concerned it no more"),
}


def fence_sentence(
    record: Mapping[str, object], end: Mapping[str, object] | None = None
) -> Sentence:
    """What a message of a fence says, with that of its end where it has one; nothing for a rule
    that this release does not know.
    """
    if end is not None and end.get("rule") == "fence.off_route_over":
        return _off_route(record, end)
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
        "off": "", "off_en": "",
        "dwell": span_zh(dwell), "dwell_en": span_en(dwell),
    }  # fmt: skip
    if (metres := _farthest(record)) is not None:
        values |= {"off": f"，当时距线路{metres}米", "off_en": f", {metres} m off it then"}
    at = local(datetime.fromisoformat(str(record["happened_at"])))
    zh, en = (one.format_map(values) for one in words)
    opened = inputs.get("hours_opened_at")
    if opened and record.get("rule") == "fence.forbidden":
        begin = local(datetime.fromisoformat(str(opened)))
        zh, en = f"{zh}（{begin:%H:%M}起禁行）", f"{en} (banned from {begin:%H:%M} on)"
    if (since := _since(record)) is not None:
        zh = f"{zh}（自{since.month}月{since.day}日{since:%H:%M:%S}起在内）"
        en = f"{en} (in it since {since:%Y-%m-%d %H:%M:%S})"
    return Sentence(
        f"{at.month}月{at.day}日{at:%H:%M:%S}{zh}。", f"At {at:%Y-%m-%d %H:%M:%S} {en}."
    )


def _since(record: Mapping[str, object]) -> datetime | None:
    """When the long stay began that a message tells of; releases before did not say it."""
    stay = record.get("stay") if record.get("rule") == "fence.stay" else None
    said = stay.get("begun_at") if isinstance(stay, Mapping) else None
    return None if said is None else local(datetime.fromisoformat(str(said)))


def _off_route(record: Mapping[str, object], end: Mapping[str, object]) -> Sentence:
    """From when to when a vehicle was off its route, how far, and why it is over."""
    inputs = end["inputs"]
    if not isinstance(inputs, Mapping):
        raise ValueError("inputs: is no object")
    begin = local(datetime.fromisoformat(str(record["happened_at"])))
    over = local(datetime.fromisoformat(str(inputs["over_at"])))
    seconds = max(0, round((over - begin).total_seconds()))
    why_zh, why_en = "后驶回线路", "then back on it"
    if inputs.get("confirmed_by") == "lapsed":
        why_zh, why_en = "至线路不再约束该车时止", "then the route bound it no more"
    place, metres = record.get("place_name", ""), _farthest(end)
    day_zh = "" if over.date() == begin.date() else f"{over.month}月{over.day}日"
    day_en = "" if over.date() == begin.date() else f"{over:%Y-%m-%d} "
    return Sentence(
        f"{begin.month}月{begin.day}日{begin:%H:%M:%S}至{day_zh}{over:%H:%M:%S}偏离规定线路"
        f"“{place}”{span_zh(seconds)}，最远{metres}米，{why_zh}。",
        f"From {begin:%Y-%m-%d %H:%M:%S} to {day_en}{over:%H:%M:%S} off its route “{place}” "
        f"({span_en(seconds)}), {metres} m at the farthest; {why_en}.",
    )


def ending_sentence(at: datetime, cause: str) -> Sentence:
    """That something is over with its place and not by an exit; ``cause`` is a ``Cause``."""
    zh, en = _ENDINGS[cause]
    over = local(at)
    return Sentence(
        f"{zh}，于{over.month}月{over.day}日{over:%H:%M:%S}结束，此后不再研判。",
        f"Over at {over:%Y-%m-%d %H:%M:%S} because {en}; nothing is judged of it since.",
    )


def _farthest(record: Mapping[str, object]) -> str | None:
    """Whole metres off the route, as its message says it."""
    inputs = record.get("inputs")
    said = inputs.get("farthest_m") if isinstance(inputs, Mapping) else None
    return f"{said:.0f}" if isinstance(said, (int, float)) else None
