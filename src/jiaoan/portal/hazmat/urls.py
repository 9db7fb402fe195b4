"""Addresses of filings, waybills and stays."""

from __future__ import annotations

from django.urls import path

from jiaoan.hazmat.queries import filing_counts
from jiaoan.hazmat.states import FilingState
from jiaoan.portal.hazmat import filings, link, stays, waybills
from jiaoan.portal.navigation import register_badge

urlpatterns = [
    path("", stays.overview, name="hazmat"),
    path("stays/export.<str:form>", stays.export, name="trips_export"),
    path("trips/<int:pk>/", stays.trip, name="trip"),
    path("trips/<int:pk>/sheet.<str:form>", stays.sheet, name="trip_sheet"),
    path("trips/<int:pk>/invite", stays.invite_carrier, name="trip_invite"),
    path("filings/", filings.listing, name="filings"),
    path("filings/new", filings.new, name="filing_new"),
    path("filings/<int:pk>/", filings.detail, name="filing"),
    path("filings/<int:pk>/decide", filings.decide, name="filing_decide"),
    path("waybills/", waybills.listing, name="waybills"),
    path("waybills/new", waybills.new, name="waybill_new"),
    path("file/<str:token>/", link.file, name="filing_link"),
]

register_badge("hazmat", lambda actor, _clock: filing_counts(actor)[FilingState.APPLIED])
