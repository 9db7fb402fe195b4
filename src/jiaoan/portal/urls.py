"""Addresses of the portal."""

from __future__ import annotations

from allauth.account import views as account
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.i18n import set_language

from jiaoan.portal.appearance import theme
from jiaoan.portal.finding import search


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


# Only these pages of the account package exist here: accounts are made by the administrator.
_account = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("account/", include(_account)),
    path("language", set_language, name="set_language"),
    path("theme", theme, name="theme"),
    path("search", search, name="search"),
    path("", include("jiaoan.portal.desk.urls")),
    path("notices/", include("jiaoan.portal.notice.urls")),
    path("ledger/", include("jiaoan.portal.ledger.urls")),
    path("map/", include("jiaoan.portal.map.urls")),
    path("tracks/", include("jiaoan.portal.tracks.urls")),
    path("vehicles/", include("jiaoan.portal.vehicles.urls")),
    path("places/", include("jiaoan.portal.places.urls")),
    path("live/", include("jiaoan.portal.live.urls")),
    path("alarms/", include("jiaoan.portal.watch.urls")),
    path("my-alarms/", include("jiaoan.portal.appeals.urls")),
    path("rules/", include("jiaoan.portal.rules.urls")),
    path("rehearsals/", include("jiaoan.portal.rehearsal.urls")),
    path("supervisions/", include("jiaoan.portal.supervision.urls")),
    path("hazmat/", include("jiaoan.portal.hazmat.urls")),
    path("journal/", include("jiaoan.portal.journal.urls")),
    path("system/", include("jiaoan.portal.system.urls")),
]
