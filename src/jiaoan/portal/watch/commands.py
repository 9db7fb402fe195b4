"""Talking to a terminal 下发文字、点名、参数: from the alarm desk, the map and its own page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import clock as moment
from jiaoan.portal.supervision.shared import lines, subordinates
from jiaoan.portal.watch import held
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Refused, can
from jiaoan.watch.commands import actions, figures, queries
from jiaoan.watch.commands.kinds import PARAMETERS, TOLD, CommandKind
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.posts.kinds import RECORDS, SIZES
from jiaoan.watch.posts.queries import of_vehicle
from jiaoan.watch.uploads.decoding import word
from jiaoan.watch.uploads.kinds import MediaEvent, MediaType
from jiaoan.watch.uploads.queries import media_of, pictures_of

SENTENCES = (
    "您的车辆未备案进入本辖区，请就近驶入停车区等候核查。",
    "前方禁止危险货物车辆通行，请在下一出口驶离。",
    "您已超速，请减速行驶。",
    "您已连续驾驶超时，请就近进服务区休息。",
    "请立即回电交通运输局。",
)
"""Sentences to begin with: for drivers, who read and hear Chinese whatever language the desk has;
short, because they drive."""

_REASONS: dict[str, str | Promise] = {
    "failed": gettext_lazy("the terminal says: failed"),
    "bad_message": gettext_lazy("the terminal says: message wrong"),
    "unsupported": gettext_lazy("the terminal says: not supported"),
    "no_such_channel": gettext_lazy("the terminal says: no such camera"),
    "not_in_edition": gettext_lazy("its version of 808 knows no such order"),
    "expired": gettext_lazy("its time was over before it could be repeated"),
}


@dataclass(frozen=True)
class Reading:
    """One parameter that a terminal told."""

    number: int
    title: str | Promise
    value: str
    unit: str


@dataclass(frozen=True)
class Setting:
    """One parameter that may be set, with what was typed and what is wrong with it."""

    number: int
    title: str | Promise
    unit: str
    least: int
    most: int
    now: str
    typed: str
    error: str | Promise


@dataclass(frozen=True)
class Find:
    """One medium in the memory of a terminal; ``type`` and ``event`` in words."""

    number: int
    channel: int
    type: str
    event: str
    at: datetime | None


@dataclass(frozen=True)
class Shown:
    """One command with all that belongs to it; ``found`` counts what a search found in all."""

    command: Command
    reason: str
    pictures: list[Upload]
    finds: list[Find]
    found: int


def reason_of(command: Command) -> str:
    """Why it ended as it did, in words; what has none is shown as it came."""
    return str(_REASONS.get(command.reason, command.reason))


BESIDE, WHOLE = 10, 100
"""Commands shown beside something else, and on their own page."""
_MEDIA = 12
"""Media shown on the terminal's page; its list of uploads has them all."""
_FOR_MEDIA = (CommandKind.PHOTO, CommandKind.FETCH_MEDIA, CommandKind.FETCH_MEDIUM)


def shown(request: HttpRequest, vehicle: Vehicle, most: int = BESIDE) -> dict[str, object]:
    """What the form and the list beside an alarm or on the map need."""
    found = queries.recent(request.user, vehicle, most)
    return {
        "vehicle": vehicle,
        "commands": [_shown(request, one) for one in found],
        "whole": most == WHOLE,
        "may_send": can(request.user, "command.send"),
        "sentences": SENTENCES,
        "command_key": uuid.uuid4().hex,
        "tracking": queries.tracking(request.user, vehicle, moment(request).now()),
        "tracking_key": uuid.uuid4().hex,
        "text_minutes": round(figures.validity(CommandKind.TEXT).total_seconds() / 60),
    }


def _shown(request: HttpRequest, one: Command) -> Shown:
    found = int((one.result or {}).get("found", 0))
    return Shown(one, reason_of(one), _pictures(request, one), _finds(one), found)


def _pictures(request: HttpRequest, command: Command) -> list[Upload]:
    wanted = command.kind in _FOR_MEDIA and command.sent_at
    return pictures_of(request.user, command) if wanted else []


def _finds(command: Command) -> list[Find]:
    """What a search found, as the terminal told it."""
    said = (command.result or {}) if command.kind == CommandKind.SEARCH else {}
    return [
        Find(
            int(one["id"]),
            int(one["channel"]),
            word(MediaType, one["type"]),
            word(MediaEvent, one["event"]),
            datetime.fromisoformat(one["at"]) if one["at"] else None,
        )
        for one in said.get("media", [])
    ]


def vehicle_of(request: HttpRequest, pk: int, verb: str) -> Vehicle:
    """A vehicle within the person's reach; one outside it is refused and written down."""
    found = queries.vehicles(request.user, verb).filter(pk=pk).first()
    if found is None:
        raise Refused(request.user, verb, get_object_or_404(Vehicle, pk=pk))
    return found


def asked_papers(request: HttpRequest, vehicle: Vehicle) -> dict[str, object]:
    """Whom one may ask for driver and waybill of a vehicle or order something of it, and what was
    asked."""
    return {
        "platforms": subordinates() if can(request.user, "alarm.handle") else {},
        "asked": lines(
            of_vehicle(request.user, vehicle, BESIDE),
            request.clock.now(),  # type: ignore[attr-defined]
        ),
        "papers_key": uuid.uuid4().hex,
        "sizes": SIZES.items(),
        "records": RECORDS.items(),
    }


@require_safe
@page("alarm.view")
def terminal(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a vehicle's terminal: all commands, what it told of itself, what can be set."""
    return terminal_page(request, vehicle_of(request, pk, "alarm.view"))


def terminal_page(
    request: HttpRequest,
    vehicle: Vehicle,
    errors: Mapping[str, str | Promise] | None = None,
    status: int = 200,
) -> HttpResponse:
    wrong = errors or {}
    last = queries.last_reading(request.user, vehicle)
    readings = _readings(last)
    now = {one.number: one.value for one in readings}
    context = shown(request, vehicle, WHOLE) | {
        "section": "alarm",
        "media": media_of(request.user, vehicle, _MEDIA),
        "tracking_limits": figures.TRACKING,
        "types": MediaType.choices,
        "events": MediaEvent.choices,
        "reading": last,
        "readings": readings,
        "settings_rows": [
            Setting(
                one.number,
                one.title,
                one.unit,
                one.least,
                one.most,
                now.get(one.number, ""),
                request.POST.get(f"p{one.number}", ""),
                wrong.get(str(one.number), ""),
            )
            for one in PARAMETERS.values()
        ],
        "errors": wrong,
        "typed": request.POST,
    }
    context |= asked_papers(request, vehicle) | held.context(request, vehicle)
    return render(request, "portal/watch/terminal.html", context, status=status)


def _readings(command: Command | None) -> list[Reading]:
    """What the terminal said last, those with a name first."""
    said = (command.result or {}).get("parameters", {}) if command else {}
    rows = []
    for number, one in said.items():
        known = PARAMETERS.get(int(number))
        title = known.title if known else TOLD.get(int(number), f"0x{int(number):04X}")
        value = one["hex"] if one["value"] is None else str(one["value"])
        rows.append(Reading(int(number), title, value, known.unit if known else ""))
    return sorted(rows, key=lambda row: (row.number not in PARAMETERS, row.number))


@require_safe
@page("alarm.view")
def recent(request: HttpRequest, pk: int) -> HttpResponse:
    """The list alone, fetched again when something happened to a command."""
    vehicle = vehicle_of(request, pk, "alarm.view")
    most = WHOLE if "whole" in request.GET else BESIDE
    return render(request, "portal/watch/_commands.html", shown(request, vehicle, most))


# ---------------------------------------------------------------- acts

Act = Callable[[HttpRequest, Vehicle, Clock], Command]


def do(request: HttpRequest, pk: int, act: Act) -> HttpResponse:
    """One command and back to where it was pressed; errors are shown on the terminal's page."""
    vehicle = vehicle_of(request, pk, "command.send")
    clock: Clock = request.clock  # type: ignore[attr-defined]
    try:
        act(request, vehicle, clock)
    except FieldErrors as wrong:
        return terminal_page(request, vehicle, wrong.errors, 422)
    except Blocked as blocked:
        return terminal_page(request, vehicle, {"text": blocked.sentence}, 409)
    messages.success(request, _("On its way to the terminal; its answer is shown here."))
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}) and back.startswith("/"):
        return redirect(back)
    return redirect("vehicle_terminal", vehicle.pk)


@require_POST
@page("command.send")
def text(request: HttpRequest, pk: int) -> HttpResponse:
    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        return actions.send_text(
            request.user,  # type: ignore[arg-type]
            clock,
            vehicle,
            text=request.POST.get("text", ""),
            urgent=bool(request.POST.get("urgent")),
            key=request.POST.get("key", ""),
        )

    return do(request, pk, act)


@require_POST
@page("command.send")
def locate(request: HttpRequest, pk: int) -> HttpResponse:
    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        key = request.POST.get("key", "")
        return actions.locate(request.user, clock, vehicle, key=key)  # type: ignore[arg-type]

    return do(request, pk, act)


@require_POST
@page("command.send")
def read(request: HttpRequest, pk: int) -> HttpResponse:
    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        key = request.POST.get("key", "")
        return actions.read_parameters(
            request.user,  # type: ignore[arg-type]
            clock,
            vehicle,
            key=key,
        )

    return do(request, pk, act)


@require_POST
@page("command.send")
def set_(request: HttpRequest, pk: int) -> HttpResponse:
    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        typed = {
            name[1:]: value
            for name, value in request.POST.items()
            if name[:1] == "p" and name[1:].isdecimal() and str(value).strip()
        }
        return actions.set_parameters(
            request.user,  # type: ignore[arg-type]
            clock,
            vehicle,
            typed={name: str(value) for name, value in typed.items()},
            key=request.POST.get("key", ""),
        )

    return do(request, pk, act)


@require_safe
@page("alarm.view")
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """A file that a terminal sent, as it came, never shown by the browser itself."""
    found = get_object_or_404(queries.files(request.user), pk=pk)
    path = Path(settings.DATA_DIR) / "attachments" / found.sha256[:2] / found.sha256
    if not path.is_file():
        raise Http404(_("The file is not in the store: tell the administrator."))
    # Bounded by what the gateway takes (limits.file_octets).
    answer = HttpResponse(path.read_bytes(), content_type="application/octet-stream")
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    answer.headers["Content-Disposition"] = disposition or "attachment"
    return answer
