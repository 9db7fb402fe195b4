"""A command from the click to the terminal's word; news may repeat, come late, or never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from command_world import WORKER, file_news, fresh_key
from hazmat.factory import World, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.registry.models import Terminal
from jiaoan.scope import Refused
from jiaoan.watch import actions as alarms
from jiaoan.watch.commands import actions, figures, queries
from jiaoan.watch.commands.actions import asking
from jiaoan.watch.commands.kinds import CommandKind
from jiaoan.watch.commands.states import COMMAND, CommandState
from jiaoan.watch.kinds import DispositionKind
from jiaoan.watch.models import Command, TerminalFile
from jiaoan.watch.states import AlarmState
from kernel.machines import assert_machine_is_exhaustive
from watch.test_alarms import raise_alarm

pytestmark = pytest.mark.django_db
TEXT = "前方危货禁行，请驶离"


@pytest.fixture
def world() -> World:
    made = make_world()
    for phone, vehicle in (("13900000001", made.tanker), ("13900000002", made.own_truck)):
        Terminal.objects.create(phone=phone, auth_code="code", vehicle=vehicle)
    return made


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with override("en"):
        yield


def sent(world: World, **changes: object) -> Command:
    values: dict[str, object] = {"text": TEXT, **changes}
    return actions.send_text(world.clerk, world.clock, world.tanker, **values)  # type: ignore[arg-type]


def told(world: World, command: Command, state: str, **changes: object) -> bool:
    said = {
        "id": command.key,
        "state": state,
        "at": world.clock.now().isoformat(),
        "tries": 1,
        "reason": "",
        "result": None,
        **changes,
    }
    done = actions.apply_news(WORKER, world.clock, json.loads(json.dumps(said)))
    command.refresh_from_db()
    return done


def test_it_walks_the_command_table() -> None:
    assert_machine_is_exhaustive(COMMAND)
    assert len({str(state.label) for state in CommandState}) == len(CommandState)
    # What the terminal said is final.
    assert COMMAND.final_states() == {
        CommandState.ANSWERED,
        CommandState.REFUSED,
        CommandState.FAILED,
    }


def test_it_puts_one_message_on_its_way_down(world: World) -> None:
    command = sent(world, urgent=True)
    (letter,) = Outgoing.objects.filter(topic__startswith="down.")
    assert letter.topic == "down.13900000001"
    assert letter.payload == {
        "id": command.key,
        "kind": "text",
        "arguments": {"text": TEXT, "urgent": True, "show": True, "speak": True},
        "expires_at": (world.clock.now() + timedelta(minutes=30)).isoformat(),
    }
    assert (command.status, command.by, command.is_open) == (
        CommandState.QUEUED,
        world.clerk,
        True,
    )


def test_it_is_one_command_however_often_it_is_pressed(world: World) -> None:
    key = fresh_key()
    assert sent(world, key=key) == sent(world, key=key, text="另一句")
    assert Command.objects.count() == 1
    assert Outgoing.objects.filter(topic__startswith="down.").count() == 1
    assert sent(world) != sent(world)


def test_it_takes_forms_of_one_page_that_share_a_key_for_two(world: World) -> None:
    key = fresh_key()
    one = sent(world, key=key)
    other = actions.locate(world.clerk, world.clock, world.tanker, key=key)
    elsewhere = actions.locate(world.clerk, world.clock, world.own_truck, key=key)
    assert len({one.key, other.key, elsewhere.key}) == 3
    with pytest.raises(FieldErrors):
        sent(world, key="not a key")


def test_it_is_one_command_when_two_press_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either wrote: the second write meets the unique key."""
    key, write = fresh_key(), asking._write

    def late(*given: object) -> Command:
        monkeypatch.setattr(asking, "_write", write)
        sent(world, key=key)
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "_write", late)
    command = sent(world, key=key)
    assert Command.objects.get() == command
    assert Outgoing.objects.filter(topic__startswith="down.").count() == 1


def test_it_writes_no_words_into_the_journal(world: World) -> None:
    command = sent(world)
    fact = Fact.objects.get(kind="watch.command_made")
    assert command.fact == fact
    assert TEXT not in json.dumps(fact.payload, ensure_ascii=False)
    assert len(fact.payload["digest"]) == 64


def test_it_follows_the_news_to_the_terminals_word(world: World) -> None:
    command = sent(world)
    world.clock.advance(timedelta(seconds=2))
    at = world.clock.now()
    assert told(world, command, "sent")
    assert (command.status, command.sent_at, command.tries) == (CommandState.SENT, at, 1)
    world.clock.advance(timedelta(seconds=3))
    assert told(world, command, "answered", result={"ok": 1})
    assert (command.status, command.ended_at) == (CommandState.ANSWERED, world.clock.now())
    assert command.sent_at == at
    assert command.result == {"ok": 1}
    kinds = list(Fact.objects.filter(obj=f"watch.command:{command.pk}").values_list("kind"))
    assert kinds == [("watch.command_sent",), ("watch.command_answered",)]


def test_it_changes_nothing_when_news_comes_again_or_backwards(world: World) -> None:
    command = sent(world)
    assert told(world, command, "answered")
    facts = Fact.objects.count()
    for state in ("answered", "sent", "timed_out", "refused"):
        assert not told(world, command, state)
    assert command.status is CommandState.ANSWERED
    assert Fact.objects.count() == facts


def test_it_counts_each_sending_once(world: World) -> None:
    command = sent(world)
    assert told(world, command, "sent", tries=1)
    assert not told(world, command, "sent", tries=1)
    assert told(world, command, "sent", tries=2)
    assert not told(world, command, "sent", tries=1)
    assert command.tries == 2


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("refused", CommandState.REFUSED),
        ("timed_out", CommandState.TIMED_OUT),
        ("undeliverable", CommandState.FAILED),
    ],
)
def test_it_keeps_why_it_did_not_succeed(world: World, state: str, wanted: CommandState) -> None:
    command = sent(world)
    assert told(world, command, state, reason="unsupported")
    assert (command.status, command.reason) == (wanted, "unsupported")


def test_it_says_that_a_terminal_is_not_connected_and_when_it_is_over(world: World) -> None:
    command = sent(world)
    assert actions.note_times(WORKER, world.clock) == 0
    world.clock.advance(figures.CONNECTED + timedelta(seconds=1))
    assert actions.note_times(WORKER, world.clock) == 1
    command.refresh_from_db()
    assert (command.status, command.is_open) == (CommandState.WAITING, True)
    world.clock.instant = command.expires_at + figures.NEWS
    assert actions.note_times(WORKER, world.clock) == 0
    world.clock.advance(timedelta(seconds=1))
    assert actions.note_times(WORKER, world.clock) == 1
    command.refresh_from_db()
    assert (command.status, command.is_open) == (CommandState.EXPIRED, False)
    assert actions.note_times(WORKER, world.clock) == 0


def test_it_is_put_right_by_news_that_comes_after_the_clock(world: World) -> None:
    command = sent(world)
    told(world, command, "sent")
    world.clock.instant = command.expires_at + figures.NEWS + timedelta(seconds=1)
    assert actions.note_times(WORKER, world.clock) == 1
    command.refresh_from_db()
    assert command.status is CommandState.TIMED_OUT
    assert told(world, command, "answered")
    assert CommandState(Command.objects.get().state) is CommandState.ANSWERED


@pytest.mark.parametrize(
    ("text", "says"),
    [(" ", "driver"), ("请看𠮷祥", "𠮷"), ("长" * 501, "500"), ("a\x07b", "GBK")],
)
def test_it_refuses_a_text_that_a_terminal_cannot_show(world: World, text: str, says: str) -> None:
    with pytest.raises(FieldErrors) as refused:
        sent(world, text=text)
    assert says in str(refused.value.errors["text"])
    assert not Command.objects.exists()


def test_it_needs_a_terminal_on_record(world: World) -> None:
    Terminal.objects.filter(vehicle=world.tanker).update(valid_to=world.clock.today())
    sent(world)
    world.clock.advance(timedelta(days=1))
    with pytest.raises(Blocked, match="telephone"):
        sent(world)


def test_it_sets_only_parameters_that_cannot_cut_a_terminal_off(world: World) -> None:
    def set_(**typed: str) -> Command:
        named = {name[1:]: value for name, value in typed.items()}
        return actions.set_parameters(world.clerk, world.clock, world.tanker, typed=named)

    for wrong in ({"p19": "1"}, {"p85": "5"}, {"p85": "x"}, {"p85": "121"}, {}):
        with pytest.raises(FieldErrors):
            set_(**wrong)
    command = set_(p85="80", p41="30")
    assert command.arguments == {"parameters": {"85": 80, "41": 30}}


def test_it_lets_only_the_safety_section_speak(world: World) -> None:
    for person in (world.firm_user, world.carrier_user):
        with pytest.raises(Refused):
            actions.send_text(person, world.clock, world.own_truck, text=TEXT)
    with pytest.raises(Refused):
        actions.apply_news(world.clerk, world.clock, {})


def test_it_shows_a_firm_the_commands_to_its_own_vehicles(world: World) -> None:
    own = actions.send_text(world.clerk, world.clock, world.own_truck, text=TEXT)
    sent(world)
    assert list(queries.commands(world.firm_user)) == [own]
    assert list(queries.commands(world.carrier_user)) == []
    assert queries.commands(world.clerk).count() == 2


def test_it_sends_a_text_as_a_disposition_and_writes_both_or_neither(world: World) -> None:
    alarm = raise_alarm(world)
    with pytest.raises(FieldErrors) as refused:
        alarms.dispose(world.clerk, world.clock, alarm, kind="text", note="𠮷")
    assert set(refused.value.errors) == {"note"}
    key = fresh_key()
    done = alarms.dispose(world.clerk, world.clock, alarm, kind="text", note=TEXT, key=key)
    again = alarms.dispose(world.clerk, world.clock, alarm, kind="text", note=TEXT, key=key)
    assert done == again
    command = Command.objects.get()
    assert (command.alarm, command.text) == (alarm, TEXT)
    assert (done.kind, done.reference) == (DispositionKind.TEXT, f"watch.command:{command.pk}")
    assert alarm.status is AlarmState.HANDLING


def test_it_leaves_an_alarm_alone_when_no_text_can_be_sent(world: World) -> None:
    Terminal.objects.all().delete()
    alarm = raise_alarm(world)
    with pytest.raises(Blocked):
        alarms.dispose(world.clerk, world.clock, alarm, kind="text", note=TEXT)
    alarm.refresh_from_db()
    assert (alarm.status, alarm.dispositions.count()) == (AlarmState.PENDING, 0)


def test_it_takes_a_file_once(world: World) -> None:
    command = actions.fetch_attachments(
        world.clerk, world.clock, world.tanker, identification="ab" * 16
    )
    news = file_news(command)
    made = actions.take_file(WORKER, world.clock, news)
    assert actions.take_file(WORKER, world.clock, news) == made
    assert TerminalFile.objects.count() == 1
    assert list(queries.files(world.clerk)) == [made]
    with pytest.raises(FieldErrors):
        actions.fetch_attachments(world.clerk, world.clock, world.tanker, identification="xy")


def test_it_names_what_is_wrong_with_news(world: World) -> None:
    with pytest.raises(LookupError):
        actions.apply_news(
            WORKER,
            world.clock,
            {
                "id": "0" * 32,
                "state": "sent",
                "at": world.clock.now().isoformat(),
                "tries": 1,
                "reason": "",
                "result": None,
            },
        )
    for wrong in ({}, {"id": "x", "state": "jumped"}):
        with pytest.raises(ValueError, match="no news"):
            actions.apply_news(WORKER, world.clock, wrong)
    with pytest.raises(ValueError, match="no news"):
        actions.take_file(WORKER, world.clock, {})


def test_it_never_waits_longer_than_the_bus_keeps_commands(world: World) -> None:
    for kind in CommandKind:
        assert figures.validity(kind) < timedelta(days=1)
