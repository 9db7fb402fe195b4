"""The XOR cipher of a link: constants IA1, IC1 and M1 are agreed once, the key is in the header.

All arithmetic wraps at 32 bits; with more, only the first octet comes out right.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cipher:
    """The constants of one link, DWORDs both sides were told beforehand."""

    ia1: int = 0
    ic1: int = 0
    m1: int = 0

    def apply(self, octets: bytes, key: int) -> bytes:
        """Encrypt, or decrypt: the same operation.

        >>> Cipher(20_000_000, 20_000_000, 30_000_000).apply(bytes(range(1, 8)), 256178).hex()
        'd34c7078a73a41'
        """
        state, modulus = key or 1, self.m1 or 1
        ia1, ic1 = self.ia1, self.ic1
        out = bytearray(octets)
        for at in range(len(out)):
            state = (ia1 * (state % modulus) + ic1) & 0xFFFFFFFF
            out[at] ^= state >> 20 & 0xFF
        return bytes(out)
