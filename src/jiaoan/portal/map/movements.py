"""Today's alarms of the desk, and entries and exits of hazmat vehicles, as lines of the map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import pgettext

from jiaoan.hazmat import queries as hazmat
from jiaoan.kernel.clock import Clock, at_local
from jiaoan.portal.components import Light, Tone, moment_light
from jiaoan.portal.map.alarms import MapAlarm
from jiaoan.watch import queries as watch
from jiaoan.watch.states import AlarmState

LISTED = 200


def _page(name: str, pk: int, vehicle: int) -> str:
    try:
        return reverse(name, kwargs={"pk": pk})
    except NoReverseMatch:
        return f"{reverse('map')}?vehicle={vehicle}"


def alarms_today(actor: object, clock: Clock) -> Sequence[MapAlarm]:
    """Every open alarm, however old, and those that happened today."""
    today, now = at_local(clock.today()), clock.now()
    found = watch.alarms(actor).filter(~Q(state=AlarmState.CLOSED) | Q(happened_at__gte=today))
    return [
        MapAlarm(
            vehicle=alarm.vehicle_id,
            plate=alarm.vehicle.plate,
            plate_colour=alarm.vehicle.plate_colour,
            label=alarm.get_kind_display(),
            happened_at=alarm.happened_at,
            note=" ".join(part for part in (alarm.carrier_name, alarm.place_name) if part),
            light=moment_light(alarm.due, now, done=alarm.status is AlarmState.CLOSED),
            url=_page("alarm", alarm.pk, alarm.vehicle_id),
            is_open=alarm.status is not AlarmState.CLOSED,
        )
        for alarm in found.order_by("-happened_at")[:LISTED]
    ]


def trips_today(actor: object, clock: Clock) -> Sequence[MapAlarm]:
    """Crossings of the district line today: one line for the entry, one for the exit."""
    today = at_local(clock.today())
    until = today + timedelta(days=1)
    lines: list[MapAlarm] = []
    found = hazmat.standing_trips(actor).filter(Q(entered_at__gte=today) | Q(left_at__gte=today))
    for trip in found.order_by("-entered_at")[:LISTED]:
        crossings = (
            (trip.entered_at, pgettext("crossing", "Entered")),
            (trip.left_at, pgettext("crossing", "Left")),
        )
        for at, label in crossings:
            if at is None or not today <= at < until:
                continue
            lines.append(
                MapAlarm(
                    vehicle=trip.vehicle_id,
                    plate=trip.vehicle.plate,
                    plate_colour=trip.vehicle.plate_colour,
                    label=label,
                    happened_at=at,
                    note=f"{trip.place_name} {trip.vehicle.owner_name}".strip(),
                    light=Light(Tone.DONE, pgettext("light", "Recorded")),
                    url=_page("trip", trip.pk, trip.vehicle_id),
                    is_open=False,
                )
            )
    return lines
