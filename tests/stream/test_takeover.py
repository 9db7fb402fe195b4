"""Blocks cut anyhow, owners killed anywhere: fences and driving tell what one quiet run tells."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import Positions, key_of
from jiaoan.stream.reference import References
from stream.world import NOW, World
from stream_district import around, fleet, standing


def district() -> References:
    references = References(cast(Bus, None))
    for number, (subject, value) in enumerate(standing(6, driving=True), 1):
        references.apply(Message(subject, json.dumps(value).encode(), number, NOW))
    references.rebuild()
    return references


def undisturbed(rows: Positions, references: References) -> list[str]:
    """By the plain form of the fences, and driving in one go."""
    fenced = fences.judge(
        references.fences, {}, rows, key_of=key_of, kinds=references.book()
    ).findings
    surroundings = around(references, rows)
    driven = judge(Driving(), rows, references.book(), surroundings=surroundings).findings
    return sorted([*(each.id for each in fenced), *(each.id for each in driven)])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_cutting_and_any_take_over_tell_what_a_quiet_run_tells(data: st.DataObject) -> None:
    references = district()
    blocks = fleet(seed=data.draw(st.integers(0, 10**6)), vehicles=6, rounds=40)
    rows = np.concatenate([array for _, array in blocks])
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=12))
    world = World(references)
    for begin, end in pairwise([0, *sorted(cuts), len(rows)]):
        world.hear(rows[begin:end])
        for step in data.draw(st.lists(st.sampled_from(["kill", "save"]), max_size=2)):
            getattr(world, step)()
    assert world.ids() == undisturbed(rows, references)


def test_the_fleet_tells_of_both() -> None:
    """Else the test above would prove little."""
    references = district()
    rows = np.concatenate([array for _, array in fleet(seed=1, vehicles=6, rounds=40)])
    world = World(references)
    world.hear(rows)
    rules = {str(json.loads(data)["rule"]) for data in world.stored.values()}
    assert {"fence.enter", "fence.leave", "driving.overspeed", "driving.drift"} <= rules
