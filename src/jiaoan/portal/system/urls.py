"""Addresses of the administrator's pages."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.system import parts, views

urlpatterns = [
    path("", views.organisations, name="system"),
    path("parts", parts.parts, name="parts"),
    path("organisations/add", views.add_organisation, name="organisation_add"),
    path("people/add", views.add_person, name="person_add"),
]
