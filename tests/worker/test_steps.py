"""The worker's database steps: once each, all or nothing, and no message stops another."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import OperationalError

from command_world import file_news, news, upload_news
from hazmat.factory import DAY, SYSTEM, World, approved_filing, finding_json, make_world
from jiaoan.hazmat.models import Filing, Trip
from jiaoan.hazmat.states import FilingState
from jiaoan.journal.actions import enqueue
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.registry.actions import flag_accident_prone
from jiaoan.registry.models import Enterprise, Terminal
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Alarm, TerminalFile, Upload
from jiaoan.worker import batches, steps
from jiaoan.worker.batches import Found, checkpoint, found
from jiaoan.worker.models import Checkpoint, Parked

pytestmark = pytest.mark.django_db
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = make_world()
    Outgoing.objects.all().delete()
    return made


def handle(
    world: World,
    data: bytes,
    sequence: int,
    subject: str = "findings.03",
) -> bool:
    """Whether it was handled, not parked."""
    handle_all(world, found(subject, data, sequence, STORED))
    return not Parked.objects.filter(sequence=sequence).exists()


def handle_all(world: World, *waiting: Found) -> None:
    rest = list(waiting)
    while rest:
        rest = steps.handle_findings(rest, waiting[-1].sequence, world.clock)


def entered(world: World, **wanted: object) -> bytes:
    return finding_json(world.tanker, at=world.clock.now(), **wanted)  # type: ignore[arg-type]


def test_it_raises_an_alarm_and_moves_the_checkpoint(world: World) -> None:
    assert checkpoint() == 0
    assert handle(world, entered(world), 7)
    assert checkpoint() == 7
    assert Alarm.objects.count() == 1
    assert "watch.opened" in [row.payload["kind"] for row in Outgoing.objects.all()]


@pytest.mark.parametrize("checkpoint_lost", [False, True])
def test_it_takes_a_replayed_finding_once(world: World, checkpoint_lost: bool) -> None:
    data = entered(world)
    handle(world, data, 7)
    facts, messages = Fact.objects.count(), Outgoing.objects.count()
    if checkpoint_lost:
        Checkpoint.objects.update(sequence=0)
    assert handle(world, data, 7)
    assert (Trip.objects.count(), Alarm.objects.count()) == (1, 1)
    assert (Fact.objects.count(), Outgoing.objects.count()) == (facts, messages)


def test_it_writes_rows_and_checkpoint_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill before the commit: the trouble comes after the trip is written, before its end."""

    def cut(sequence: int) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(batches, "_advance", cut)
    with pytest.raises(OperationalError):
        handle(world, entered(world), 7)
    monkeypatch.undo()
    assert (Trip.objects.count(), checkpoint(), Parked.objects.count()) == (0, 0, 0)
    assert handle(world, entered(world), 7)
    assert Alarm.objects.count() == 1


def test_it_follows_up_what_was_committed_before_a_kill(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the finding's commit and before its flows: the next start runs them."""

    def killed(clock: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batches, "run_pending", killed)
    with pytest.raises(KeyboardInterrupt):
        handle(world, entered(world), 7)
    monkeypatch.undo()
    assert (checkpoint(), Alarm.objects.count()) == (7, 0)
    steps.follow(world.clock)
    assert Alarm.objects.count() == 1


def test_it_parks_what_it_cannot_handle_and_goes_on(world: World) -> None:
    stranger = entered(world).replace(b'"vehicle_id": %d' % world.tanker.pk, b'"vehicle_id": 9999')
    assert not handle(world, b"{broken", 1)
    assert not handle(world, stranger, 2)
    assert handle(world, entered(world), 3)
    errors = dict(Parked.objects.values_list("sequence", "error"))
    assert errors[1].startswith("BadFinding: no JSON")
    assert errors[2].startswith("DoesNotExist")
    assert bytes(Parked.objects.get(sequence=1).data) == b"{broken"
    assert (checkpoint(), Alarm.objects.count()) == (3, 1)


def test_it_keeps_the_outbox_in_order_and_sends_each_once(world: World) -> None:
    for number in range(3):
        enqueue("events.alarm", {"n": number}, clock=world.clock)
    letters = steps.letters()
    assert [letter.data for letter in letters] == [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}']
    assert len({letter.message_id for letter in letters}) == 3
    steps.sent([letters[0].pk])
    assert [letter.pk for letter in steps.letters()] == [letters[1].pk, letters[2].pk]
    assert steps.letters()[0].message_id == letters[1].message_id


def test_it_keeps_trying_through_an_outage_but_not_what_is_hopeless(world: World) -> None:
    kept = enqueue("events.alarm", {}, clock=world.clock)
    bad = enqueue("nowhere", {}, clock=world.clock)
    for _ in range(steps.GIVE_UP + 5):
        steps.not_sent([kept.pk], "no bus")
    steps.not_sent([bad.pk], "no stream keeps it", hopeless=True)
    assert [letter.pk for letter in steps.letters()] == [kept.pk]
    bad.refresh_from_db()
    assert bad.last_error == "no stream keeps it"


def test_it_does_what_is_due(world: World) -> None:
    handle(world, entered(world), 1)
    filing = approved_filing(world)
    world.clock.advance(timedelta(days=3))
    steps.due(world.clock)
    assert Fact.objects.filter(kind="watch.response_late").count() == 1
    assert Filing.objects.get(pk=filing.pk).status is FilingState.EXPIRED


def test_it_keeps_the_ledger_once_a_day_and_after_firms_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Walking all duties is dear, so it happens only when the answer can have changed."""
    ran: list[date] = []
    monkeypatch.setattr(steps, "keep_current", lambda _actor, clock: ran.append(clock.today()))
    world = make_world()
    assert steps.keep_ledger(world.clock)
    assert not steps.keep_ledger(world.clock)
    world.clock.advance(timedelta(days=1))
    assert steps.keep_ledger(world.clock)
    firm = Enterprise.objects.get()
    flag_accident_prone(SYSTEM, world.clock, firm, since=world.clock.today(), reason="示意")
    assert steps.keep_ledger(world.clock)
    assert ran == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=1)]


def test_it_takes_news_of_commands_and_their_files_and_parks_what_is_neither(world: World) -> None:
    Terminal.objects.create(phone="13900000001", auth_code="code", vehicle=world.tanker)
    command = commands.fetch_attachments(
        world.clerk, world.clock, world.tanker, identification="ab" * 16
    )

    def tell(subject: str, value: object, sequence: int) -> bool:
        data = json.dumps(value).encode()
        return handle(world, data, sequence, subject)

    assert tell("findings.command", news(command, "answered"), 1)
    assert tell("findings.attachment", file_news(command), 2)
    assert tell("findings.attachment", file_news(command), 3)
    assert not tell("findings.command", {"id": "x"}, 4)
    assert tell("findings.upload", upload_news(world.tanker), 5)
    command.refresh_from_db()
    assert command.status is CommandState.ANSWERED
    assert TerminalFile.objects.count() == 1
    assert Upload.objects.count() == 1
    assert (checkpoint(), Parked.objects.count()) == (5, 1)


def test_it_notes_what_the_clock_says_of_commands(world: World) -> None:
    Terminal.objects.create(phone="13900000001", auth_code="code", vehicle=world.tanker)
    command = commands.send_text(world.clerk, world.clock, world.tanker, text="请减速")
    world.clock.advance(timedelta(minutes=1))
    steps.due(world.clock)
    command.refresh_from_db()
    assert command.status is CommandState.WAITING
