"""What holds, folded from all decisions in order. Pure values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

from jiaoan.journal.actions import Json
from jiaoan.rules.driving.law import Mark
from jiaoan.rules.driving.settings import DEFAULTS, SOURCES, Settings
from jiaoan.watch.models.rules import ChangeKind, RuleChange

FIGURES: Final = tuple(each.name for each in fields(Settings) if each.name != "valid_from")
_PLAIN: Final = Settings()


@dataclass(frozen=True)
class Confirmation:
    """Who stands for a figure, since when, by which text."""

    value: int
    by: str
    on: date
    note: str


@dataclass(frozen=True)
class Pending:
    """A changed figure from its day on."""

    version: int
    name: str
    value: int
    valid_from: date
    note: str

    @property
    def about(self) -> str:
        """The name of its small form on a page."""
        return f"withdraw-{self.version}"


@dataclass(frozen=True)
class Standing:
    """``changes`` are those that were not withdrawn, in the order of decision."""

    version: int
    changes: tuple[Pending, ...]
    off: frozenset[str]
    confirmations: Mapping[str, Confirmation]

    def settings(self) -> tuple[Settings, ...]:
        """The figures as :class:`jiaoan.rules.driving.book.Book` takes them.

        Of two changes of one figure the later day holds from that day on, and of the same day the
        later decision; a change holds over the shipped figures of every later day.
        """
        days = {each.valid_from for each in DEFAULTS} | {each.valid_from for each in self.changes}
        return tuple(self._of_day(day) for day in sorted(days))

    def _of_day(self, day: date) -> Settings:
        begun = [each for each in DEFAULTS if each.valid_from <= day][-1]
        held = [each for each in self.changes if each.valid_from <= day]
        held.sort(key=lambda each: (each.valid_from, each.version))
        changed = {each.name: each.value for each in held}
        return replace(begun, valid_from=day, **changed)

    def on(self, day: date) -> Settings:
        """The figures that hold on a local day."""
        return [each for each in self.settings() if each.valid_from <= day][-1]

    def coming(self, name: str, today: date) -> tuple[Pending, ...]:
        """Changes of a figure that do not hold yet: they can be withdrawn."""
        return tuple(each for each in self.changes if each.name == name and each.valid_from > today)

    def mark(self, name: str, day: date) -> Mark:
        """How sure the figure of that day is: confirmed here, or as shipped with its source."""
        value = getattr(self.on(day), name)
        known = self.confirmations.get(name)
        if known is not None and known.value == value:
            return "V"
        shipped = [each for each in DEFAULTS if each.valid_from <= day][-1]
        return SOURCES[name].mark if getattr(shipped, name) == value else "U"

    def document(self) -> dict[str, Json]:
        """``ref.rules.driving``: only what differs from the figures of a plain ``Settings()``."""
        listed: list[Json] = [
            {
                "valid_from": each.valid_from.isoformat(),
                **{
                    name: getattr(each, name)
                    for name in FIGURES
                    if getattr(each, name) != getattr(_PLAIN, name)
                },
            }
            for each in self.settings()
        ]
        off: list[Json] = [*sorted(self.off)]
        return {"version": self.version, "settings": listed, "off": off}


def fold(decisions: Iterable[RuleChange]) -> Standing:
    """All decisions in the order of their versions."""
    changes: dict[int, Pending] = {}
    off: set[str] = set()
    confirmations: dict[str, Confirmation] = {}
    version = 0
    for one in decisions:
        version = one.version
        match ChangeKind(one.kind):
            case ChangeKind.FIGURE:
                assert one.value is not None
                assert one.valid_from is not None
                changes[one.pk] = Pending(
                    one.version, one.subject, one.value, one.valid_from, one.note
                )
            case ChangeKind.WITHDRAWAL:
                changes.pop(one.withdraws_id or 0, None)
            case ChangeKind.CONFIRMATION:
                assert one.value is not None
                assert one.confirmed_on is not None
                confirmations[one.subject] = Confirmation(
                    one.value, one.confirmed_by, one.confirmed_on, one.note
                )
            case ChangeKind.OFF:
                off.add(one.subject)
            case ChangeKind.ON:
                off.discard(one.subject)
    return Standing(version, tuple(changes.values()), frozenset(off), confirmations)


def with_figures(settings: Sequence[Settings], changed: Mapping[str, int]) -> tuple[Settings, ...]:
    """The figures as if the changed ones had always held: what a rehearsal judges by.

    Raises ``ValueError`` where they do not go together (:class:`Settings` says how).
    """
    return tuple(replace(each, valid_from=each.valid_from, **changed) for each in settings)
