"""Addresses of 我的报警 and of the link for carriers without account."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.appeals import views
from jiaoan.portal.navigation import register_badge
from jiaoan.watch.appeals.queries import waiting

urlpatterns = [
    path("", views.listing, name="my_alarms"),
    path("<int:pk>/", views.item, name="my_alarm"),
    path("file/<int:pk>", views.own_file, name="my_alarm_file"),
    path("evidence/<int:pk>", views.evidence, name="answer_file"),
    path("link/<str:token>/", views.by_link, name="answer_link"),
]

register_badge("appeals", lambda actor, _clock: waiting(actor).count())
