"""Addresses of the notice pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from jiaoan.portal.notice import views

urlpatterns: list[URLPattern] = [
    path("", views.notices, name="notices"),
    path("<int:pk>/", views.notice, name="notice"),
    path("<int:pk>/export", views.export, name="notice_export"),
    path("<int:pk>/original", views.original, name="notice_original"),
    path("<int:pk>/drafts/<int:draft>", views.draft, name="notice_draft"),
]
