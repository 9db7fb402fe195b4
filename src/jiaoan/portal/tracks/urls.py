"""Addresses of the track pages."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.tracks import region, retention, views

urlpatterns = [
    path("", views.choose, name="tracks"),
    path("region", region.show, name="track_region"),
    path("region/export.<str:form>", region.export, name="track_region_export"),
    path("retention", retention.show, name="track_retention"),
    path("retention/holds", retention.hold, name="track_hold"),
    path("retention/holds/<int:pk>/release", retention.release, name="track_release"),
    path("<int:pk>/", views.show, name="track_day"),
    path("<int:pk>/track.json", views.data, name="track_data"),
    path("<int:pk>/export.<str:form>", views.export, name="track_export"),
    path("<int:pk>/evidence", views.evidence, name="track_evidence"),
]
