"""Organisations and people are the administrator's."""

from __future__ import annotations

from portal.matrix import Row

OTHERS = ("safety_clerk", "section_head", "leader", "enterprise", "outside_carrier")

ROWS = [
    Row("system", allowed=("administrator",), denied=OTHERS),
    Row("parts", allowed=("administrator",), denied=OTHERS),
    Row(
        "organisation_add",
        "POST",
        ("administrator",),
        OTHERS,
        status=302,
        data=lambda _w: {"name": "办公室", "kind": "section"},
    ),
    Row(
        "person_add",
        "POST",
        ("administrator",),
        OTHERS,
        data=lambda w: {
            "username": "new-clerk",
            "display_name": "周敏",
            "organisation": w.place("section").pk,
            "role": "safety_clerk",
        },
    ),
]
