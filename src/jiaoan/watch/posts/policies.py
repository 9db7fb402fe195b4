"""What may stand in an order to a subordinate platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import LOCAL
from jiaoan.ledger.errors import FieldErrors
from jiaoan.watch.posts.kinds import RECORDS, SIZES
from jiaoan.watch.posts.states import PostKind
from jiaoan.watch.supervision.items import words_problem

_TEL = 20
_CAMERAS = range(1, 256)


@dataclass(frozen=True)
class WantedOrder:
    """An order of ours as typed."""

    platform: str
    access_code: int
    kind: PostKind
    typed: Mapping[str, str] = field(default_factory=dict)


def checked_order(wanted: WantedOrder) -> dict[str, Json]:
    """What the message holds. Raises :class:`FieldErrors` with the fields as they were typed."""
    typed = {name: value.strip() for name, value in wanted.typed.items()}
    match wanted.kind:
        case PostKind.TEXT:
            return _text(typed)
        case PostKind.PHOTO:
            numbers = {"lens": _CAMERAS, "size": SIZES}
            return {name: _one_of(typed, name, known) for name, known in numbers.items()}
        case PostKind.MONITOR:
            return _tel(typed)
        case PostKind.RECORDER:
            return _recorder(typed)
    return {}


def _text(typed: Mapping[str, str]) -> dict[str, Json]:
    said = typed.get("text", "")
    if problem := words_problem(said, _("Write what the driver shall read.")):
        raise FieldErrors({"text": problem})
    return {"text": said, "urgent": typed.get("urgent") == "on"}


def _tel(typed: Mapping[str, str]) -> dict[str, Json]:
    said = typed.get("tel", "")
    digits = said.replace("-", "").removeprefix("+")
    if not digits.isascii() or not digits.isdecimal() or len(said) > _TEL:
        raise FieldErrors({"tel": _("Write the telephone number that the vehicle calls back.")})
    return {"tel": said}


def _recorder(typed: Mapping[str, str]) -> dict[str, Json]:
    """The period is told to platforms of 2019; those of 2011 know none."""
    span = {name: _moment(typed.get(name, "")) for name in ("start", "end")}
    errors: dict[str, str | Promise] = {}
    for name, moment in span.items():
        if moment is None:
            errors[name] = _("Write the time as 2024-04-08 06:42.")
    start, end = span["start"], span["end"]
    if start is not None and end is not None and end <= start:
        errors["end"] = _("The end must lie behind the start.")
    if errors:
        raise FieldErrors(errors)
    assert start is not None
    assert end is not None
    return {
        "command": _one_of(typed, "command", RECORDS),
        "start": start.isoformat(),
        "end": end.isoformat(),
    }


def _one_of(typed: Mapping[str, str], name: str, known: object) -> int:
    said = typed.get(name, "")
    assert isinstance(known, range | Mapping)
    if not said.isascii() or not said.isdecimal() or int(said) not in known:
        raise FieldErrors({name: _("Choose one of the list.")})
    return int(said)


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=LOCAL)
    except ValueError:
        return None
