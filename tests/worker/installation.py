"""An installation with tankers for the worker's process tests.

``python tests/worker/installation.py COUNT`` makes the rows in ``JIAOAN_DATA`` and prints one
finding a line: the unfiled entry of each, then the beginning and the end of an overspeed of each.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(count: int) -> None:
    import django

    django.setup()
    from hazmat.factory import SYSTEM, finding_json, make_world
    from jiaoan.registry.actions import add_vehicle
    from watch.told import end_of, message, overspeed

    world = make_world()
    driven: list[bytes] = []
    for number in range(count):
        tanker = add_vehicle(
            SYSTEM,
            world.clock,
            plate=f"鄂B{number:05d}",
            plate_colour=2,
            kind="hazmat",
            outside=True,
        )
        print(finding_json(tanker, at=world.clock.now()).decode())
        begun = overspeed(tanker, world.clock.now())
        driven += [message(tanker, begun), message(tanker, end_of(begun, 95))]
    print(b"\n".join(driven).decode())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    main(int(sys.argv[1]))
