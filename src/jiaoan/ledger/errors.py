"""What a write refuses, in words that a form can show beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from jiaoan.ledger.models import Plan


class FieldErrors(Exception):
    """Bad input: field name → sentence that says what is wrong and what to do."""

    def __init__(self, errors: Mapping[str, str | Promise]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.errors.items()))


class Blocked(Exception):
    """The act is not possible now; the sentence says why and what would make it possible."""

    def __init__(self, sentence: str | Promise) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class AlreadyRead(Exception):
    """The same octets were read in before: ``plan`` is what they made."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(f"plan {plan.pk}")
