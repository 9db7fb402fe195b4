"""Filings, waybills and stays: carriers see their own."""

from __future__ import annotations

from collections.abc import Mapping

from hazmat_world import filing_form, filing_of, invite_of, trip_of, waybill_form
from portal.matrix import Row, World

BUREAU = ("safety_clerk", "section_head", "leader")
CARRIERS = ("enterprise", "outside_carrier")
NOT_APPROVERS = ("section_head", "leader", "enterprise", "outside_carrier", "administrator")


def stay(world: World) -> Mapping[str, object]:
    return {"pk": trip_of(world).pk}


def stay_sheet(world: World) -> Mapping[str, object]:
    return {"pk": trip_of(world).pk, "form": "docx"}


def filing(world: World) -> Mapping[str, object]:
    return {"pk": filing_of(world).pk}


def token(world: World) -> Mapping[str, object]:
    return {"token": invite_of(world).token}


ROWS = [
    Row("hazmat", allowed=(*BUREAU, "enterprise"), denied=("administrator",)),
    Row(
        "trips_export",
        allowed=BUREAU,
        denied=("outside_carrier",),
        kwargs=lambda _w: {"form": "xlsx"},
    ),
    Row(
        "trip",
        allowed=(*BUREAU, "enterprise"),
        denied=("outside_carrier", "administrator"),
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=stay,
    ),
    Row(
        "trip_sheet",
        allowed=(*BUREAU, "enterprise"),
        denied=("outside_carrier",),
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=stay_sheet,
    ),
    Row("trip_invite", "POST", ("safety_clerk",), NOT_APPROVERS, status=302, kwargs=stay),
    Row("filings", allowed=(*BUREAU, *CARRIERS), denied=("administrator",)),
    Row(
        "filing",
        allowed=(*BUREAU, "outside_carrier"),
        denied=("administrator",),
        elsewhere=("outside_carrier",),
        elsewhere_status=404,
        kwargs=filing,
    ),
    Row(
        "filing_decide",
        "POST",
        ("safety_clerk",),
        NOT_APPROVERS,
        status=302,
        kwargs=filing,
        data=lambda _w: {"act": "approve"},
    ),
    Row("filing_new", allowed=CARRIERS, denied=BUREAU),
    Row("filing_new", "POST", ("outside_carrier",), BUREAU, status=302, data=filing_form),
    Row("waybills", allowed=(*BUREAU, *CARRIERS), denied=("administrator",)),
    Row("waybill_new", allowed=CARRIERS, denied=BUREAU),
    Row("waybill_new", "POST", ("outside_carrier",), BUREAU, status=302, data=waybill_form),
    Row("filing_link", public=True, nobody_status=200, kwargs=token),
    Row(
        "filing_link",
        "POST",
        public=True,
        status=302,
        nobody_status=302,
        kwargs=token,
        data=filing_form,
    ),
]
