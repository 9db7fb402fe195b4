"""``jiaoan frames decode``: a frame a line in hexadecimal comes in, a JSON object a line goes out.

Line N out answers line N in, whatever it was: an empty line or one that is no hexadecimal gets
``{"error": …, "sentence": …}`` like a frame that is broken, and the next line is read. Each line is
written at once, and no more than one line is held in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from jiaoan.wire.jt808.describe import Facts, describe_frame
from jiaoan.wire.jt809 import describe as jt809

LONGEST_LINE = 1 << 20
_SPACE = re.compile(r"[\s:,\-]+")
_PREFIX = re.compile(r"0[xX]")
_808, _809 = b"\x7e", b"\x5b"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How lines are read; the three constants are those of an encrypted 809 link."""

    protocol: str = "auto"
    strict: bool = False
    ia1: int = 0
    ic1: int = 0
    m1: int = 0


class _NoOctets(Exception):
    """A line that holds no octets; the two texts are the error's name and a sentence."""


def main(argv: Sequence[str], source: BinaryIO | None = None, sink: BinaryIO | None = None) -> int:
    """Decode standard input until it ends; always 0, since bad lines are answers too."""
    wanted = _wanted(argv)
    write = sys.stdout.buffer if sink is None else sink
    try:
        for line in _lines(sys.stdin.buffer if source is None else source):
            write.write(decode_line(line, wanted).encode() + b"\n")
            write.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough (head): no failure. What Python flushes at its
        # end has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _wanted(argv: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser("jiaoan frames", description="frames of JT/T 808 and 809")
    decode = parser.add_subparsers(required=True, metavar="ACTION").add_parser(
        "decode", help="hexadecimal frames, one a line, to JSON objects, one a line"
    )
    decode.add_argument("--protocol", choices=("auto", "808", "809"), default="auto")
    decode.add_argument("--strict", action="store_true", help="tolerate nothing")
    for name in ("ia1", "ic1", "m1"):
        decode.add_argument(
            f"--{name}",
            type=_number,
            default=0,
            metavar="N",
            help=f"{name.upper()} of an encrypted 809 link",
        )
    return Wanted(**vars(parser.parse_args(argv)))


def _number(text: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= 0xFFFFFFFF:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 4294967295")
    return number


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines, each cut at one octet beyond :data:`LONGEST_LINE`."""
    while line := source.readline(LONGEST_LINE + 2):
        cut = not line.endswith(b"\n") and len(line) > LONGEST_LINE
        while cut and (more := source.readline(LONGEST_LINE)):
            cut = not more.endswith(b"\n")
        yield line


def decode_line(line: bytes, wanted: Wanted) -> str:
    """The JSON of one line, without its end."""
    try:
        facts = _describe(_octets(line), wanted)
    except _NoOctets as wrong:
        name, sentence = wrong.args
        facts = {"error": name, "sentence": sentence}
    return json.dumps(facts, ensure_ascii=False)


def _octets(line: bytes) -> bytes:
    if len(line) > LONGEST_LINE + 1:
        raise _NoOctets("line_too_long", f"More than {LONGEST_LINE} characters in one line.")
    words = line.decode("utf-8", "replace").lstrip("\ufeff").strip()
    digits = _PREFIX.sub("", _SPACE.sub("", words))
    if not digits:
        raise _NoOctets("empty_line", "The line is empty; a frame in hexadecimal is wanted.")
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong:
        raise _NoOctets("not_hex", f"{wrong.group()!r} is no hexadecimal digit.")
    if len(digits) % 2:
        raise _NoOctets("odd_digits", f"{len(digits)} digits; two make one octet.")
    return bytes.fromhex(digits)


def _describe(octets: bytes, wanted: Wanted) -> Facts:
    if wanted.protocol == "808":
        return describe_frame(octets, strict=wanted.strict)
    if wanted.protocol == "809" or octets.startswith(_809):
        return _describe_809(octets, wanted)
    facts = describe_frame(octets, strict=wanted.strict)
    if "error" in facts and _808 not in (octets[:1], octets[-1:]):
        # Without flags either protocol may be meant: 808 is the usual one.
        other = _describe_809(octets, wanted)
        return facts if "error" in other else other
    return facts


def _describe_809(octets: bytes, wanted: Wanted) -> Facts:
    return jt809.describe_frame(
        octets, ia1=wanted.ia1, ic1=wanted.ic1, m1=wanted.m1, strict=wanted.strict
    )
