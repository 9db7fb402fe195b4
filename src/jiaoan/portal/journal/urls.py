"""Addresses of the journal."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.journal import views

urlpatterns = [
    path("", views.journal, name="journal"),
    path("verify", views.verification, name="journal_verify"),
]
