"""The gateway's measurements at small size: both servers, the load, and what must hold first."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # bench lies beside src

from bench.gateway_fleet import acknowledgement, write_frames
from bench.result import Impossible

from bench import gateway
from jiaoan.wire.jt808 import BadFrame, FrameReader, MessageId

pytestmark = [
    pytest.mark.socket,
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
]


@contextlib.contextmanager
def workshop() -> Iterator[gateway.Workshop]:
    try:
        with gateway._workshop() as shop:
            yield shop
    except Impossible as why:
        if "cores" in str(why):
            pytest.skip(str(why))
        raise


@pytest.mark.parametrize("group", [1, 8])
def test_both_servers_answer_every_frame(group: int) -> None:
    case = gateway.Case("gateway-small", 4, group, turn_s=0.1)
    with workshop() as shop:
        ours, theirs = gateway._turns(shop, case, 2)
    for turn in (*ours, *theirs):
        assert turn.frames >= 4 * group
        assert turn.frames % group == 0


def test_frames_that_are_not_stored_are_no_figure() -> None:
    with (
        workshop() as shop,
        gateway._gateway(shop, 1, durable=False) as server,
        pytest.raises(Impossible, match="7 frames were sent, but the gateway counts 0"),
    ):
        gateway._check(server, 7)


def test_the_yardstick_counts_flags_across_portions_and_answers_each_frame() -> None:
    frame = b"\x7e\x01\x02\x7e"
    with (
        workshop() as shop,
        gateway._echo(shop) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as link,
    ):
        for portion in (frame[:2], frame[2:] + frame * 2 + b"\x7e", b"\x01\x7e"):
            link.sendall(portion)
        wanted = acknowledgement() * 4
        got = b""
        while len(got) < len(wanted):
            more = link.recv(4096)
            assert more
            got += more
        assert got == wanted
        link.settimeout(0.1)
        with pytest.raises(TimeoutError):
            link.recv(1)


def test_a_load_that_is_not_let_in_is_no_figure() -> None:
    """The register knows one terminal, two come: the second is answered, but its reports are no
    positions."""
    with workshop() as shop, gateway._gateway(shop, 1, durable=False) as server:
        frames = shop.folder / "frames"
        write_frames(frames, 2)
        with gateway._fleet(shop, server, frames, 1) as fleet:
            fleet.turn(0.05)
            with pytest.raises(Impossible, match="frames were sent, but the gateway counts"):
                gateway._check(server, fleet.frames)


def test_the_frames_are_sound_and_the_same_at_every_run(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_frames(one, 3)
    write_frames(two, 3)
    assert one.read_bytes() == two.read_bytes()
    found = FrameReader().receive(one.read_bytes())
    kinds = [each.header.message_id for each in found if not isinstance(each, BadFrame)]
    assert kinds == ([MessageId.AUTHENTICATE] + [MessageId.LOCATION] * 8) * 3
