"""Who drives and what is carried, as the terminals of a vehicle said last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from jiaoan.kernel.clock import at_local
from jiaoan.registry.models import Vehicle
from jiaoan.watch.models import Upload
from jiaoan.watch.uploads.kinds import UploadKind
from jiaoan.watch.uploads.queries import content_of, text_of
from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808 import DriverCard2011, Edition, Form, Reading
from jiaoan.wire.jt808.driver import read_driver


@dataclass(frozen=True)
class Driver:
    """The fields of 0x120A; all empty where no card is in the terminal, or none was read."""

    name: str = ""
    identity: str = ""
    certificate: str = ""
    issuer: str = ""
    valid_until: datetime | None = None


def last_of(vehicle: Vehicle, kind: UploadKind) -> Upload | None:
    """The newest that a terminal of ours sent; no page, so nothing to restrict."""
    found = Upload.objects.filter(vehicle=vehicle, kind=kind, platform="")
    return found.order_by("-received_at", "-id").first()


def driver_of(upload: Upload | None) -> Driver:
    """What the last driver card 驾驶员身份 (0x0702) says; one that was taken out says nobody."""
    content = None if upload is None else content_of(upload)
    if upload is None or content is None:
        return Driver()
    form = Form(Edition(upload.edition)) if upload.edition else Form()
    try:
        said = read_driver(content, Reading(form))
    except BodyError:
        return Driver()
    if isinstance(said, DriverCard2011):
        return Driver(said.driver_name, said.driver_identity, said.qualification_code, said.issuer)
    card = said.card
    if card is None:
        return Driver()
    return Driver(
        card.driver_name,
        card.driver_identity or "",
        card.qualification_code,
        card.issuer,
        _day(card.valid_until),
    )


def waybill_of(upload: Upload | None) -> str:
    """The text of the last waybill 电子运单 (0x0701); empty for none and for what is no text."""
    return (text_of(upload) or "") if upload is not None else ""


def _day(digits: str) -> datetime | None:
    try:
        return at_local(date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
    except ValueError:
        return None
