"""The two links between two platforms: tables, rules, and both ends played against each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jiaoan.kernel.clock import FixedClock
from jiaoan.wire.jt809 import Edition, Message, Profile, Raw
from jiaoan.wire.jt809.line import Confirmed, Ended, Live, Received, Terms, Times
from jiaoan.wire.jt809.links import Code, LoginAnswer
from jiaoan.wire.jt809.pair import (
    Address,
    Credentials,
    Entry,
    Happened,
    Pair,
    Subordinate,
    Superior,
)
from jiaoan.wire.jt809.states import CALLED, CALLER, CalledState, CallerState

from .helpers import CIPHER, MOMENT

TIMES = Times(keep_alive_s=60, silent_s=180, login_s=30, retry_s=10)
LINKS = ("main", "sub")


def terms(edition: Edition, *, key: int = 0, code: int = 70000001) -> Terms:
    return Terms(code, Profile(edition, CIPHER), (1, 0, 0), key)


class Network:
    """Both ends and what is under way between them; a broken link loses what is under way."""

    def __init__(
        self, edition: Edition, *, password: str = "secret12", hosts: frozenset[str] = frozenset()
    ) -> None:
        self.clock = FixedClock(MOMENT)
        self.now = 1000.0
        codes = iter(range(1, 10**6))
        entry = Entry(terms(edition, key=256178), Credentials(8, "secret12"), hosts)
        self.low = Subordinate(
            terms(edition), Credentials(8, password), Address("10.0.0.2", 809), self.clock, TIMES
        )
        self.high = Superior(entry, self.clock, lambda: next(codes), TIMES)
        self.high.peer = "10.0.0.2"
        self.joined: set[str] = set()
        self.wires: dict[tuple[str, str], bytearray] = {}
        self.events: dict[str, list[Happened]] = {"low": [], "high": []}

    def end(self, name: str) -> Pair:
        return self.low if name == "low" else self.high

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.clock.advance(timedelta(seconds=seconds))
        for name in ("low", "high"):
            self.note(name, self.end(name).tick(self.now))

    def open(self) -> None:
        """Open what an end wants to have opened."""
        for name in ("low", "high"):
            link = self.end(name).wanted(self.now)
            if link is None:
                continue
            if link in self.joined:
                # The other end has not noticed yet that its connection is dead.
                self.cut(link)
            self.joined.add(link)
            for one in ("low", "high"):
                self.wires[one, link] = bytearray()
            self.end("high" if name == "low" else "low").connected(link, self.now)
            self.end(name).connected(link, self.now)

    def write(self) -> None:
        for name in ("low", "high"):
            for link in LINKS:
                octets = self.end(name).line(link).take()
                if link in self.joined:
                    self.wires[name, link] += octets

    def deliver(self, sender: str, link: str, octets: int) -> None:
        wire = self.wires.get((sender, link))
        if not wire:
            return
        data = bytes(wire[:octets])
        del wire[:octets]
        taker = "high" if sender == "low" else "low"
        self.note(taker, self.end(taker).receive(link, data, self.now))

    def cut(self, link: str) -> None:
        self.joined.discard(link)
        for name in ("low", "high"):
            self.wires.pop((name, link), None)
            self.note(name, self.end(name).lost(link, self.now))

    def note(self, name: str, happened: list[Happened]) -> None:
        self.events[name] += happened
        self.write()
        for one in happened:
            if isinstance(one.event, Ended) and one.link in self.joined:
                # The owner of the socket writes what is left and closes: the peer reads it first.
                peer = "high" if name == "low" else "low"
                data = bytes(self.wires[name, one.link])
                self.joined.discard(one.link)
                self.note(peer, self.end(peer).receive(one.link, data, self.now))
                self.note(peer, self.end(peer).lost(one.link, self.now))

    def settle(self, rounds: int = 30) -> None:
        """Deliver everything until nothing is under way."""
        for _ in range(rounds):
            self.open()
            self.write()
            for name in ("low", "high"):
                for link in LINKS:
                    self.deliver(name, link, 1 << 20)

    def got(self, name: str) -> list[int]:
        """Numbers of the business that an end received."""
        return [
            int.from_bytes(one.event.message.content.octets, "big")
            for one in self.events[name]
            if isinstance(one.event, Received) and isinstance(one.event.message.content, Raw)
        ]

    def notices(self, name: str) -> list[tuple[str, int, int]]:
        return [
            (one.link, one.event.message.message_id, one.event.message.content.code)
            for one in self.events[name]
            if isinstance(one.event, Received) and isinstance(one.event.message.content, Code)
        ]


def business(number: int, down: bool = False) -> Message:
    return Message.of(0x97FF if down else 0x17FF, Raw(number.to_bytes(4, "big")), "鄂BA7263", 2)


@pytest.mark.parametrize("edition", Edition)
def test_both_links_come_up_and_carry_business(edition: Edition) -> None:
    net = Network(edition)
    net.settle()
    assert all(net.end(name).line(link).live for name in ("low", "high") for link in LINKS)
    assert net.low.send(business(1), net.now) == ("main", 2)
    assert net.high.send(business(2, down=True), net.now) is not None
    net.settle()
    assert net.got("high") == [1]
    assert net.got("low") == [2]
    assert [one.link for one in net.events["low"] if one.event == Live()] == ["main", "sub"]


def test_an_encrypting_and_a_plain_end_understand_each_other() -> None:
    net = Network(Edition.V2011)
    net.open()
    net.write()
    assert bytes(net.wires["low", "main"])[1 + 17] == 0
    net.settle()
    net.high.send(business(3, down=True), net.now)
    net.write()
    assert bytes(net.wires["high", "sub"])[1 + 17] == 1
    net.settle()
    assert net.got("low") == [3]


@pytest.mark.parametrize("edition", Edition)
def test_a_lost_main_link_is_told_on_the_sub_link_which_carries_the_business(
    edition: Edition,
) -> None:
    net = Network(edition)
    net.settle()
    net.cut("main")
    net.settle()
    assert net.notices("high") == [("sub", 0x1007, 0)]
    assert net.low.send(business(5), net.now) is not None
    net.settle()
    assert net.got("high") == [5]
    assert not net.low.main.live
    net.advance(TIMES.retry_s)
    net.settle()
    assert net.low.main.live
    assert net.high.main.live


def test_a_lost_sub_link_is_told_on_the_main_link_and_opened_again() -> None:
    net = Network(Edition.V2019)
    net.settle()
    net.cut("sub")
    net.settle()
    assert net.notices("low") == [("main", 0x9007, 1)]
    assert net.high.send(business(6, down=True), net.now) is not None
    net.settle()
    assert net.got("low") == [6]
    net.advance(TIMES.retry_s)
    net.settle()
    assert net.high.sub.live


def test_a_sub_link_that_cannot_be_opened_is_told_on_the_main_link() -> None:
    net = Network(Edition.V2011)
    net.settle()
    net.cut("sub")
    net.advance(TIMES.retry_s)
    assert net.high.wanted(net.now) == "sub"
    net.high.failed(net.now)
    net.write()
    net.deliver("high", "main", 1 << 20)
    assert net.notices("low")[-1] == ("main", 0x9007, 0)
    assert net.high.wanted(net.now) is None


def test_nothing_is_sent_when_both_are_down() -> None:
    net = Network(Edition.V2011)
    assert net.low.send(business(1), net.now) is None
    assert not net.low.live


@pytest.mark.parametrize(
    ("wrong", "result"),
    [("password", 4), ("address", 1), ("user", 3), ("code", 2)],
)
def test_a_wrong_login_is_refused_with_its_reason(wrong: str, result: int) -> None:
    hosts = frozenset({"10.9.9.9"}) if wrong == "address" else frozenset()
    net = Network(
        Edition.V2011, password="other" if wrong == "password" else "secret12", hosts=hosts
    )
    if wrong == "user":
        net.low = Subordinate(
            terms(Edition.V2011), Credentials(9, "secret12"), Address("h", 1), net.clock, TIMES
        )
    if wrong == "code":
        net.low = Subordinate(
            terms(Edition.V2011, code=5), Credentials(8, "secret12"), Address("h", 1), net.clock,
            TIMES,
        )  # fmt: skip
    net.settle(3)
    assert Happened("main", Ended("refused", result=result)) in net.events["low"]
    assert not net.high.main.live
    assert net.high.wanted(net.now) is None


def test_a_sub_link_with_a_wrong_code_is_refused() -> None:
    net = Network(Edition.V2011)
    net.settle()
    net.cut("sub")
    net.advance(TIMES.retry_s)
    net.high._code = 999_999
    net.settle(3)
    assert Happened("sub", Ended("refused", result=1)) in net.events["high"]
    assert not net.low.sub.live


def test_silence_ends_a_link_and_keep_alive_prevents_it() -> None:
    net = Network(Edition.V2011)
    net.settle()
    for _ in range(20):
        net.advance(59)
        net.settle(4)
    assert net.low.main.live
    assert net.high.sub.live
    for _ in range(5):
        net.advance(60)
    ended = {(one.link, one.event) for name in net.events for one in net.events[name]}
    assert {("main", Ended("silent")), ("sub", Ended("silent"))} <= ended
    assert all(net.end(name).line(link).down for name in ("low", "high") for link in LINKS)


def test_a_caller_that_never_logs_in_is_let_go() -> None:
    net = Network(Edition.V2011)
    net.high.connected("main", net.now)
    net.advance(TIMES.login_s)
    assert net.events["high"] == [Happened("main", Ended("no_login"))]
    assert net.high.main.state is CalledState.DOWN


def test_business_before_the_login_is_refused() -> None:
    net = Network(Edition.V2011)
    high = net.high
    high.connected("main", net.now)
    other = Network(Edition.V2011)
    other.settle()
    other.low.main.take()
    other.low.send(business(1), other.now)
    events = high.receive("main", other.low.main.take(), net.now)
    assert [type(one.event).__name__ for one in events] == ["Refused"]


def test_an_orderly_close_says_so_on_the_other_link_and_does_not_come_back() -> None:
    net = Network(Edition.V2019)
    net.settle()
    net.low.close(net.now)
    net.settle()
    assert net.notices("high") == [("sub", 0x1008, 1)]
    assert Happened("main", Ended("left", orderly=True)) in net.events["low"]
    assert net.low.main.state is CallerState.DOWN
    net.advance(1000)
    assert net.low.wanted(net.now) is None


def test_a_keep_alive_confirms_all_that_was_sent_before_it() -> None:
    net = Network(Edition.V2011)
    net.settle()
    for number in range(3):
        net.low.send(business(number), net.now)
    net.low.main.keep_alive(net.now, mark=77)
    net.settle()
    assert Happened("main", Confirmed(77)) in net.events["low"]
    assert net.got("high") == [0, 1, 2]


def test_a_question_of_a_lost_link_is_not_confirmed_by_an_answer_on_the_next() -> None:
    net = Network(Edition.V2011)
    net.settle()
    net.low.main.keep_alive(net.now, mark=100)
    net.cut("main")
    net.advance(TIMES.retry_s)
    net.settle()
    net.low.main.keep_alive(net.now, mark=60)
    net.settle()
    marks = [one.event.mark for one in net.events["low"] if isinstance(one.event, Confirmed)]
    assert marks == [60]


def test_the_tables_are_sound() -> None:
    for machine in (CALLER, CALLED):
        assert not machine.unreachable()
        assert not machine.final_states()
    assert {row.target for row in CALLER.rows if row.verb.value == "lose"} == {CallerState.DOWN}


class TwoPlatforms(RuleBasedStateMachine):
    """Losses, delays and cut octets in any order; then quiet: both links are up again."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Network(Edition.V2019)
        self.sent: dict[str, list[int]] = {"low": [], "high": []}
        self.number = 0

    @rule()
    def open(self) -> None:
        self.net.open()
        self.net.write()

    @rule(
        sender=st.sampled_from(["low", "high"]),
        link=st.sampled_from(LINKS),
        octets=st.integers(1, 400),
    )
    def deliver(self, sender: str, link: str, octets: int) -> None:
        self.net.deliver(sender, link, octets)

    @rule(link=st.sampled_from(LINKS))
    def cut(self, link: str) -> None:
        self.net.cut(link)

    @rule(seconds=st.sampled_from([1.0, 11.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.net.advance(seconds)

    @rule(sender=st.sampled_from(["low", "high"]))
    def send(self, sender: str) -> None:
        self.number += 1
        if self.net.end(sender).send(business(self.number, sender == "high"), self.net.now):
            self.sent[sender].append(self.number)
        self.net.write()

    @precondition(lambda self: self.number > 0)
    @rule()
    def quiet(self) -> None:
        """After any past: time for the attempts, and everything is up and gets through."""
        net = self.net
        for _ in range(6):
            net.advance(40)
            net.settle(6)
        assert all(net.end(name).line(link).live for name in ("low", "high") for link in LINKS)
        for sender, taker in (("low", "high"), ("high", "low")):
            self.send(sender)
            net.settle(4)
            assert net.got(taker)[-1] == self.number

    @invariant()
    def nothing_is_invented_or_doubled(self) -> None:
        for sender, taker in (("low", "high"), ("high", "low")):
            got = self.net.got(taker)
            assert len(got) == len(set(got))
            assert set(got) <= set(self.sent[sender])

    @invariant()
    def no_end_is_live_alone_on_an_open_wire(self) -> None:
        """A called end is live only if its caller logged in on this very connection."""
        for caller, called, link in (
            (self.net.low, self.net.high, "main"),
            (self.net.high, self.net.low, "sub"),
        ):
            if link in self.net.joined and called.line(link).live:
                assert not caller.line(link).down


TestTwoPlatforms = TwoPlatforms.TestCase
TestTwoPlatforms.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_the_code_of_the_sub_link_is_told_at_login() -> None:
    net = Network(Edition.V2011)
    net.settle()
    answers = [
        one.event.message.content
        for one in net.events["low"]
        if isinstance(one.event, Received) and isinstance(one.event.message.content, LoginAnswer)
    ]
    assert answers == [LoginAnswer(0, 1)]
