"""Post queries 查岗, messages 平台间报文, requests for papers and orders about vehicles between
platforms (JT/T 809)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from jiaoan.watch.posts.kinds import ORDERS, RESULTS, said
from jiaoan.watch.posts.states import Addressee, PostKind, PostState
from jiaoan.watch.supervision.states import Direction


class Post(models.Model):
    """One question or message of a superior, or one of ours to a subordinate, with its times and
    its one answer. Only ours ask for ``papers`` of a ``vehicle``: its driver or its waybill. Orders
    about a vehicle come and go; ``arguments`` are what the order says, ``plate`` the vehicle as it
    was named, ``command`` is what went to the terminal for it, ``result`` the number that answers
    it, and a picture or a record is kept as ``papers``.

    ``key`` is unique: the same frame opens one item. ``number`` is the ``info_id`` of the protocol,
    ``request_serial`` the serial of the frame that asks. A message (0x9302) is shown, and answered
    by the one who has read it; a query (0x9301) is answered in words before ``deadline``, which is
    a setting of the bureau where ``deadline_told`` is false. ``by`` asked or answered here;
    ``responder`` and ``responder_phone`` are who a subordinate says answered there. ``sent_*`` is
    what goes from here: our answer, or our query.
    """

    key = models.CharField(max_length=120, unique=True)
    direction = models.CharField(
        max_length=10, choices=Direction.choices, default=Direction.RECEIVED, db_index=True
    )
    kind = models.CharField(max_length=10, choices=PostKind.choices)
    state = models.CharField(max_length=20, default=PostState.OPEN, db_index=True)
    platform = models.CharField(max_length=80)
    access_code = models.PositiveBigIntegerField()
    object_type = models.PositiveSmallIntegerField()
    object_id = models.CharField(max_length=20, blank=True)
    number = models.PositiveBigIntegerField()
    text = models.TextField(blank=True)
    request_serial = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField(db_index=True)
    deadline_told = models.BooleanField()
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="posts"
    )
    papers = models.ForeignKey(
        "watch.Upload", null=True, on_delete=models.PROTECT, related_name="posts"
    )
    plate = models.CharField(max_length=21, blank=True)
    plate_colour = models.PositiveSmallIntegerField(null=True)
    arguments = models.JSONField(default=dict)
    command = models.ForeignKey(
        "watch.Command", null=True, on_delete=models.PROTECT, related_name="posts"
    )
    result = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    responder = models.CharField(max_length=16, blank=True)
    responder_phone = models.CharField(max_length=20, blank=True)
    answered_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_link = models.CharField(max_length=10, blank=True)
    sent_serial = models.PositiveBigIntegerField(null=True)
    send_error = models.CharField(max_length=200, blank=True)
    late_noted_at = models.DateTimeField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["deadline", "id"]

    def __str__(self) -> str:
        return f"{self.number:08X}"

    @property
    def status(self) -> PostState:
        return PostState(self.state)

    @property
    def addressee(self) -> str:
        """Whom it is for, in words; a type that the protocol does not name as its number."""
        known = {choice.value: str(choice.label) for choice in Addressee}
        return known.get(self.object_type, str(self.object_type))

    @property
    def is_query(self) -> bool:
        return self.kind == PostKind.QUERY

    @property
    def is_order(self) -> bool:
        """Whether it is about a vehicle and has a result."""
        return self.kind in ORDERS

    @property
    def has_time(self) -> bool:
        return self.is_query or self.is_order or self.direction == Direction.SENT

    @property
    def result_word(self) -> str:
        """The result in words; one that the protocol does not name as its number."""
        if self.result is None:
            return ""
        known = RESULTS.get(PostKind(self.kind), {})
        return str(known.get(self.result, self.result))

    @property
    def said(self) -> list[tuple[str, str]]:
        """What an order says besides its vehicle, in words."""
        return said(self.arguments)

    def overdue(self, now: datetime) -> bool:
        """What is unanswered beyond its deadline, or was answered too late; a message of a superior
        has no time."""
        return self.has_time and (self.answered_at or now) > self.deadline
