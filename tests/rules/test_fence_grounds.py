"""A track through places that change meanwhile is judged by those of the time of each point."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences as twin
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.fences import Fence, Fences, Finding, Vehicle
from jiaoan.rules.fences.grounds import Grounds, Version
from jiaoan.rules.fences.memory import Memory
from jiaoan.rules.fences.values import ALWAYS
from jiaoan.stores.positions import key_of
from rules.test_fence_pass import FENCES, KINDS, Rows, tracks
from rules.test_fences import START

quiet = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
Held = dict[int, Fence]


BOOK = Book({vehicle: Profile(kind=kind) for vehicle, kind in KINDS.items()})


def order(finding: Finding) -> tuple[int, int, str]:
    """What one point says of several places has the order of their numbers."""
    return finding.point.time_ms, finding.fence.place_id, finding.kind


def step_by_step(
    track: Rows, moments: list[int], held: list[Held]
) -> tuple[list[Finding], dict[int, Vehicle]]:
    """The plain twin, point by point: as it is live when places change between two points."""
    memory: dict[int, Vehicle] = {}
    found: list[Finding] = []
    at = -1
    for row in range(len(track)):
        now = sum(moment <= track["time_ms"][row] for moment in moments)
        fences = Fences(held[now].values())
        if at not in (-1, now):
            fresh = {place for place, one in held[now].items() if held[at].get(place) != one}
            memory.update(twin.adopt(fences, memory, fresh))
        at = now
        outcome = twin.judge(fences, memory, track[row : row + 1], key_of=key_of, kinds=BOOK)
        memory.update(outcome.vehicles)
        found += outcome.findings
    return found, memory


@quiet
@given(st.data())
def test_each_point_is_judged_by_the_places_of_its_time(data: st.DataObject) -> None:
    drawn = data.draw(tracks())
    track = drawn[np.argsort(drawn["time_ms"], kind="stable")]
    track["vehicle"] = 1
    moments = sorted(data.draw(st.lists(st.integers(-2, 60), min_size=1, max_size=3, unique=True)))
    moments = [int(track["time_ms"][0]) + 60_000 * each for each in moments]
    sets = data.draw(
        st.lists(
            st.lists(st.sampled_from(FENCES), unique_by=lambda each: each.place_id),
            min_size=len(moments) + 1, max_size=len(moments) + 1,
        )
    )  # fmt: skip
    held = [{each.place_id: each for each in one} for one in sets]
    versions = {
        place: [
            Version(moment, one.get(place), str(place))
            for moment, one, before in zip([ALWAYS, *moments], held, [{}, *held], strict=False)
            if moment == ALWAYS or one.get(place) is not before.get(place)
        ]
        for place in {each.place_id for each in FENCES}
    }
    grounds = Grounds(versions, Fences(held[-1].values()))
    expected, memory = step_by_step(track, moments, held)
    cuts = data.draw(st.lists(st.integers(0, len(track)), max_size=3))
    packed, found = Memory(), []
    for begin, end in pairwise([0, *sorted(cuts), len(track)]):
        found += grounds.walk(packed, track[begin:end], BOOK)
    assert sorted(found, key=order) == sorted(expected, key=order)
    assert packed.vehicles() == memory


def test_a_place_that_is_redrawn_is_known_in_each_of_its_versions() -> None:
    fence = FENCES[0]
    grounds = Grounds({1: [Version(START, fence, "a")]}, Fences([fence]))
    assert grounds.held(1, fence.version, START)
    assert not grounds.held(1, fence.version, START - 1)
    assert not grounds.held(1, fence.version + 1, START)
    assert grounds.at(START - 1).by_place == {}
    assert grounds.at(START).by_place == {1: 0}
