"""Addresses of the places pages."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.places import views

urlpatterns = [
    path("", views.listing, name="places"),
    path("new", views.new, name="place_new"),
    path("import", views.bring, name="places_import"),
    path("export.geojson", views.export, name="places_export"),
    path("around.json", views.around, name="places_around"),
    path("base.json", views.base, name="places_base"),
    path("<int:pk>/", views.edit, name="place"),
    path("<int:pk>/close", views.close, name="place_close"),
]
