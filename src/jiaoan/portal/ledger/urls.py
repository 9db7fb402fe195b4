"""Addresses of the ledger pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.ledger.queries import search_occurrences
from jiaoan.portal.finding import LIMIT, Hit, register_finder
from jiaoan.portal.ledger import item, reports, shown, views

urlpatterns: list[URLPattern] = [
    path("", views.ledger, name="ledger"),
    path("export", views.export, name="ledger_export"),
    path("items/<int:pk>/", item.occurrence, name="occurrence"),
    path("evidence/<int:pk>", item.evidence_file, name="evidence_file"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<int:pk>", reports.report_file, name="report_file"),
]


def _items(actor: object, text: str) -> Sequence[Hit]:
    return [
        Hit(
            shown.titled(found.duty.title, found),
            note=found.organisation.label,
            url=reverse("occurrence", args=[found.pk]),
        )
        for found in search_occurrences(actor, text, clock_from_environment().today())[:LIMIT]
    ]


register_finder(_("Duties"), _items)
