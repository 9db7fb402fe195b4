"""Every read of post queries and messages, through ``restrict``."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline
from jiaoan.scope import restrict
from jiaoan.watch.models import Post
from jiaoan.watch.posts.states import PostState


def posts(actor: object) -> QuerySet[Post]:
    """All of them, for who sees the whole district: they are about no vehicle."""
    return restrict(Post.objects.all(), actor, "alarm.view").select_related("by", "fact")


def waiting(actor: object) -> QuerySet[Post]:
    """Those that nobody has answered, by deadline."""
    return posts(actor).filter(state=PostState.OPEN).order_by("deadline", "id")


def answered(actor: object) -> QuerySet[Post]:
    return posts(actor).filter(state=PostState.DONE).order_by("-answered_at", "-id")


def facts_of(item: Post) -> list[Fact]:
    """The life of an item that the caller may see, oldest first."""
    return [item.fact, *timeline(item).exclude(pk=item.fact_id)]
