"""Each word that only the pure rooms know has one for each language of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pytest
from django.template import Context, Template
from django.utils.translation import override

from jiaoan.kernel.plates import PlateColour
from jiaoan.kernel.windows import Every
from jiaoan.notices.compare import ChangedField, ChangeKind
from jiaoan.portal.names import CHANGES, COLOURS, FIELDS, PERIODS


@pytest.mark.parametrize(
    ("names", "kind"),
    [(COLOURS, PlateColour), (PERIODS, Every), (CHANGES, ChangeKind), (FIELDS, ChangedField)],
)
def test_it_says_the_term_in_chinese_and_a_word_in_english(
    names: Mapping[Any, object], kind: type[Enum]
) -> None:
    assert set(names) == set(kind)
    with override("zh-hans"):
        assert {one: str(word) for one, word in names.items()} == {
            one: one.label_zh for one in names
        }
    with override("en"):
        assert all(str(word).isascii() for word in names.values())


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "甲：1、2；。"), ("en", "甲: 1, 2; . ")]
)
def test_it_points_as_the_language_does(language: str, said: str) -> None:
    words = "{% load ja %}甲{% colon %}{{ members|listed }}{% semicolon %}{% stop %}"
    with override(language):
        assert Template(words).render(Context({"members": [1, 2]})) == said
