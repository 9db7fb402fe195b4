"""Addresses of supervision 督办."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.supervision import posts, reports, views

urlpatterns = [
    path("", views.listing, name="supervisions"),
    path("new", views.new, name="supervision_new"),
    path("posts/", posts.listing, name="posts"),
    path("posts/new", posts.new, name="post_new"),
    path("posts/<int:pk>/", posts.item, name="post"),
    path("posts/<int:pk>/answer", posts.answer, name="post_answer"),
    path("reported/", reports.reported, name="reported_alarms"),
    path("upward/", reports.upward, name="upward_reports"),
    path("<int:pk>/", views.item, name="supervision"),
    path("<int:pk>/answer", views.answer, name="supervision_answer"),
]
