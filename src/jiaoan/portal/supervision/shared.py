"""What the pages of items between platforms have in common: lights, answering, whom we may ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from jiaoan.kernel.clock import local
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.asked import clock
from jiaoan.portal.components import Light, Tone, due_light, moment_light
from jiaoan.portal.courses import course_of
from jiaoan.portal.hazmat.fields import Spec, Text
from jiaoan.scope import can
from jiaoan.watch.models import Post, Supervision
from jiaoan.watch.posts.states import PostState
from jiaoan.watch.supervision.queries import facts_of
from jiaoan.watch.supervision.states import Direction, SupervisionState

if TYPE_CHECKING:
    from jiaoan.gateway.platform.settings import Subordinate

Item: TypeAlias = Supervision | Post
ROWS = 50
_FAR = timedelta(days=2)


@dataclass(frozen=True)
class Line:
    """One item with the light of its deadline."""

    item: Item
    light: Light


def lines(items: Iterable[Item], now: datetime) -> list[Line]:
    return [Line(one, light_of(one, now)) for one in items]


def is_done(item: Item) -> bool:
    return item.status in (SupervisionState.DONE, PostState.DONE)


def light_of(item: Item, now: datetime) -> Light:
    """Done, done too late, or the time that is left."""
    if is_done(item):
        late = isinstance(item, Post) and item.overdue(now)
        return (
            Light(Tone.LATE, _("answered late"))
            if late
            else Light(Tone.DONE, str(item.status.label))
        )
    if abs(item.deadline - now) > _FAR:
        return due_light(local(item.deadline).date(), local(now).date())
    return moment_light(item.deadline, now)


@dataclass(frozen=True)
class Page:
    """How one kind of item is shown and answered; ``field`` is where a conflict is told."""

    template: str
    field: str
    more: Callable[[HttpRequest, Item], dict[str, object]]

    def show(
        self,
        request: HttpRequest,
        found: Item,
        *,
        errors: Mapping[str, Text] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        now = clock(request).now()
        mine = not is_done(found) and found.direction == Direction.RECEIVED
        context: dict[str, object] = {
            "section": "alarm",
            "item": found,
            "light": light_of(found, now),
            "overdue": found.overdue(now),
            "timeline": course_of(facts_of(found)),
            "may_answer": mine and can(request.user, "alarm.handle"),
            "typed": request.POST,
            "errors": errors or {},
        }
        return render(request, self.template, context | self.more(request, found), status=status)

    def answer(
        self, request: HttpRequest, found: Item, act: Callable[[], object], back: str
    ) -> HttpResponse:
        """Answer a superior and show the item; what is wrong stands beside its field."""
        try:
            act()
        except FieldErrors as bad:
            return self.show(request, found, errors=dict(bad.errors), status=422)
        except Blocked as blocked:
            return self._conflict(request, found, blocked.sentence)
        except TransitionRefused:
            return self._conflict(request, found, _("This is answered already. Look at it again."))
        messages.success(request, _("Answered; it goes to the superior platform at once."))
        return redirect(back, found.pk)

    def _conflict(self, request: HttpRequest, found: Item, sentence: Text) -> HttpResponse:
        return self.show(request, found, errors={self.field: sentence}, status=409)


def platform_spec(platforms: dict[int, str]) -> Spec:
    """The field that asks which subordinate platform is meant."""
    choices = tuple((str(code), name) for code, name in platforms.items())
    return Spec("platform", _("Subordinate platform"), "select", True, choices=choices)


def subordinates() -> dict[int, str]:
    """The subordinates that the settings of the links name: access code → name."""
    return {one.entry.terms.access_code: one.name for one in _subordinates()}


def platform_id_of(code: int) -> str:
    """The own code of a subordinate; empty where the settings do not know it."""
    found = (one.platform_id for one in _subordinates() if one.entry.terms.access_code == code)
    return next(found, "")


def _subordinates() -> tuple[Subordinate, ...]:
    # All of JT/T 809 comes with it: only for who asks, not for every start of the pages.
    from jiaoan.gateway.platform.settings import FILE, BadSettings, load

    path = Path(settings.DATA_DIR) / FILE
    try:
        side = load(path).superior if path.is_file() else None
    except BadSettings:
        # The process of the links tells what is wrong with the file; nobody can be asked.
        return ()
    return side.subordinates if side else ()


def chosen(typed: str, platforms: Mapping[int, str]) -> int:
    """The access code that was chosen; 0 for one that is not there."""
    return int(typed) if typed.isdecimal() and int(typed) in platforms else 0
