"""Addresses of the desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from jiaoan.portal.desk import views

urlpatterns: list[URLPattern] = [
    path("", views.desk, name="desk"),
    path("sign-all", views.sign_all, name="desk_sign_all"),
    path("urge", views.urge, name="desk_urge"),
]
