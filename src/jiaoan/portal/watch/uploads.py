"""Pictures from the cab 现场拍照 and what else a terminal sent: ordering, showing, handing out."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.portal.access import page
from jiaoan.portal.watch.commands import do
from jiaoan.registry.models import Vehicle
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.uploads import queries
from jiaoan.watch.uploads.kinds import UploadKind

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


@require_safe
@page("alarm.view")
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """The octets as they came. A JPEG that is one is shown; anything else is only handed out."""
    found = get_object_or_404(queries.uploads(request.user), pk=pk)
    content = queries.content_of(found)
    if content is None:
        raise Http404(_("The file is not in the store: tell the administrator."))
    shown = found.is_picture and content.startswith(_JPEG)
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
    if found.kind == UploadKind.WAYBILL:
        return f"{found.terminal}-{when}-waybill.bin"
    ending = _ENDINGS.get((found.media or {}).get("format", -1), "bin")
    return f"{found.terminal}-{when}-{found.number}.{ending}"
