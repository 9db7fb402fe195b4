"""Addresses of the streams."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.live.views import alarms

urlpatterns = [path("alarms", alarms, name="live_alarms")]
