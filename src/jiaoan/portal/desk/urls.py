"""Addresses of the desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from jiaoan.kernel.clock import Clock
from jiaoan.ledger import queries
from jiaoan.portal.desk import views
from jiaoan.portal.navigation import register_badge

urlpatterns: list[URLPattern] = [
    path("", views.desk, name="desk"),
    path("sign-all", views.sign_all, name="desk_sign_all"),
    path("urge", views.urge, name="desk_urge"),
]


def _waiting(actor: object, clock: Clock) -> int:
    """What waits for this person in all four columns."""
    found = queries.desk(actor)
    columns = (found.to_sign, found.to_report, found.to_check)
    return sum(column.count() for column in columns) + found.to_decide.count()


register_badge("desk", _waiting)
