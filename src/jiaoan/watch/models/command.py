"""Commands to terminals and the files that terminals sent for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from jiaoan.watch.commands.kinds import CommandKind
from jiaoan.watch.commands.states import OPEN, CommandState


class Command(models.Model):
    """One command for one terminal with its times: made, sent, ended by the terminal's answer.

    ``key`` (32 hexadecimal digits) is its name on the bus and for the terminal's attachments; the
    same key is the same command, however often it is asked for. ``arguments`` is what the gateway
    is told, ``result`` what the terminal said.
    """

    key = models.CharField(max_length=32, unique=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", on_delete=models.PROTECT, related_name="commands"
    )
    terminal = models.CharField(max_length=20)
    alarm = models.ForeignKey(
        "watch.Alarm", null=True, on_delete=models.PROTECT, related_name="commands"
    )
    kind = models.CharField(max_length=20, choices=CommandKind.choices)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=20, default=CommandState.QUEUED, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="commands"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["vehicle", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.terminal}"

    @property
    def status(self) -> CommandState:
        return CommandState(self.state)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def text(self) -> str:
        return str(self.arguments.get("text", ""))

    @property
    def area_name(self) -> str:
        """The place that a terminal was given, or that was taken away; empty for anything else."""
        return str(self.arguments.get("name", ""))

    @property
    def tracked_minutes(self) -> int:
        """For how long a tracking was asked for; 0 for any other command."""
        return int(self.arguments.get("validity_s", 0)) // 60

    @property
    def tracked_until(self) -> datetime | None:
        """When a confirmed temporary tracking ends by itself; ``None`` for any other command."""
        confirmed = self.kind == CommandKind.TRACK and self.status is CommandState.ANSWERED
        if not confirmed or self.ended_at is None:
            return None
        return self.ended_at + timedelta(seconds=int(self.arguments["validity_s"]))

    @property
    def told_parameters(self) -> dict[int, object]:
        """Parameters that the terminal is known to have since it answered, by number.

        Those that it confirmed (0x8103) as they were set, those that it told (0x0104) as they were
        read, or in hexadecimal where they could not be. ``{}`` while it has not answered.
        """
        if self.status is not CommandState.ANSWERED:
            return {}
        if self.kind == CommandKind.SET:
            return {int(name): value for name, value in self.arguments["parameters"].items()}
        if self.kind != CommandKind.READ:
            return {}
        told = (self.result or {}).get("parameters", {})
        return {
            int(name): one["hex"] if one["value"] is None else one["value"]
            for name, one in told.items()
        }


class TerminalFile(models.Model):
    """A file that a terminal sent for a command (JSATL 12 attachments), by the hash of its octets.

    It lies under ``DATA/attachments``; ``identification`` are the 16 octets that name the alarm
    for the terminal, in hexadecimal.
    """

    command = models.ForeignKey(Command, on_delete=models.PROTECT, related_name="files")
    identification = models.CharField(max_length=80, db_index=True)
    name = models.CharField(max_length=100)
    kind = models.PositiveSmallIntegerField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["command", "name", "sha256"], name="terminal_file_once")
        ]

    def __str__(self) -> str:
        return self.name
