"""Every read of post queries and messages, through ``restrict``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from jiaoan.registry.models import Vehicle
from jiaoan.scope import restrict
from jiaoan.watch.models import Post
from jiaoan.watch.posts.states import PostKind, PostState
from jiaoan.watch.supervision.states import Direction


def posts(actor: object) -> QuerySet[Post]:
    """All of them, for who sees the whole district: they are between platforms."""
    found = restrict(Post.objects.all(), actor, "alarm.view")
    return found.select_related("by", "fact", "vehicle", "papers", "command")


def waiting(actor: object) -> QuerySet[Post]:
    """Those of superiors that nobody has answered, by deadline."""
    return open_posts(actor).filter(direction=Direction.RECEIVED)


def open_posts(actor: object) -> QuerySet[Post]:
    """Those that wait for an answer, ours or a subordinate's, by deadline."""
    return posts(actor).filter(state=PostState.OPEN).order_by("deadline", "id")


def answered(actor: object) -> QuerySet[Post]:
    return posts(actor).filter(state=PostState.DONE).order_by("-answered_at", "-id")


def of_vehicle(actor: object, vehicle: Vehicle, most: int) -> list[Post]:
    """The newest requests for papers of a vehicle."""
    return list(posts(actor).filter(vehicle=vehicle).order_by("-id")[:most])


@dataclass(frozen=True)
class Tally:
    """How a subordinate answered our queries: each query is in one of the four figures."""

    platform: str
    in_time: int
    late: int
    never: int
    waiting: int

    @property
    def asked(self) -> int:
        return self.in_time + self.late + self.never + self.waiting


def tallies(actor: object, since: datetime, now: datetime) -> list[Tally]:
    """The queries that were asked from ``since`` on, by platform."""
    asked = posts(actor).filter(direction=Direction.SENT, kind=PostKind.QUERY, opened_at__gte=since)
    done, waits = Q(state=PostState.DONE), Q(state=PostState.OPEN)
    found = (
        asked.order_by("platform")
        .values("platform")
        .annotate(
            in_time=Count("pk", filter=done & Q(answered_at__lte=F("deadline"))),
            late=Count("pk", filter=done & Q(answered_at__gt=F("deadline"))),
            never=Count("pk", filter=waits & Q(deadline__lt=now)),
            waiting=Count("pk", filter=waits & Q(deadline__gte=now)),
        )
    )
    return [Tally(**row) for row in found]
