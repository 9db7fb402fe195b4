"""Addresses of supervision 督办."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.supervision import others, posts, reports, views

urlpatterns = [
    path("", views.listing, name="supervisions"),
    path("new", views.new, name="supervision_new"),
    path("posts/", posts.listing, name="posts"),
    path("posts/new", posts.new, name="post_new"),
    path("posts/<int:pk>/", posts.item, name="post"),
    path("posts/<int:pk>/answer", posts.answer, name="post_answer"),
    path("reported/", reports.reported, name="reported_alarms"),
    path("others/", others.listing, name="platform_messages"),
    path("others/see", others.see, name="platform_messages_see"),
    path("others/<int:pk>/", others.item, name="platform_message"),
    path("upward/", reports.upward, name="upward_reports"),
    path("<int:pk>/", views.item, name="supervision"),
    path("<int:pk>/answer", views.answer, name="supervision_answer"),
]
