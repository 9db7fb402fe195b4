"""Addresses of the alarm desk."""

from __future__ import annotations

from django.urls import path

from jiaoan.portal.navigation import register_badge
from jiaoan.portal.watch import (
    answers,
    commands,
    export,
    findings,
    orders,
    papers,
    responses,
    uploads,
    views,
)
from jiaoan.watch.queries import open_count

urlpatterns = [
    path("", views.desk, name="alarms"),
    path("queue", views.queue, name="alarm_queue"),
    path("export.<str:form>", export.alarms, name="alarms_export"),
    path("<int:pk>/", views.desk, name="alarm"),
    path("<int:pk>/dispose", views.dispose, name="alarm_dispose"),
    path("<int:pk>/close", views.close, name="alarm_close"),
    path("<int:pk>/review", views.review, name="alarm_review"),
    path("<int:pk>/reopen", views.reopen, name="alarm_reopen"),
    path("<int:pk>/ask", answers.ask, name="alarm_ask"),
    path("<int:pk>/take-back", answers.take_back, name="alarm_take_back"),
    path("<int:pk>/decide", answers.decide, name="alarm_decide"),
    path("<int:pk>/again", views.again, name="alarm_again"),
    path("findings/", findings.listing, name="findings"),
    path("findings/export.<str:form>", findings.export, name="findings_export"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/again", findings.again, name="finding_again"),
    path("findings/<int:pk>/evidence.json", findings.evidence, name="finding_evidence"),
    path("responses/", responses.table, name="responses"),
    path("responses/<str:rule>", responses.change, name="response"),
    path("vehicle/<int:pk>/", commands.terminal, name="vehicle_terminal"),
    path("vehicle/<int:pk>/commands", commands.recent, name="vehicle_commands"),
    path("vehicle/<int:pk>/text", commands.text, name="command_text"),
    path("vehicle/<int:pk>/locate", commands.locate, name="command_locate"),
    path("vehicle/<int:pk>/read", commands.read, name="command_read"),
    path("vehicle/<int:pk>/set", commands.set_, name="command_set"),
    path("vehicle/<int:pk>/photo", uploads.photo, name="command_photo"),
    path("vehicle/<int:pk>/stored", uploads.stored, name="command_stored"),
    path("vehicle/<int:pk>/medium", uploads.medium, name="command_medium"),
    path("vehicle/<int:pk>/track", orders.track, name="command_track"),
    path("vehicle/<int:pk>/untrack", orders.untrack, name="command_untrack"),
    path("vehicle/<int:pk>/areas", orders.areas, name="vehicle_areas"),
    path("vehicle/<int:pk>/area", orders.area, name="command_area"),
    path("vehicle/<int:pk>/area/delete", orders.delete_area, name="command_area_delete"),
    path("vehicle/<int:pk>/areas/ask", orders.ask_areas, name="command_areas_ask"),
    path("vehicle/<int:pk>/papers", papers.ask, name="vehicle_papers"),
    path("vehicle/<int:pk>/order", papers.order, name="vehicle_order"),
    path("vehicle/<int:pk>/uploads", uploads.listing, name="vehicle_uploads"),
    path("upload/<int:pk>", uploads.upload, name="terminal_upload"),
    path("file/<int:pk>", commands.file, name="terminal_file"),
]

register_badge("alarm", lambda actor, _clock: open_count(actor))
