"""All addresses; the matrix test walks this resolver and fails on one it does not know."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("jiaoan.portal.urls"))]
