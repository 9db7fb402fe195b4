"""Addresses of the portal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("account/", include("allauth.account.urls")),
    path("", include("jiaoan.portal.desk.urls")),
    path("notices/", include("jiaoan.portal.notice.urls")),
    path("ledger/", include("jiaoan.portal.ledger.urls")),
    path("map/", include("jiaoan.portal.map.urls")),
    path("alarms/", include("jiaoan.portal.watch.urls")),
    path("hazmat/", include("jiaoan.portal.hazmat.urls")),
]
