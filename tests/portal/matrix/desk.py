"""The desk is everybody's; its two presses are for those who sign and urge."""

from __future__ import annotations

from portal.matrix import Row, World
from portal.matrix.plans import fence_item, plan_of

EVERYBODY = (
    "safety_clerk",
    "section_head",
    "leader",
    "administrator",
    "enterprise",
    "outside_carrier",
)


def _plan(world: World) -> dict[str, object]:
    plan_of(world)
    return {}


def _fence(world: World) -> dict[str, object]:
    item = fence_item(world)
    return {"duty": item.duty_id, "due": item.due.isoformat()}


ROWS = [
    Row("desk", allowed=EVERYBODY, kwargs=_plan),
    Row(
        "desk_sign_all",
        "POST",
        allowed=("safety_clerk", "section_head", "enterprise"),
        denied=("leader", "administrator", "outside_carrier"),
        status=302,
        kwargs=_plan,
    ),
    Row(
        "desk_urge",
        "POST",
        allowed=("safety_clerk",),
        denied=("section_head", "leader", "administrator", "enterprise", "outside_carrier"),
        status=302,
        kwargs=_plan,
        data=_fence,
    ),
]
