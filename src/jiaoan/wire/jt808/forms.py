"""The form of a body: edition and dialect; and what a reading of one allows and met."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808.tolerance import COSMETIC, Tolerance


class Edition(StrEnum):
    """The edition whose table a body follows. 2011 and 2013 share one header."""

    V2011 = "2011"
    V2013 = "2013"
    V2019 = "2019"


class Dialect(StrEnum):
    """Who wrote the active-safety text that a terminal follows: it sets the width of alarm ids."""

    JIANGSU = "jiangsu"
    """T/JSATL 12: terminal id 7, alarm identification 16 octets."""
    GUANGDONG = "guangdong"
    """T/GDRTA 002: 30 and 40."""
    HEILONGJIANG = "heilongjiang"
    """30 and 38."""


@dataclass(frozen=True, slots=True)
class Form:
    """Which tables a body follows."""

    edition: Edition = Edition.V2013
    dialect: Dialect = Dialect.JIANGSU


PLAIN = Form()
_ALL: frozenset[Tolerance] = frozenset(Tolerance)
_NONE: frozenset[Tolerance] = frozenset()


@dataclass(slots=True)
class Reading:
    """One reading of one body: its form, what may be tolerated, and what was."""

    form: Form = PLAIN
    allowed: Set[Tolerance] = _ALL
    noted: list[Tolerance] = field(default_factory=list)

    @classmethod
    def strict(cls, form: Form) -> Reading:
        return cls(form, _NONE)

    @classmethod
    def exact(cls, form: Form) -> Reading:
        """The layout must fit octet for octet; only what does not touch it is let pass."""
        return cls(form, COSMETIC)

    def tolerate(self, rule: Tolerance, otherwise: BodyError) -> None:
        """Note the deviation, or raise ``otherwise`` where it is not allowed."""
        if rule not in self.allowed:
            raise otherwise
        self.noted.append(rule)
