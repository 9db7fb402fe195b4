"""JT/T 809: ``python -m fuzz.jt809 --frames 10000000 --seed 1``; 0 and a count when all holds."""

from __future__ import annotations

import json
import random
import resource
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fuzz.command import main
from fuzz.mutate import TOGETHER, mutated, portions
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
        found = good_frames()
        self._good = {
            edition: [octets for octets, its in found if its is edition] for edition in Edition
        }
        self._octets = [octets for octets, _ in found]
        self._readers = {
            (edition, strict): FrameReader(
                Profile.strict(edition, CIPHER) if strict else Profile(edition, CIPHER)
            )
            for edition in Edition
            for strict in (False, True)
        }
        self._serial = 0

    def run(self, frames: int) -> None:
        done, settled = 0, 0
        while done < frames:
            count = min(TOGETHER, frames - done)
            self._several(self._dice.choice(list(Edition)), count)
            done += count
            if not settled and done > frames // 10:
                settled = _peak_kib()
        self.counts["frames"] += frames
        if frames >= 100_000:
            grown = _peak_kib() - settled
            assert grown <= MOST_GROWTH_KIB, f"memory grew by {grown} KiB"

    def _several(self, edition: Edition, count: int) -> None:
        """So many broken frames, each with a good one behind it that has to be found."""
        octets, serials = bytearray(), []
        for _ in range(count):
            self._serial = (self._serial + 1) & 0xFFFFFFFF
            serials.append(self._serial)
            octets += self._broken(edition) + after(self._serial, edition)
        pieces = portions(self._dice, bytes(octets))
        for strict in (False, True):
            reader = self._readers[edition, strict]
            found = [one for piece in pieces for one in reader.receive(piece)]
            heard = iter([one.header.serial for one in found if isinstance(one, Frame)])
            lost = [serial for serial in serials if serial not in heard]
            assert not lost, f"lost a good frame in {octets.hex()}"
            self._judge(found, edition, strict=strict)
            assert len(reader._pending) <= LONGEST

    def _broken(self, edition: Edition) -> bytes:
        dice = self._dice
        octets = dice.choice(self._good[edition])
        if dice.random() < 0.4:
            return self._resealed(octets, edition)
        octets = mutated(dice, octets, self._octets)
        if dice.random() < 0.1:
            json.dumps(describe_frame(octets, strict=dice.random() < 0.5))
        return octets

    def _resealed(self, octets: bytes, edition: Edition) -> bytes:
        """A broken body in a sound frame: length and CRC agree, so the tables are reached."""
        one = judge(octets[1:-1], Profile(edition, CIPHER))
        assert isinstance(one, Frame)
        body = mutated(self._dice, one.body, [b"\x00" * 40, one.body])
        header = replace(one.header, encrypted=self._dice.random() < 0.2, key=256178)
        return build_frame(header, body, CIPHER)

    def _judge(self, found: list[Frame | BadFrame], edition: Edition, *, strict: bool) -> None:
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


def run(seed: int, frames: int) -> Counter[str]:
    """One run in this process."""
    fuzzer = Fuzzer(seed)
    fuzzer.run(frames)
    return fuzzer.counts


if __name__ == "__main__":
    sys.exit(main("fuzz.jt809", __doc__, run, sys.argv[1:]))
