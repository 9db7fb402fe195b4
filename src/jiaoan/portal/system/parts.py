"""运行状态: which part of the installation is at work, still loading, or down, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.portal.access import page
from jiaoan.portal.asked import clock
from jiaoan.stores.parts import Part, State, load

_NAMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "bus": (_("Bus"), _("Keeps what came in until it is judged.")),
    "gateway": (_("Gateway"), _("Terminals connect to it; their positions are kept on the bus.")),
    "platform": (_("Links to other platforms"), _("JT/T 809, upwards and downwards.")),
    "stream": (_("Stream"), _("Judges positions, writes tracks; until then both wait on the bus.")),
    "worker": (
        _("Worker"), _("Records findings, opens alarms, follows due dates; until then they wait."),
    ),
    "web": (pgettext_lazy("part", "Pages"), _("What you are looking at.")),
    "simulator": (_("Simulator"), _("Drives the sample vehicles of the demonstration.")),
}  # fmt: skip
_STATES: dict[State, tuple[str | Promise, str]] = {
    State.WAITING: (pgettext_lazy("part", "to be started"), "idle"),
    State.LOADING: (pgettext_lazy("part", "loading"), "near"),
    State.WORKING: (pgettext_lazy("part", "at work"), "ok"),
    State.DOWN: (pgettext_lazy("part", "down, being started again"), "late"),
}


@dataclass(frozen=True)
class Line:
    """One part as it is shown; ``since`` on the clock of the installation."""

    part: Part
    name: str | Promise
    number: str
    purpose: str | Promise
    state: str | Promise
    tone: str
    since: datetime


def lines(folder: Path, now: Clock) -> list[Line]:
    """Those that are not at work first."""
    shift = now.now() - datetime.now(UTC)
    found = [_line(each, each.since + shift) for each in load(folder)]
    return sorted(found, key=lambda each: each.part.state is State.WORKING)


def _line(part: Part, since: datetime) -> Line:
    room, _dash, number = part.name.partition("-")
    name, purpose = _NAMES.get(room, (part.name, ""))
    state, tone = _STATES[part.state]
    return Line(part, name, number, purpose, state, tone, since)


@require_safe
@page("org.manage")
def parts(request: HttpRequest) -> HttpResponse:
    """The page; asked by htmx only its table, which asks again every few seconds."""
    shown = lines(Path(settings.DATA_DIR), clock(request))
    missing = sum(each.part.state is not State.WORKING for each in shown)
    context = {"section": "system", "lines": shown, "missing": missing}
    only_table = request.headers.get("HX-Request") == "true"
    return render(request, f"portal/system/{'_parts' if only_table else 'parts'}.html", context)
