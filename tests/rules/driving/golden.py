"""Golden cases, written by hand from the text of the rules, apart from the pass and its twin.

A script is a list of lines ``time: what``: from that local time on, one point every ``step``
seconds, up to the next line (exclusive). ``what`` is ``drive V`` (V km/h, moving so), ``stand``,
``says V goes W`` (reports V, moves at W), ``silent [N m]`` (no points; the vehicle is N metres
further when it speaks again), ``end``. Expected: phase, time of the deciding point, figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jiaoan.rules.driving.book import Profile
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settings import Settings

Expected = tuple[str, str, Mapping[str, int]]
TRUCK, HAZMAT = Profile(kind="truck"), Profile(kind="hazmat")
COACH = Profile(kind="coach", service="long-distance", one_way_km=900)


@dataclass(frozen=True)
class Case:
    """One golden case. ``limit`` (0.1 km/h), ``road`` and the others of ``SURROUNDINGS`` are what
    the places say of every row.
    """

    rule: Rule
    name: str
    script: str
    expected: tuple[Expected, ...] = ()
    profile: Profile = TRUCK
    day: str = "2024-04-08"
    step: int = 30
    limit: int = 0
    road: int = 0
    express: int = 0
    other: int = 0
    roads: int = 0
    known: bool = False
    cards: tuple[tuple[str, int], ...] = ()  # (time, driver)
    settings: Settings = field(default_factory=Settings)
    alarm: int = 0


def begun(time: str, **values: int) -> Expected:
    return ("begun", time, values)


def ended(time: str, **values: int) -> Expected:
    return ("ended", time, values)


_C = Rule.CONTINUOUS
CONTINUOUS = (
    Case(_C, "four hours exactly", "08:00 drive 60\n12:00 stand\n12:30 end"),
    Case(
        _C, "half a minute more", "08:00 drive 60\n12:01 stand\n12:30 end",
        (begun("12:00:30", driven_s=14430), ended("12:21:00", driven_s=14460)),
    ),
    Case(
        _C, "19 minutes are no rest", "08:00 drive 60\n10:00 stand\n10:19 drive 60\n12:01 end",
        (begun("12:00:30", driven_s=14430, paused_s=1140),),
    ),
    Case(_C, "20 minutes are a rest", "08:00 drive 60\n10:00 stand\n10:20 drive 60\n14:20 end"),
    Case(_C, "21 minutes are a rest", "08:00 drive 60\n10:00 stand\n10:21 drive 60\n14:21 end"),
    Case(
        _C, "after a rest a new four hours",
        "08:00 drive 60\n10:00 stand\n10:20 drive 60\n14:21 end", (begun("14:20:30"),),
    ),
    Case(
        _C, "two stops of ten minutes do not add up",
        "08:00 drive 60\n09:00 stand\n09:10 drive 60\n09:30 stand\n09:40 drive 60\n12:01 end",
        (begun("12:00:30", paused_s=1200),),
    ),
    Case(
        _C, "pauses left out by setting",
        "08:00 drive 60\n10:00 stand\n10:19 drive 60\n12:20 end",
        (begun("12:19:30", driven_s=14430),), settings=Settings(pauses_count=0),
    ),
    Case(
        _C, "over midnight and the year", "21:00 drive 60\n+1 01:01 end", (begun("+1 01:00:30"),),
        day="2024-12-31",
    ),
    Case(
        _C, "over 22:00 a lorry keeps four hours", "20:00 drive 60\n+1 00:01 end",
        (begun("+1 00:00:30"),),
    ),
    Case(
        _C, "silent 25 minutes at the same place", "08:00 drive 60\n10:00 silent 0 m\n"
        "10:25 drive 60\n14:20 end",
    ),
    Case(
        _C, "silent 25 minutes and 20 km on: at most 15 minutes of rest", "08:00 drive 60\n"
        "10:00 silent 20000 m\n10:25 drive 60\n12:01 end", (begun("12:00:30"),),
    ),
    Case(
        _C, "silent 35 minutes and 20 km on: a rest was possible", "08:00 drive 60\n"
        "10:00 silent 20000 m\n10:35 drive 60\n14:20 end",
    ),
    Case(
        _C, "a hole of four minutes is no gap", "08:00 drive 60\n10:00 silent 4000 m\n"
        "10:04 drive 60\n12:01 end", (begun("12:00:30"),),
    ),
    Case(
        _C, "speed 0 but on its way", "08:00 drive 60\n09:00 says 0 goes 60\n12:01 end",
        (begun("12:00:30"),),
    ),
    Case(
        _C, "another driver begins anew", "08:00 drive 60\n12:30 end",
        cards=(("07:59", 1), ("10:00", 2)),
    ),
    Case(
        _C, "back after 19 minutes: his own four hours go on", "08:00 drive 60\n12:01 end",
        (begun("12:00:30"),), cards=(("07:59", 1), ("10:00", 2), ("10:19", 1)),
    ),
    Case(
        _C, "back after more than 20 minutes of rest", "08:00 drive 60\n12:30 end",
        cards=(("07:59", 1), ("10:00", 2), ("10:21", 1)),
    ),
    Case(
        _C, "the same card again changes nothing", "08:00 drive 60\n12:01 end",
        (begun("12:00:30"),), cards=(("07:59", 1), ("10:00", 1)),
    ),
    Case(
        _C, "a first card on the way gives the unknown driver his name",
        "08:00 drive 60\n12:01 end", (begun("12:00:30"),), cards=(("10:00", 1),),
    ),
)  # fmt: skip

_N = Rule.NIGHT
NIGHT = (
    Case(_N, "two hours at night", "20:30 drive 60\n22:31 end", (begun("22:30:30"),), COACH),
    Case(_N, "two hours exactly at 22:00", "20:00 drive 60\n22:00:30 end", (), COACH),
    Case(
        _N, "at 22:00 the limit falls", "19:00 drive 60\n22:01 end",
        (begun("22:00:00", driven_s=10800),), COACH,
    ),
    Case(_N, "at 06:00 it is day", "04:00 drive 60\n07:00 stand\n07:30 end", (), COACH),
    Case(
        _N, "just before 06:00", "03:59 drive 60\n06:10 stand\n06:31 end",
        (begun("05:59:30"), ended("06:30:00", driven_s=7860)), COACH,
    ),
    Case(
        _N, "20 minutes' rest at night", "22:00 drive 60\n+1 00:00 stand\n"
        "+1 00:20 drive 60\n+1 02:00 end", (), COACH,
    ),
    Case(_N, "a lorry is not subject", "22:00 drive 60\n+1 01:00 end", (), TRUCK),
    Case(_N, "nor a hazmat vehicle", "22:00 drive 60\n+1 01:00 end", (), HAZMAT),
    Case(
        _N, "unless the bureau says so", "22:00 drive 60\n+1 00:01 end", (begun("+1 00:00:30"),),
        HAZMAT, settings=Settings(hazmat_fatigue=1),
    ),
    Case(
        _N, "over the end of the year", "22:30 drive 60\n+1 00:31 end", (begun("+1 00:30:30"),),
        COACH, day="2024-12-31",
    ),
)  # fmt: skip

_HALF_DAY = "06:00 drive 60\n10:00 stand\n10:30 drive 60\n14:30 stand\n15:00 "
_WORKING_DAY = "\n".join(
    f"+{day} 06:00 drive 60\n+{day} 10:00 stand\n+{day} 10:30 drive 60\n+{day} 13:50 stand"
    for day in range(6)
)
TOTALS = (
    Case(Rule.DAY_TOTAL, "eight hours exactly", _HALF_DAY + "end", (), COACH),
    Case(
        Rule.DAY_TOTAL, "and a minute begun", _HALF_DAY + "drive 60\n15:02 end",
        (begun("15:00:30", driven_s=481 * 60),), COACH,
    ),
    Case(
        Rule.DAY_TOTAL, "older than 24 hours is forgotten", _HALF_DAY + "silent 0 m\n"
        "+1 14:30 drive 60\n+1 18:29 end", (), COACH, step=60,
    ),
    Case(
        Rule.DAY_TOTAL, "a stand of two minutes is traffic",
        "06:00 drive 60\n10:00 stand\n10:30 drive 60\n12:00 stand\n12:02 drive 60\n14:31 end",
        (begun("14:30:30"),), COACH,
    ),
    Case(
        Rule.DAY_TOTAL, "a stand of three minutes is a pause",
        "06:00 drive 60\n10:00 stand\n10:30 drive 60\n12:00 stand\n12:03 drive 60\n14:33 end",
        (), COACH,
    ),
    Case(Rule.DAY_TOTAL, "not a lorry's rule", _HALF_DAY + "drive 60\n15:10 end"),
    Case(
        Rule.WEEK_TOTAL, "44 hours exactly in seven days", _WORKING_DAY + "\n+5 14:30 end", (),
        COACH, step=60,
    ),
    Case(
        Rule.WEEK_TOTAL, "and a minute on the seventh", _WORKING_DAY + "\n+6 08:00 drive 60\n"
        "+6 08:03 end", (begun("+6 08:01:00", driven_s=2641 * 60),), COACH, step=60,
    ),
    Case(
        Rule.WEEK_TOTAL, "the eighth day is another seven", _WORKING_DAY + "\n+7 08:00 drive 60\n"
        "+7 08:03 end", (), COACH, step=60,
    ),
)  # fmt: skip

_S = Rule.SMALL_HOURS


def _service(service: str, km: int) -> Profile:
    return Profile(kind="coach", service=service, one_way_km=km)  # type: ignore[arg-type]


_NIGHT_RUN = "01:50 drive 60\n02:02 stand\n05:01 end"
HOURS = (
    Case(
        _S, "from 02:00 on", _NIGHT_RUN,
        (begun("02:00:30", points=2), ended("05:00:00", points=4)), COACH,
    ),
    Case(_S, "stands at 02:00 sharp", "01:50 drive 60\n02:00 stand\n05:00 drive 60\n06:00 end",
         (), COACH),
    Case(_S, "one moving point is none", "04:59:30 drive 60\n05:10 end", (), COACH),
    Case(
        _S, "just before 05:00", "04:59 drive 60\n05:10 end",
        (begun("04:59:30"), ended("05:00:00", points=2)), COACH,
    ),
    Case(_S, "relay coaches 接驳", _NIGHT_RUN, (), _service("relay", 900)),
    Case(_S, "commuter charter of 200 km", _NIGHT_RUN, (), _service("commuter", 200)),
    Case(
        _S, "commuter charter of 201 km", _NIGHT_RUN, (begun("02:00:30"), ended("05:00:00")),
        _service("commuter", 201),
    ),
    Case(
        _S, "150 km under the older text", _NIGHT_RUN, (begun("02:00:30"), ended("05:00:00")),
        _service("airport-rail", 150), day="2022-04-08", settings=Settings(relay_exempt_km=100),
    ),
    Case(_S, "not a hazmat vehicle's rule", _NIGHT_RUN, (), HAZMAT),
    Case(
        Rule.HAZMAT_BAN, "expressway from 00:00 to 06:00",
        "23:50 drive 60\n+1 06:01 end",
        (begun("+1 00:00:30"), ended("+1 06:00:00", points=720)), HAZMAT, road=1,
    ),
    Case(Rule.HAZMAT_BAN, "another road", "23:50 drive 60\n+1 01:00 end", (), HAZMAT, road=2),
    Case(Rule.HAZMAT_BAN, "road not known", "23:50 drive 60\n+1 01:00 end", (), HAZMAT),
    Case(Rule.HAZMAT_BAN, "a coach", "23:50 drive 60\n+1 01:00 end", (), COACH, road=1),
    Case(Rule.HAZMAT_BAN, "from 06:00 on", "06:00 drive 60\n08:00 end", (), HAZMAT, road=1),
    Case(
        Rule.SCHOOL_HOURS, "within its hours", "06:30 drive 40\n07:59 stand\n09:00 end", (),
        Profile(kind="school_bus", school_hours=((390, 480),)),
    ),
    Case(
        Rule.SCHOOL_HOURS, "before its hours", "06:28 drive 40\n06:40 end",
        (begun("06:28:30"), ended("06:30:00", points=4)),
        Profile(kind="school_bus", school_hours=((390, 480),)),
    ),
    Case(
        Rule.SCHOOL_HOURS, "on a Saturday", "06:30 drive 40\n06:40 end", (begun("06:30:30"),),
        Profile(kind="school_bus", school_hours=((390, 480),)), day="2024-04-06",
    ),
)  # fmt: skip

_O = Rule.OVERSPEED
OVERSPEED = (
    Case(_O, "29 seconds", "10:00 drive 61\n10:00:30 drive 50\n10:05 end", step=1, limit=600),
    Case(_O, "30 seconds", "10:00 drive 61\n10:00:31 drive 50\n10:05 end", step=1, limit=600),
    Case(
        _O, "31 seconds", "10:00 drive 61\n10:00:32 drive 50\n10:05 end",
        (
            begun("10:00:31", peak_speed=610, over_s=31, points=32, limit_source=2),
            ended("10:01:32", peak_speed=610, over_s=31, points=32),
        ), step=1, limit=600,
    ),
    Case(_O, "the limit exactly", "10:00 drive 60\n10:05 end", step=1, limit=600),
    Case(
        _O, "a tenth over it", "10:00 drive 60.1\n10:01 end", (begun("10:00:31"),), step=1,
        limit=600,
    ),
    *(
        Case(
            _O, f"again after {pause} seconds",
            f"10:00 drive 61\n10:00:41 drive 50\n{again} drive 62\n10:03 drive 50\n10:06 end",
            events, step=1, limit=600,
        )
        for pause, again, events in (
            (59, "10:01:39", (begun("10:00:31"), ended("10:04:00", peak_speed=620))),
            (60, "10:01:40", (begun("10:00:31"), ended("10:04:00", peak_speed=620))),
            (
                61, "10:01:41",
                (
                    begun("10:00:31"), ended("10:01:41", peak_speed=610), begun("10:02:12"),
                    ended("10:04:00", peak_speed=620),
                ),
            ),
        )
    ),
    Case(
        _O, "a short one within a minute is not added",
        "10:00 drive 61\n10:00:41 drive 50\n10:01:10 drive 99\n10:01:20 drive 50\n10:06 end",
        (begun("10:00:31"), ended("10:01:41", peak_speed=610, over_s=40)), step=1, limit=600,
    ),
    Case(
        _O, "a hole of a minute",
        "10:00 drive 61\n10:00:01 silent 1000 m\n10:01 drive 61\n10:01:10 drive 50\n10:05 end",
        (begun("10:01:00", over_s=60, points=2), ended("10:02:10", points=11)), step=1, limit=600,
    ),
    Case(
        _O, "a longer hole breaks it",
        "10:00 drive 61\n10:00:01 silent 1000 m\n10:01:01 drive 61\n10:01:31 drive 50\n10:05 end",
        step=1, limit=600,
    ),
    Case(_O, "night share of a coach, exactly", "22:00 drive 68\n22:05 end", (), COACH, limit=850),
    Case(
        _O, "night share of a coach, a tenth more", "22:00 drive 68.1\n22:02 end",
        (begun("22:01:00", limit_milli=68000, limit_source=10),), COACH, limit=850,
    ),
    Case(
        _O, "80 per cent is not rounded", "22:00 drive 64.8\n22:05 end", (), COACH, limit=810,
    ),
    Case(
        _O, "80 per cent is not rounded, a tenth more", "22:00 drive 64.9\n22:02 end",
        (begun("22:01:00", limit_milli=64800),), COACH, limit=810,
    ),
    Case(
        _O, "the night begins at 22:00", "21:58 drive 70\n22:02 end", (begun("22:00:31"),), COACH,
        limit=850, step=1,
    ),
    Case(
        _O, "the night ends at 06:00", "05:59:40 drive 70\n06:02 end", (), COACH, limit=850, step=1,
    ),
    Case(_O, "a lorry has no night share", "22:00 drive 84\n22:05 end", limit=850),
    Case(_O, "hazmat at 80 on an expressway", "10:00 drive 80\n10:05 end", (), HAZMAT, road=1),
    Case(
        _O, "hazmat over 80 on an expressway", "10:00 drive 81\n10:02 end",
        (begun("10:01:00", limit_milli=80000, limit_source=3),), HAZMAT, road=1,
    ),
    Case(
        _O, "hazmat over 60 on another road", "10:00 drive 61\n10:02 end",
        (begun("10:01:00", limit_milli=60000),), HAZMAT, road=2,
    ),
    Case(_O, "hazmat where the road is not known", "10:00 drive 79\n10:05 end", (), HAZMAT),
    Case(
        _O, "hazmat under a lower sign", "10:00 drive 45\n10:02 end",
        (begun("10:01:00", limit_milli=40000, limit_source=2),), HAZMAT, road=1, limit=400,
    ),
    Case(
        _O, "the section of an expressway", "10:00 drive 61\n10:02 end",
        (begun("10:01:00", limit_milli=60000, limit_source=2),), road=1, express=600,
    ),
    Case(
        _O, "a place that is no road, lower than the road", "10:00 drive 51\n10:02 end",
        (begun("10:01:00", limit_milli=50000, limit_source=2),), road=1, express=600, limit=500,
    ),
    # A viaduct over a street: an expressway of 100 above, a street of 40 below.
    Case(
        _O, "over the limit of the street alone", "10:00 drive 80\n10:02 end", (),
        express=1000, other=400, roads=2,
    ),
    Case(
        _O, "over the limits of both", "10:00 drive 101\n10:02 end",
        # 100 is the general limit of a lorry as well; the road's holds where they are equal.
        (begun("10:01:00", limit_milli=100000, limit_source=2 | 16),),
        express=1000, other=400, roads=2,
    ),
    Case(
        _O, "a street without a limit below", "10:00 drive 80\n10:02 end", (),
        Profile(), express=600, other=0, roads=2,
    ),
    Case(
        _O, "hazmat: 80 above, 60 below", "10:00 drive 80\n10:02 end", (), HAZMAT,
        express=1000, other=700, roads=2,
    ),
    Case(
        _O, "hazmat over 80 above and 60 below", "10:00 drive 81\n10:02 end",
        (begun("10:01:00", limit_milli=80000, limit_source=3 | 16),), HAZMAT,
        express=1000, other=700, roads=2,
    ),
    Case(
        # Above 40 is allowed (a site), below 60 for its kind: 60 is the most generous.
        _O, "hazmat where the road above is the slower one", "10:00 drive 61\n10:02 end",
        (begun("10:01:00", limit_milli=60000, limit_source=3 | 16),), HAZMAT,
        express=400, other=900, roads=2,
    ),
    Case(
        _O, "two streets of 40 and of 60", "10:00 drive 61\n10:02 end",
        (begun("10:01:00", limit_milli=60000, limit_source=2 | 16),), road=2, other=600, roads=1,
    ),
    Case(
        _O, "the firm's own limit is lower than those of both", "10:00 drive 55\n10:02 end",
        (begun("10:01:00", limit_milli=50000, limit_source=1),), Profile(kind="truck", limit=500),
        express=1000, other=600, roads=2,
    ),
    Case(
        _O, "the terminal says so", "10:00 drive 40\n10:02 end",
        (begun("10:01:00", limit_milli=0, limit_source=4),), alarm=2,
    ),
    Case(
        _O, "the terminal's own figure", "10:00 drive 71\n10:02 end",
        (begun("10:01:00", limit_milli=70000, limit_source=4),),
        Profile(kind="truck", terminal_limit=700),
    ),
)  # fmt: skip

SILENCE = (
    Case(
        Rule.OFFLINE, "29 minutes", "10:00 drive 60\n10:10 silent 0 m\n10:38:30 stand\n10:40 end",
    ),
    Case(
        Rule.OFFLINE, "30 minutes", "10:00 drive 60\n10:10 silent 0 m\n10:39:30 stand\n10:40 end",
        (ended("10:39:30", silent_s=1800),),
    ),
    Case(
        Rule.DISPLACED, "1,999 m while off line",
        "10:00 stand\n10:10 silent 1999 m\n10:50 stand\n10:51 end", (), HAZMAT,
    ),
    Case(
        Rule.DISPLACED, "2,001 m while off line",
        "10:00 stand\n10:10 silent 2001 m\n10:50 stand\n10:51 end",
        (begun("10:50:00", silent_s=2430),), HAZMAT,
    ),
    Case(
        Rule.DISPLACED, "far, but not long enough off line",
        "10:00 drive 60\n10:10 silent 25000 m\n10:39 stand\n10:40 end", (), HAZMAT,
    ),
    Case(Rule.STAY, "two hours exactly", "10:00 stand\n12:00:30 drive 60\n12:05 end", (), HAZMAT),
    Case(
        Rule.STAY, "more than two hours", "10:00 stand\n12:01 drive 60\n12:05 end",
        (begun("12:00:30", stood_s=7230), ended("12:01:00", stood_s=7230)), HAZMAT,
    ),
    Case(
        Rule.STAY, "in a known place", "10:00 stand\n14:00 drive 60\n14:05 end", (), HAZMAT,
        known=True,
    ),
    Case(
        Rule.STAY, "the terminal sleeps, the vehicle stays",
        "10:00 stand\n10:10 silent 50 m\n12:10 stand\n12:11 end", (begun("12:10:00"),), HAZMAT,
    ),
    Case(
        Rule.STAY, "found elsewhere it did not stay",
        "10:00 stand\n10:10 silent 150 m\n12:10 stand\n12:11 end", (), HAZMAT,
    ),
    Case(Rule.STAY, "not a lorry's rule", "10:00 stand\n14:00 end"),
)  # fmt: skip

QUALITY = (
    Case(
        Rule.DRIFT, "160 km/h between two points", "10:00 drive 30\n10:02 says 30 goes 160\n"
        "10:02:30 drive 30\n10:03 end",
    ),
    Case(
        Rule.DRIFT, "more than 160 km/h between two points",
        "10:00 drive 30\n10:02 says 30 goes 165\n10:02:30 drive 30\n10:03 end",
        (begun("10:02:30", implied_kmh=165),),
    ),
    Case(
        Rule.FROZEN, "speed without way for two minutes",
        "10:00 drive 60\n10:01 says 60 goes 0\n10:04 drive 60\n10:05 end",
        (begun("10:03:00", points=5), ended("10:04:30", points=7)),
    ),
    Case(Rule.FROZEN, "standing is not frozen", "10:00 stand\n11:00 end"),
    Case(
        Rule.MISMATCH, "says 0 and goes",
        "10:00 stand\n10:01 says 0 goes 30\n10:03 stand\n10:04 end",
        (begun("10:02:30", points=3), ended("10:03:30", points=4)),
    ),
    Case(
        Rule.MISMATCH, "two points are chance",
        "10:00 stand\n10:01 says 0 goes 30\n10:02 stand\n10:04 end",
    ),
    Case(
        Rule.INVALID, "161 km/h", "10:00 drive 161\n10:01 end", (begun("10:00:00", fields=4),),
    ),
    Case(Rule.INVALID, "160 km/h", "10:00 drive 160\n10:01 end"),
)  # fmt: skip

CASES = (*CONTINUOUS, *NIGHT, *TOTALS, *HOURS, *OVERSPEED, *SILENCE, *QUALITY)
