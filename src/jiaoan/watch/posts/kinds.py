"""Orders about vehicles between platforms: their messages, results and fields in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from jiaoan.watch.posts.states import PostKind

ORDERS: Final[Mapping[PostKind, int]] = {
    PostKind.MONITOR: 0x9501,
    PostKind.PHOTO: 0x9502,
    PostKind.TEXT: 0x9503,
    PostKind.RECORDER: 0x9504,
    PostKind.ACCESS: 0x9505,
    PostKind.STATIC: 0x9601,
}
"""Kinds that are about a vehicle and have an answer of their own, by the sub id that asks."""
KIND_OF: Final[Mapping[int, PostKind]] = {message: kind for kind, message in ORDERS.items()}
OURS: Final = frozenset(ORDERS) - {PostKind.ACCESS}
"""What a superior of this product orders. Emergency access is not among it: it would turn a vehicle
of others to a server of ours."""

RESULTS: Final[Mapping[PostKind, Mapping[int, str | Promise]]] = {
    PostKind.MONITOR: {
        0: pgettext_lazy("order about a vehicle", "listened in"),
        1: pgettext_lazy("order about a vehicle", "listening in failed"),
    },
    PostKind.PHOTO: {
        1: pgettext_lazy("order about a vehicle", "picture taken"),
        2: pgettext_lazy("order about a vehicle", "picture taken, it comes later"),
        0: pgettext_lazy("order about a vehicle", "no pictures are possible"),
        3: pgettext_lazy("order about a vehicle", "no picture: not on line"),
        4: pgettext_lazy("order about a vehicle", "no picture: this camera cannot be used"),
        5: pgettext_lazy("order about a vehicle", "no picture for another reason"),
        9: pgettext_lazy("order about a vehicle", "wrong plate"),
    },
    PostKind.TEXT: {
        0: pgettext_lazy("order about a vehicle", "delivered"),
        1: pgettext_lazy("order about a vehicle", "not delivered"),
    },
    PostKind.ACCESS: {
        0: pgettext_lazy("order about a vehicle", "the terminal has received the order"),
        1: pgettext_lazy("order about a vehicle", "no such vehicle"),
        2: pgettext_lazy("order about a vehicle", "failed for another reason"),
    },
}
"""Results of 0x1501, 0x1502, 0x1503 and 0x1505. (The text of the standard was not at hand: public
implementations name the same numbers.) 0x1504 and 0x1601 have none: their content says it."""
NO_VEHICLE: Final[Mapping[PostKind, int]] = {
    PostKind.MONITOR: 1,
    PostKind.PHOTO: 9,
    PostKind.TEXT: 1,
    PostKind.ACCESS: 1,
}
"""How an order is answered about a vehicle that is not registered here."""
BY_HAND: Final[Mapping[PostKind, tuple[int, ...]]] = {
    PostKind.MONITOR: (0, 1),
    PostKind.PHOTO: (0, 3, 4, 5),
    PostKind.TEXT: (0, 1),
    PostKind.ACCESS: (0, 2),
}
"""The results that a person may answer with."""
SIZES: Final[Mapping[int, str]] = {
    1: "320×240", 2: "640×480", 3: "800×600", 4: "1024×768", 5: "176×144", 6: "352×288",
    7: "704×288", 8: "704×576",
}  # fmt: skip
"""图像大小 of 0x9502, as in 0x8801 of 808."""
RECORDS: Final[Mapping[int, str | Promise]] = {
    0x00: pgettext_lazy("recorder", "edition of the standard"),
    0x01: pgettext_lazy("recorder", "current driver"),
    0x02: pgettext_lazy("recorder", "clock"),
    0x03: pgettext_lazy("recorder", "mileage"),
    0x05: pgettext_lazy("recorder", "vehicle"),
    0x08: pgettext_lazy("recorder", "speeds"),
    0x10: pgettext_lazy("recorder", "points of accident"),
    0x11: pgettext_lazy("recorder", "driving too long"),
}
"""Commands of GB/T 19056 for a driving recorder that people ask for."""
_FIELDS: Final[Mapping[str, str | Promise]] = {
    "tel": pgettext_lazy("order about a vehicle", "Number to call back"),
    "lens": pgettext_lazy("order about a vehicle", "Camera"),
    "size": pgettext_lazy("order about a vehicle", "Size"),
    "text": pgettext_lazy("order about a vehicle", "Text"),
    "urgent": pgettext_lazy("order about a vehicle", "Urgent"),
    "command": pgettext_lazy("order about a vehicle", "Record"),
    "start": pgettext_lazy("order about a vehicle", "From"),
    "end": pgettext_lazy("order about a vehicle", "Until"),
    "auth_code": pgettext_lazy("order about a vehicle", "Authorisation"),
    "access_point": pgettext_lazy("order about a vehicle", "Access point"),
    "user_name": pgettext_lazy("order about a vehicle", "User"),
    "password": pgettext_lazy("order about a vehicle", "Password"),
    "server": pgettext_lazy("order about a vehicle", "Server"),
    "tcp_port": pgettext_lazy("order about a vehicle", "TCP port"),
    "udp_port": pgettext_lazy("order about a vehicle", "UDP port"),
}


def said(arguments: Mapping[str, object]) -> list[tuple[str, str]]:
    """What an order says as (name, value) in words; a field that nobody filled is left out."""
    found = []
    for name, value in arguments.items():
        if value is None or value is False or value == "":
            continue
        found.append((str(_FIELDS.get(name, name)), _word(name, value)))
    return found


def _word(name: str, value: object) -> str:
    if name == "urgent":
        return "✓"
    if name == "size" and isinstance(value, int):
        return SIZES.get(value, str(value))
    if name == "command" and isinstance(value, int):
        return f"0x{value:02X} {RECORDS.get(value, '')}".rstrip()
    return str(value)
