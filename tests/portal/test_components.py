"""The small values behind the marks: lights, clocks, year cells, dates, masks, plates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from jiaoan.portal.components import Countdown, Tone, YearCell, due_light, moment_light
from jiaoan.portal.templatetags import ja

TODAY = date(2024, 6, 5)


@pytest.mark.parametrize(
    ("due", "tone", "text"),
    [
        (date(2024, 6, 30), Tone.OK, "25 days left"),
        (date(2024, 6, 13), Tone.OK, "8 days left"),
        (date(2024, 6, 12), Tone.NEAR, "7 days left"),
        (date(2024, 6, 6), Tone.NEAR, "1 day left"),
        (date(2024, 6, 5), Tone.NEAR, "Due today"),
        (date(2024, 6, 4), Tone.LATE, "1 day overdue"),
        (date(2024, 5, 31), Tone.LATE, "5 days overdue"),
    ],
)
def test_it_says_the_days_beside_the_light(due: date, tone: Tone, text: str) -> None:
    with translation.override("en"):
        light = due_light(due, TODAY)
    assert (light.tone, light.text) == (tone, text)


def test_it_is_grey_before_the_window_opens_and_ticked_when_closed() -> None:
    assert due_light(date(2024, 9, 30), TODAY, opens=date(2024, 7, 1)).tone is Tone.IDLE
    assert due_light(date(2024, 5, 1), TODAY, done=True).tone is Tone.DONE


def test_it_draws_the_share_of_the_window_that_is_gone() -> None:
    clock = Countdown(date(2024, 6, 10), TODAY, ["x"], opens=date(2024, 4, 11))
    assert (clock.days, clock.tone, clock.gone) == (5, Tone.NEAR, 275)


def test_it_makes_a_year_cell_as_wide_as_its_window() -> None:
    assert YearCell(4, 3, Tone.LATE, "1").css == "ja-cell--late ja-c4 ja-s3"
    assert YearCell(1, 12, None, "").css == "ja-cell--none ja-c1 ja-s12"
    assert YearCell(1, 1, Tone.OK, "").css.startswith("ja-cell--run")


def test_it_shows_dates_in_bureau_time() -> None:
    late = datetime(2024, 6, 4, 22, 11, 5, tzinfo=UTC)  # 06:11 the next morning in GMT+8
    with translation.override("zh-hans"):
        assert ja.daytime(late) == "6月5日 06:11"
        assert ja.weekday(late) == "星期三"
        assert ja.fullday(late) == "2024年6月5日"
    with translation.override("en"):
        assert ja.daytime(late) == "5 Jun 06:11"
    assert ja.clocktime(late) == "06:11:05"
    assert ja.day(None) == ja.daytime(None) == ja.clocktime(None) == ""


@pytest.mark.parametrize(
    ("name", "masked"), [("孙小平", "孙*平"), ("何平", "何*"), ("欧阳小平", "欧**平"), ("何", "何")]
)
def test_it_masks_names(name: str, masked: str) -> None:
    assert ja.masked(name) == masked


def test_it_shows_the_plate_with_dot_and_colour() -> None:
    assert ja.plate("鄂BA7263", 2) == '<span class="ja-plate">鄂B·A7263<i>黄</i></span>'
    assert "ja-plate--green" in ja.plate("湘FD18206", 94)
    assert "<i>" not in ja.plate("鄂BA7263", None)


def test_it_escapes_what_people_typed() -> None:
    shown = Template("{% load ja %}{% plate text 2 %}{% clause text url %}")
    html = shown.render(Context({"text": "<script>", "url": "/a?b=1&c=2"}))
    assert "<script>" not in html
    assert "&amp;c=2" in html


@pytest.mark.parametrize(
    ("seconds", "tone", "text"),
    [
        (92, Tone.NEAR, "1 minute left"),
        (45, Tone.NEAR, "45 seconds left"),
        (-361, Tone.LATE, "6 minutes late"),
        (-7201, Tone.LATE, "2 hours late"),
    ],
)
def test_it_counts_a_response_limit_in_minutes(seconds: int, tone: Tone, text: str) -> None:
    now = datetime(2024, 6, 5, 6, 0, tzinfo=UTC)
    with translation.override("en"):
        light = moment_light(now + timedelta(seconds=seconds), now)
    assert (light.tone, light.text) == (tone, text)
