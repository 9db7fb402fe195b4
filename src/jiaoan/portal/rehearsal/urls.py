"""Addresses of rehearsals."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.rehearsal import export, views

urlpatterns = [
    path("", views.listing, name="rehearsals"),
    path("rule/<str:rule>", views.ask_rule, name="rehearsal_rule"),
    path("<int:pk>/", views.detail, name="rehearsal"),
    path("<int:pk>/progress", views.progress, name="rehearsal_progress"),
    path("<int:pk>/cancel", views.cancel, name="rehearsal_cancel"),
    path("<int:pk>/again", views.again, name="rehearsal_again"),
    path("<int:pk>/export.<str:form>", export.findings, name="rehearsal_export"),
]
