"""Addresses of supervision 督办."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.supervision import views

urlpatterns = [
    path("", views.listing, name="supervisions"),
    path("new", views.new, name="supervision_new"),
    path("<int:pk>/", views.item, name="supervision"),
    path("<int:pk>/answer", views.answer, name="supervision_answer"),
]
