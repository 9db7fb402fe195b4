"""Kinds of facts and objects in the words of the trade.

A fact's kind is an identifier ("ledger.closed"); its word on screen is the message of that
identifier in the context ``fact``. English falls back to the identifier read aloud.
"""

from __future__ import annotations

from django.utils.translation import pgettext


def fact_word(kind: str) -> str:
    word = pgettext("fact", kind)
    return kind.split(".")[-1].replace("_", " ") if word == kind else word


def object_word(obj: str) -> str:
    """``ledger.occurrence:12`` → 事项 12; what has no word keeps its name."""
    label, _, number = obj.partition(":")
    word = pgettext("object", label)
    return f"{label if word == label else word} {number}".strip()
