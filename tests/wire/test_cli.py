"""``jiaoan frames decode``: a line in, a line out, whatever the line is."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire import cli

FRAME = "7e0002000004002167928700 2b7d027e".replace(" ", "")
FACTS = {
    "message_id": "0x0002",
    "version": "2013",
    "body_length": 0,
    "encryption": 0,
    "subpackage": False,
    "terminal_phone_raw": "040021679287",
    "terminal_phone": "40021679287",
    "serial": 43,
}


def decode(text: str | bytes, *options: str) -> list[dict[str, Any]]:
    source = io.BytesIO(text.encode() if isinstance(text, str) else text)
    sink = io.BytesIO()
    assert cli.main(["decode", *options], source, sink) == 0
    return [json.loads(line) for line in sink.getvalue().decode().splitlines()]


@pytest.mark.parametrize(
    "line",
    [
        FRAME,
        FRAME.upper(),
        FRAME[2:-2],
        " 7E 00 02 00 00 04 00 21 67 92 87 00 2B 7D 02 7E \r",
        "0x7e 0x00 0x02 0x00 0x00 0x04 0x00 0x21 0x67 0x92 0x87 0x00 0x2b 0x7d 0x02 0x7e",
        "0x" + FRAME,
        "7e:00:02:00:00:04:00:21:67:92:87:00:2b:7d:02:7e",
        "\ufeff" + FRAME,
    ],
)
def test_it_reads_a_frame_however_it_is_written(line: str) -> None:
    assert decode(line + "\n") == [FACTS]
    assert decode(line, "--protocol", "808") == [FACTS]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", "empty_line"),
        ("   ", "empty_line"),
        ("0x", "empty_line"),
        ("hello", "not_hex"),
        ("7e0", "odd_digits"),
        ("7e", "too_short"),
        ("7e7e", "too_short"),
        ("7e01017e", "too_short"),
        (FRAME[:-2], "unterminated_or_bad_flag"),
        (FRAME[2:], "unterminated_or_bad_flag"),
        (FRAME.replace("2b", "2c"), "bad_checksum"),
        ("\u00e9\u4e2d", "not_hex"),
    ],
)
def test_a_bad_line_is_answered_and_the_next_one_is_read(line: str, error: str) -> None:
    first, second = decode(f"{line}\n{FRAME}\n")
    assert first["error"] == error
    assert first["sentence"].endswith(".")
    assert second == FACTS


def test_octets_that_are_no_text_are_a_bad_line() -> None:
    first, second = decode(b"\xff\xfe\x00\n" + FRAME.encode() + b"\n")
    assert first["error"] == "not_hex"
    assert second == FACTS


def test_a_line_without_end_is_given_up_in_bounded_memory() -> None:
    long = "7e" * (cli.LONGEST_LINE // 2 + 1)
    first, second = decode(f"{long * 3}\n{FRAME}\n")
    assert (first["error"], second) == ("line_too_long", FACTS)
    longest = FRAME.rjust(cli.LONGEST_LINE)
    assert decode(f"{longest}\n{FRAME}") == [FACTS, FACTS]


def test_several_frames_on_a_line_are_one_object() -> None:
    (facts,) = decode(FRAME + FRAME[2:])
    assert facts["message_ids"] == ["0x0002", "0x0002"]
    assert facts["frames"] == [FACTS, FACTS]


def test_a_broken_frame_is_told_with_its_figures() -> None:
    (wrong_sum,) = decode(FRAME.replace("2b", "2c"))
    assert wrong_sum["sentence"].endswith(" It is 7e, the octets before it give 79.")
    (wrong_length,) = decode("7e0801200500123456789002de001a000228080001517e")
    assert wrong_length["sentence"].endswith(" It says 5 octets, 4 are there.")
    (empty,) = decode("7e7e")
    assert empty["unescaped_payload_hex"] == ""


def test_parameters_are_named_beside_their_octets() -> None:
    from jiaoan.wire.jt808 import Header, Parameter, SetParameters, Version, build_frame

    speed, plate = Parameter.number(0x0055, 80), Parameter(0x0083, "湘F32718".encode("gbk"))
    body = SetParameters((speed, plate, Parameter(0x0013, b"\xff"), Parameter(0xF364, b"x")))
    octets = build_frame(Header.new(0x8103, Version.V2013, "139", 1), body.build())
    (facts,) = decode(octets.hex())
    assert facts["params_named"] == {"top_speed": 80, "plate": "湘F32718"}
    assert [one["id"] for one in facts["params"]] == ["0x0055", "0x0083", "0x0013", "0xf364"]


def test_items_of_2019_stand_beside_the_items() -> None:
    from jiaoan.wire.jt808 import ExtraItem, Header, Location, Version, build_frame

    tyres = ExtraItem(0x05, bytes([0x37] * 4 + [0xFF] * 26))
    items = (tyres, ExtraItem(0x06, b"\x80\x0a"))
    one = Location(0, 0, 0, 0, 0, 0, 0, None, items)
    octets = build_frame(Header.new(0x0200, Version.V2019, "139", 1), one.build())
    (facts,) = decode(octets.hex())
    assert facts["tyre_pressures"] == [0x37] * 4 + [None] * 26
    assert facts["cabin_temperature_c"] == -10
    assert set(facts["extras"][0]) == {"id", "length", "hex"}


def test_a_strict_reading_tolerates_nothing() -> None:
    bare = "7e0002000000000000067900007d7e"
    assert decode(bare)[0]["tolerated"] == ["bare_7d_checksum"]
    assert decode(bare, "--strict")[0]["error"] == "bad_escape"


def test_a_body_that_breaks_its_table_keeps_header_and_octets() -> None:
    from jiaoan.wire.jt808 import Header, Version, build_frame

    octets = build_frame(Header.new(0x0200, Version.V2013, "139", 1), b"short")
    (facts,) = decode(octets.hex())
    assert (facts["error"], facts["message_id"]) == ("too_short", "0x0200")
    assert facts["body_hex"] == b"short".hex()
    assert "location" in facts["sentence"]


@pytest.mark.parametrize("words", [["--ia1", "x"], ["--m1", "-1"], ["--protocol", "905"]])
def test_wrong_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["decode", *words], io.BytesIO(), io.BytesIO())
    assert end.value.code == 2
    assert words[1] in capsys.readouterr().err


@given(st.lists(st.binary(max_size=80).filter(lambda line: b"\n" not in line), max_size=6))
@settings(max_examples=150, deadline=None)
def test_it_answers_every_line(lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    assert len(decode(text)) == len(lines)


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6))
@settings(max_examples=150, deadline=None)
def test_it_answers_every_line_of_octets(lines: list[bytes]) -> None:
    text = "".join(f"{line.hex()}\n" for line in lines)
    assert len(decode(text)) == len(lines)
    assert len(decode(text, "--strict")) == len(lines)


@pytest.mark.socket
def test_the_command_writes_each_line_at_once() -> None:
    """What is asked through a pipe is answered before the pipe is closed."""
    command = [sys.executable, "-m", "jiaoan.project.cli", "frames", "decode"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(FRAME.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == FACTS
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.socket
def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    command = [sys.executable, "-m", "jiaoan.project.cli", "frames", "decode"]
    text = (FRAME + "\n").encode() * 20_000
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write((FRAME + "\n").encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == FACTS
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.write(text)
        with suppress(BrokenPipeError):
            process.stdin.close()
        assert process.wait(20) == 0
