"""JT/T 808: ``python -m fuzz.jt808 --frames 10000000 --seed 1``; 0 and a count when all holds."""

from __future__ import annotations

import json
import random
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fuzz.command import main
from fuzz.mutate import TOGETHER, mutated, portions
from jiaoan.wire.jt808 import (
    Assembler,
    AttachmentReader,
    BadFrame,
    BodyError,
    Chunk,
    Dialect,
    Edition,
    Frame,
    FrameReader,
    Header,
    Profile,
    Version,
    build_block,
    build_frame,
    decode_batch,
    parse_body,
    split_message,
)
from jiaoan.wire.jt808.attachments import MARKER
from jiaoan.wire.jt808.describe import describe
from jiaoan.wire.jt808.framing import LONGEST, judge, judge_dump
from jiaoan.wire.jt808.jitted import decode_octets, is_plain, warm

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "jt808.jsonl"
MOST_GROWTH_KIB = 64 << 10
"""Peak memory may grow by so much after the first tenth of a run."""


class Fuzzer:
    """One run; ``counts`` says what was met."""

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._good = good_frames(self._dice)
        self._reader, self._strict = FrameReader(), FrameReader(strict=True)
        self._files = AttachmentReader(longest_block=5000)
        self._assembler = Assembler(most_uploads=50, most_octets=200_000)
        self._afters: dict[int, bytes] = {}
        self._now = self._serial = 0

    def run(self, frames: int) -> None:
        done, settled = 0, 0
        while done < frames:
            count = min(TOGETHER, frames - done)
            self._several(count)
            done += count
            if not settled and done > frames // 10:
                settled = _peak_kib()
        self.counts["frames"] += frames
        if frames >= 100_000:
            grown = _peak_kib() - settled
            assert grown <= MOST_GROWTH_KIB, f"memory grew by {grown} KiB"

    def _several(self, count: int) -> None:
        """So many broken frames, each with a good one behind it that has to be found."""
        octets, serials = bytearray(), []
        for _ in range(count):
            self._serial = (self._serial + 1) & 0xFFFF
            serials.append(self._serial)
            octets += self._broken() + self._after(self._serial)
        pieces = portions(self._dice, bytes(octets))
        found = [one for piece in pieces for one in self._reader.receive(piece)]
        assert _all_after(found, serials), f"lost a good frame in {octets.hex()}"
        self._judge(found)
        assert len(self._reader._pending) <= LONGEST
        self._compare(b"\x7e" + octets, found)
        # The other two readers take turns: each still meets half of all octets.
        if self._dice.random() < 0.5:
            strict = [one for piece in pieces for one in self._strict.receive(piece)]
            assert _all_after(strict, serials), f"a strict reader lost one in {octets.hex()}"
        else:
            self._attach(pieces, serials)

    def _broken(self) -> bytes:
        base = self._dice.choice(self._good)
        if self._dice.random() < 0.4:
            return self._resealed(base)
        return mutated(self._dice, base, self._good)

    def _after(self, serial: int) -> bytes:
        known = self._afters.get(serial)
        if known is None:
            header = Header.new(2, Version.V2019, "13900000001", serial)
            known = self._afters[serial] = build_frame(header, b"")
        return known

    def _resealed(self, base: bytes) -> bytes:
        """A broken body in a sound frame: length and checksum agree, so the tables are reached."""
        (one,) = FrameReader().receive(base)
        assert isinstance(one, Frame)
        body = mutated(self._dice, one.body, [b"\x00" * 40, one.body])[:1023]
        return build_frame(one.header, body)

    def _judge(self, found: list[Frame | BadFrame]) -> None:
        for one in found:
            if isinstance(one, BadFrame):
                self.counts[f"bad: {one.fault}"] += 1
                assert len(one.raw) <= LONGEST
                continue
            if not _is_after(one):
                self._read(one)
        decode_batch([one for one in found if isinstance(one, Frame)])

    def _compare(self, octets: bytes, found: list[Frame | BadFrame]) -> None:
        """The compiled pass sees the plain reports that the reader saw, and no others."""
        batch = decode_octets(octets)
        seen = [
            (batch.header(at), batch.body(at), batch.position(at))
            for at in np.flatnonzero(batch.rows["plain"]).tolist()
        ]
        plain = [one for one in found if isinstance(one, Frame) and is_plain(one)] if warm() else []
        assert len(seen) == len(plain), f"{len(plain)} plain, {len(seen)} seen in {octets.hex()}"
        for one, (header, body, position) in zip(plain, seen, strict=True):
            (value,) = decode_batch([one])
            same = (one.header, one.body) == (header, body)
            assert same, octets.hex()
            assert position._replace(frame=0) == value, octets.hex()
        self.counts["plain"] += len(seen)

    def _read(self, frame: Frame) -> None:
        dice, header = self._dice, frame.header
        self._now += dice.choice((0, 1, 50, 3000))
        if header.package:
            self.counts[f"part: {self._assembler.receive(frame, self._now).state}"] += 1
            self._assembler.due(self._now)
            assert self._assembler.octets <= 200_000
            assert len(self._assembler) <= 50
        edition, dialect = dice.choice(list(Edition)), dice.choice(list(Dialect))
        profile = Profile(header, edition, dialect)
        if dice.random() < 0.3:
            json.dumps(describe(frame, profile))
        try:
            parse_body(frame, profile, strict=dice.random() < 0.3)
        except BodyError:
            self.counts["bad body"] += 1
        else:
            self.counts["good body"] += 1

    def _attach(self, pieces: list[bytes], serials: list[int]) -> None:
        dice = self._dice
        if dice.random() < 0.3:
            block = build_block("a.jpg", 0, dice.randbytes(40))
            pieces = [mutated(dice, block, self._good), *pieces]
        reader = self._files
        found = [one for piece in pieces for one in reader.receive(piece)]
        assert len(reader._pending) + len(reader._noise) <= 2 * LONGEST + 100
        if any(isinstance(one, Chunk) for one in found) or MARKER in b"".join(pieces):
            # A block may claim what follows it; the next run begins on a link of its own.
            self._files = AttachmentReader(longest_block=5000)
        else:
            lost = b"".join(pieces).hex()
            assert _all_after(found, serials), f"attachment link: lost a good frame in {lost}"


def good_frames(dice: random.Random) -> list[bytes]:
    """Sound frames: all of the vectors, and parts of longer messages."""
    rows = [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]
    found = []
    for row in rows:
        octets = bytes.fromhex(row["hex"])
        if row["layer"] == "frame" and "message_id" in row["expect"]:
            # One row is a dump: its escapes are undone already.
            one = judge_dump(octets[1:-1]) or judge(octets[1:-1])
            assert isinstance(one, Frame), row["id"]
            found.append(build_frame(one.header, one.body))
    header = Header.new(0x0801, Version.V2013, "13900000001", 65533)
    parts = split_message(header, dice.randbytes(700), most=100)
    return found + parts + split_message(replace(header, message_id=0x0104), b"\x00" * 90, most=30)


def _is_after(one: object) -> bool:
    """An undamaged good frame: nothing else has this id, phone and no body."""
    return isinstance(one, Frame) and one.header.message_id == 2 and not one.body


def _all_after(found: Sequence[object], serials: Sequence[int]) -> bool:
    """Whether the good frames are all there, in their order."""
    heard = iter([one.header.serial for one in found if isinstance(one, Frame) and _is_after(one)])
    return all(serial in heard for serial in serials)


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(seed: int, frames: int) -> Counter[str]:
    """One run in this process."""
    fuzzer = Fuzzer(seed)
    fuzzer.run(frames)
    return fuzzer.counts


if __name__ == "__main__":
    sys.exit(main("fuzz.jt808", __doc__, run, sys.argv[1:]))
