"""Addresses of the notice pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from jiaoan.portal.notice import assignment, compare, division, imports, judging, views

urlpatterns: list[URLPattern] = [
    path("", imports.notices, name="notices"),
    path("compare", compare.compare_notices, name="notice_compare"),
    path("<int:pk>/", views.notice, name="notice"),
    path("<int:pk>/division", division.division, name="notice_division"),
    path("<int:pk>/assignment", assignment.assignment, name="notice_assignment"),
    path("<int:pk>/attach", imports.attach, name="notice_attach"),
    path("<int:pk>/original", views.original, name="notice_original"),
    path("<int:pk>/drafts/<int:draft>", judging.draft, name="notice_draft"),
]
