"""Addresses of the vehicle register."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.vehicles import views

urlpatterns = [
    path("", views.listing, name="vehicles"),
    path("new", views.new, name="vehicle_new"),
    path("import", views.bring, name="vehicles_import"),
    path("template.xlsx", views.template, name="vehicles_template"),
    path("export.xlsx", views.export, name="vehicles_export"),
    path("<int:pk>/", views.card, name="vehicle"),
]
