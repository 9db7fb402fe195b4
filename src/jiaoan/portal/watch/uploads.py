"""Pictures from the cab 现场拍照 and what else a terminal sent: ordering, showing, handing out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker
from jiaoan.portal.components import Empty
from jiaoan.portal.watch.commands import do, vehicle_of
from jiaoan.registry.models import Vehicle
from jiaoan.watch.commands import actions
from jiaoan.watch.commands.policies import StoredMedia
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.uploads import queries
from jiaoan.watch.uploads.decoding import Field, fields_of
from jiaoan.watch.uploads.figures import telemetry_kept
from jiaoan.watch.uploads.kinds import UploadKind

_ROWS = 30
_JPEG = b"\xff\xd8\xff"
_ENDINGS = {0: "jpg", 1: "tif", 2: "mp3", 3: "wav", 4: "wmv"}


@dataclass(frozen=True)
class Paper:
    """A waybill as it is shown: its text where it is one."""

    upload: Upload
    text: str | None


def papers(uploads: list[Upload]) -> list[Paper]:
    return [Paper(one, queries.text_of(one)) for one in uploads]


@require_POST
@page("command.send")
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8801: pictures of one camera, now."""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        return actions.take_pictures(
            request.user,  # type: ignore[arg-type]
            clock,
            vehicle,
            channel=request.POST.get("channel", ""),
            count=request.POST.get("count", "1"),
            key=request.POST.get("key", ""),
        )

    return do(request, pk, act)


def _wanted(request: HttpRequest) -> StoredMedia:
    said = {name: request.POST.get(name, "") for name in ("type", "camera", "event")}
    return StoredMedia(**said, start=request.POST.get("start", ""), end=request.POST.get("end", ""))


@require_POST
@page("command.send")
def stored(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8802, or with ``fetch`` 0x8803: what the terminal has in its memory."""
    verb = actions.fetch_media if "fetch" in request.POST else actions.search_media

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        key = request.POST.get("key", "")
        return verb(asker(request), clock, vehicle, wanted=_wanted(request), key=key)

    return do(request, pk, act)


@require_POST
@page("command.send")
def medium(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8805: one medium that a search has found."""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        said, key = request.POST.get("medium", ""), request.POST.get("key", "")
        return actions.fetch_medium(asker(request), clock, vehicle, medium=said, key=key)

    return do(request, pk, act)


@dataclass(frozen=True)
class Sent:
    """One upload with what it says."""

    upload: Upload
    fields: list[Field]


def sent(uploads: Iterable[Upload]) -> list[Sent]:
    """Media are told by what stands beside them: their files are not opened for a list."""
    return [Sent(one, fields_of(one, _told(one))) for one in uploads]


def _told(one: Upload) -> bytes | None:
    return b"" if one.kind == UploadKind.MEDIUM else queries.content_of(one)


@require_safe
@page("alarm.view")
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """终端上传: all that the terminals of a vehicle sent, and platforms told about it."""
    found = vehicle_of(request, pk, "alarm.view")
    said = request.GET.get("kind", "")
    kind = UploadKind(said) if said in UploadKind.values else None
    kinds = queries.kinds_of(request.user, found)
    current = Paginator(queries.of_vehicle(request.user, found, kind), _ROWS).get_page(
        request.GET.get("page")
    )
    context = {
        "section": "alarm",
        "vehicle": found,
        "page": current,
        "sent": sent(current.object_list),
        "kind": kind,
        "kinds": [(one, one.label, count) for one, count in kinds.items()],
        "all": sum(kinds.values()),
        "unknown": UploadKind.UNKNOWN in kinds,
        "query": f"kind={kind.value}&" if kind else "",
        "days": round(telemetry_kept() / timedelta(days=1)),
        "empty": Empty(
            title=_("Nothing from the terminal yet"),
            text=_("Pictures, waybills, driver cards and other data appear here as they come."),
        ),
    }
    return render(request, "portal/watch/uploads.html", context)


@require_safe
@page("alarm.view")
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """The octets as they came. A JPEG that is one is shown, unless ``octets`` are asked
    for; anything else is only handed out."""
    found = get_object_or_404(queries.uploads(request.user), pk=pk)
    content = None if found.more else queries.content_of(found)
    if content is None:
        raise Http404(_("The file is not in the store: tell the administrator."))
    shown = found.is_picture and content.startswith(_JPEG) and "octets" not in request.GET
    answer = HttpResponse(
        content, content_type="image/jpeg" if shown else "application/octet-stream"
    )
    answer.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=not shown, filename=_name(found)) or "attachment"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _name(found: Upload) -> str:
    when = f"{found.received_at:%Y%m%d-%H%M%S}"
    sender = found.terminal or f"{found.vehicle_id}"
    if found.kind != UploadKind.MEDIUM:
        return f"{sender}-{when}-{found.message:04x}.bin"
    ending = _ENDINGS.get((found.media or {}).get("format", -1), "bin")
    return f"{sender}-{when}-{found.number}.{ending}"
