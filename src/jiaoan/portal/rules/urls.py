"""Addresses of the rules pages."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.rules import views

urlpatterns = [
    path("", views.listing, name="rules"),
    path("<str:rule>/", views.detail, name="rule"),
    path("<str:rule>/figures", views.figures, name="rule_figures"),
    path("<str:rule>/confirm", views.confirm, name="rule_confirm"),
    path("<str:rule>/withdraw", views.withdraw, name="rule_withdraw"),
    path("<str:rule>/switch", views.switch, name="rule_switch"),
]
