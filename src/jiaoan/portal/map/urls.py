"""Addresses of the map pages."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.map import views
from jiaoan.portal.map.alarms import register_alarm_source
from jiaoan.portal.map.movements import alarms_today, trips_today

register_alarm_source(alarms_today)
register_alarm_source(trips_today)

urlpatterns = [
    path("", views.show, name="map"),
    path("places.json", views.map_places, name="map_places"),
    path("base.json", views.base, name="map_base"),
    path("vehicles.json", views.map_vehicles, name="map_vehicles"),
    path("vehicle/<int:pk>/", views.vehicle, name="map_vehicle"),
    path("track.json", views.track, name="map_track"),
    path("happenings", views.happenings, name="map_happenings"),
    path("live", views.live, name="map_live"),
]
