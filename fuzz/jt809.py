"""JT/T 809: ``python -m fuzz.jt809 --frames 10000000 --seed 1``; 0 and a count when all holds."""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fuzz.mutate import mutated, portions
from jiaoan.wire.jt809 import (
    BadFrame,
    BodyError,
    Cipher,
    Edition,
    EncodeError,
    Frame,
    FrameReader,
    Header,
    Profile,
    build_frame,
    parse,
)
from jiaoan.wire.jt809.describe import describe_frame
from jiaoan.wire.jt809.framing import LONGEST, judge
from jiaoan.wire.jt809.tolerance import NONE

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "jt809.jsonl"
MOST_GROWTH_KIB = 64 << 10
"""Peak memory may grow by so much after the first tenth of a run."""
MOMENT = datetime(2024, 4, 7, 22, 40, tzinfo=UTC)
CIPHER = Cipher(20_000_000, 20_000_000, 30_000_000)


class Fuzzer:
    """One run; ``counts`` says what was met."""

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._good = good_frames()
        self._octets = [octets for octets, _ in self._good]
        self._readers = {
            (edition, strict): FrameReader(
                Profile.strict(edition, CIPHER) if strict else Profile(edition, CIPHER)
            )
            for edition in Edition
            for strict in (False, True)
        }
        self._serial = 0

    def run(self, frames: int) -> None:
        settled = 0
        for number in range(frames):
            self._one()
            if number == frames // 10:
                settled = _peak_kib()
        self.counts["frames"] += frames
        if frames >= 100_000:
            grown = _peak_kib() - settled
            assert grown <= MOST_GROWTH_KIB, f"memory grew by {grown} KiB"

    def _one(self) -> None:
        dice = self._dice
        octets, edition = dice.choice(self._good)
        if dice.random() < 0.4:
            octets = self._resealed(octets, edition)
        else:
            octets = mutated(dice, octets, self._octets)
        if dice.random() < 0.1:
            json.dumps(describe_frame(octets, strict=dice.random() < 0.5))
        self._serial = (self._serial + 1) & 0xFFFFFFFF
        pieces = portions(dice, octets + after(self._serial, edition))
        for strict in (False, True):
            reader = self._readers[edition, strict]
            found = [one for piece in pieces for one in reader.receive(piece)]
            self._judge(found, octets, edition, strict=strict)
            assert len(reader._pending) <= LONGEST

    def _resealed(self, octets: bytes, edition: Edition) -> bytes:
        """A broken body in a sound frame: length and CRC agree, so the tables are reached."""
        one = judge(octets[1:-1], Profile(edition, CIPHER))
        assert isinstance(one, Frame)
        body = mutated(self._dice, one.body, [b"\x00" * 40, one.body])
        header = replace(one.header, encrypted=self._dice.random() < 0.2, key=256178)
        return build_frame(header, body, CIPHER)

    def _judge(
        self, found: list[Frame | BadFrame], octets: bytes, edition: Edition, *, strict: bool
    ) -> None:
        last = found[-1]
        assert isinstance(last, Frame), f"lost the good frame behind {octets.hex()}"
        assert (last.header.message_id, last.header.serial) == (0x1005, self._serial)
        for one in found:
            if isinstance(one, BadFrame):
                self.counts[f"bad: {one.fault}"] += 1
                assert len(one.raw) <= LONGEST
            else:
                self._read(one, edition, strict=strict)

    def _read(self, frame: Frame, edition: Edition, *, strict: bool) -> None:
        try:
            message = parse(frame, edition, NONE) if strict else parse(frame, edition)
        except BodyError as wrong:
            self.counts[f"refused: {wrong.fault}"] += 1
            return
        self.counts["read"] += 1
        # A message that was read can be written, except where its texts are not in GBK.
        with suppress(EncodeError):
            message.build(edition)


def after(serial: int, edition: Edition) -> bytes:
    """A good keep-alive behind whatever came."""
    timed = edition is Edition.V2019
    header = Header(0, serial, 0x1005, 1, time=MOMENT if timed else None, timed=timed)
    return build_frame(header, b"")


def good_frames() -> list[tuple[bytes, Edition]]:
    """Sound frames of the vectors, decrypted and with their edition."""
    found = []
    for line in VECTORS.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["layer"] != "frame" or "error" in row["expect"]:
            continue
        edition = Edition(row["protocol"][-4:])
        constants = row.get("cipher", {})
        cipher = Cipher(**constants) if constants else None
        one = judge(bytes.fromhex(row["hex"])[1:-1], Profile(edition, cipher))
        assert isinstance(one, Frame), row["id"]
        header = replace(one.header, encrypted=False, key=0)
        found.append((build_frame(header, one.body), edition))
    return found


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("fuzz.jt809", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    fuzzer = Fuzzer(options.seed)
    fuzzer.run(options.frames)
    print(json.dumps(dict(sorted(fuzzer.counts.items())), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
