"""What must not change a reading: the order of units, line breaks, punctuation, the year."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.notices import read
from jiaoan.notices.model import NotANotice
from notice_support import DATA, facts

NOTICE = (DATA / "2024-yunxi.txt").read_text("utf-8")
FACTS = facts(read(NOTICE))
UNITS = ["安全股", "运输股", "执法大队", "服务中心", "质监站", "公路建设和养护中心"]
RUNS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def breakable(text: str) -> list[int]:
    """Places inside sentences of the items: not in titles, numbers or next to a line end."""
    start = text.index("1. 强化思想引领")
    return [
        i
        for i in range(start + 12, len(text))
        if text[i - 1] not in "\n# *." and text[i] not in "\n# *." and "\n" not in text[i - 8 : i]
    ]


@RUNS
@given(st.lists(st.sampled_from(breakable(NOTICE)), min_size=1, max_size=25, unique=True))
def test_it_reads_the_same_through_random_line_breaks(places: list[int]) -> None:
    text = NOTICE
    for place in sorted(places, reverse=True):
        text = text[:place] + "\n" + text[place:]
    assert facts(read(text)) == FACTS


@RUNS
@given(st.permutations(UNITS), st.integers(1, 5))
def test_it_keeps_lead_and_cooperating_units_in_any_order(units: list[str], leads: int) -> None:
    lead, coop = units[:leads], units[leads:]
    text = (
        "江北区交通运输局2025年安全工作要点\n一、加强检查。每月开展检查。"
        f"（{'、'.join(lead)}牵头，{'、'.join(coop)}按职责分工负责）\n二、加强宣传。持续开展宣传。"
    )
    first = read(text).items[0]
    assert (list(first.lead_units), list(first.coop_units)) == (lead, coop)
    assert not first.joint


@RUNS
@given(st.integers(2015, 2035))
def test_it_moves_with_the_year(year: int) -> None:
    text = re.sub("2024", str(year), NOTICE)
    written = facts(read(text))
    wanted = re.sub("2024", str(year), repr(FACTS))
    assert repr(written) == wanted


@RUNS
@given(st.sets(st.sampled_from("，：；（）？！"), min_size=1))
def test_it_reads_half_width_punctuation(marks: set[str]) -> None:
    half = dict(zip("，：；（）？！", ",:;()?!", strict=True))
    text = NOTICE
    for mark in marks:
        text = text.replace(mark, half[mark])
    written = facts(read(text))
    assert written["items"] == FACTS["items"]
    assert written["report_dates"] == FACTS["report_dates"]


@RUNS
@given(
    st.text(
        alphabet="一二三、（）。；：“《》1234年月底前每季度至少次牵头负责|局科 \n\t#*", max_size=300
    )
)
def test_it_never_fails_on_odd_text(text: str) -> None:
    try:
        reading = read(text)
    except NotANotice:
        return
    assert reading.sentences[0].start == 0
    assert reading.sentences[-1].end == len(text)


@pytest.mark.parametrize(
    "hard",
    [
        "一、" + "（" * 20000,
        "一、每季度" * 1500,
        "一、" + "各单位、" * 8000 + "负责",
        "一、" + "，" * 30000,
        "一、" + "1." * 15000,
    ],
)
def test_it_stays_quick_on_text_made_to_hurt(hard: str) -> None:
    begun = time.process_time()
    with pytest.raises(NotANotice):
        read(hard)
    assert time.process_time() - begun < 10
