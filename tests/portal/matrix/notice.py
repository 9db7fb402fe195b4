"""Notices: reading is for all who see the plan, judging for the safety section."""

from __future__ import annotations

from portal.matrix import Row, World
from portal.matrix.plans import open_plan, plan_of

READERS = ("safety_clerk", "section_head", "leader", "enterprise")
OTHERS = ("administrator", "outside_carrier")
ONLOOKERS = ("section_head", "leader", "enterprise", *OTHERS)


def _published(world: World) -> dict[str, object]:
    return {"pk": plan_of(world).pk}


def _open(world: World) -> dict[str, object]:
    return {"pk": open_plan(world).pk}


def _draft(world: World) -> dict[str, object]:
    plan = open_plan(world)
    first = plan.drafts.filter(state="open").first() or plan.drafts.first()
    assert first is not None
    return {"pk": plan.pk, "draft": first.pk}


ROWS = [
    Row("notices", allowed=READERS, denied=OTHERS),
    # No file: the form again with its error, for who may import at all.
    Row("notices", "POST", allowed=("safety_clerk",), denied=ONLOOKERS, status=422),
    Row("notice", allowed=READERS, denied=OTHERS, kwargs=_published),
    Row(
        "notice",
        "POST",
        allowed=("safety_clerk",),
        denied=OTHERS,
        status=302,
        kwargs=_open,
        data=lambda _world: {"verb": "accept_clear", "count": "4"},
    ),
    Row("notice_division", allowed=READERS, denied=OTHERS, kwargs=_published),
    Row("notice_compare", allowed=READERS, denied=OTHERS),
    Row("notice_assignment", allowed=("safety_clerk",), denied=ONLOOKERS, kwargs=_published),
    Row(
        "notice_assignment",
        "POST",
        allowed=("safety_clerk",),
        denied=ONLOOKERS,
        status=302,
        kwargs=_published,
    ),
    Row("notice_attach", allowed=("safety_clerk",), denied=ONLOOKERS, kwargs=_published),
    # No clause and no file: the form again with its errors.
    Row(
        "notice_attach",
        "POST",
        allowed=("safety_clerk",),
        denied=ONLOOKERS,
        status=422,
        kwargs=_published,
    ),
    Row("notice_original", allowed=READERS, denied=OTHERS, kwargs=_published),
    Row("notice_draft", allowed=("safety_clerk",), denied=ONLOOKERS, status=302, kwargs=_draft),
    Row(
        "notice_draft",
        "POST",
        allowed=("safety_clerk",),
        denied=ONLOOKERS,
        status=422,
        kwargs=_draft,
        data=lambda _world: {"verb": "reject", "reason": ""},
    ),
]
