"""A rehearsal that waits, for the worker's process tests; ``stuck``: it runs under nobody.

``python tests/worker/rehearsed.py waits|stuck`` in ``JIAOAN_DATA``.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(what: str) -> None:
    import django

    django.setup()
    from django.conf import settings

    from hazmat.factory import clock_at
    from jiaoan.org.models import User
    from jiaoan.registry.models import Vehicle
    from jiaoan.scope import SystemActor
    from jiaoan.watch.models.rehearsal import RehearsalKind
    from jiaoan.watch.rehearsal import actions
    from jiaoan.watch.rehearsal.actions import Wanted
    from rehearsal_world import fast, write

    clock = clock_at(6, 0)
    person = User.objects.get(username="clerk")
    person.assignments.get_or_create(role="section_head", organisation=person.organisation)
    if what == "stuck":
        actions.claim(SystemActor("worker", frozenset({"alarm.open"})), clock)
    else:
        quick, also, slow = Vehicle.objects.order_by("id")[:3]
        write(Path(settings.DATA_DIR), fast(quick.pk, 20), fast(also.pk, 20), fast(slow.pk, 120))
    actions.ask(
        person, clock, RehearsalKind.RULE, subject="driving.overspeed", title="超速行驶",
        proposal={"over_s": 10}, wanted=Wanted("2024-04-07", "2024-04-07"),
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
