"""Every read of messages between platforms that no procedure acts on, through ``restrict``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import PlatformMessage


def messages(actor: object) -> QuerySet[PlatformMessage]:
    """The newest first, for who sees the whole district: they are between platforms."""
    found = restrict(PlatformMessage.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle", "seen_by", "fact").defer("octets")


def unseen(actor: object) -> QuerySet[PlatformMessage]:
    return messages(actor).filter(seen_at=None)


@dataclass(frozen=True)
class Field:
    """One field of a message under the name that the standard's tables have here."""

    name: str
    value: str


def fields_of(item: PlatformMessage) -> list[Field]:
    """What a message says, as far as its table tells; nothing for what could not be read."""
    if item.message_id is None or item.octets is None or item.size > len(item.octets):
        return []
    # All of JT/T 809 comes with it: only for who asks, not for every start of the pages.
    from jiaoan.wire.jt809 import Edition
    from jiaoan.wire.jt809.describe import describe_body

    shown = describe_body(item.message_id, bytes(item.octets), Edition(item.edition))
    return list(_flat("", shown))


_ELSEWHERE = frozenset({"message_id", "sub_type", "plate", "plate_color", "data_length"})
"""Shown beside, or of no use to a reader."""


def _flat(before: str, shown: Mapping[str, object]) -> list[Field]:
    found: list[Field] = []
    for name, value in shown.items():
        if not before and name in _ELSEWHERE:
            continue
        if isinstance(value, Mapping):
            found += _flat(f"{before}{name}.", value)
        elif isinstance(value, list | tuple):
            for number, one in enumerate(value, start=1):
                inner = one if isinstance(one, Mapping) else {"": one}
                found += _flat(f"{before}{name}[{number}].", inner)
        elif not name.endswith("payload_hex"):
            found.append(Field(f"{before}{name}".rstrip("."), "–" if value is None else str(value)))
    return found
