"""报警处置台: the queue by deadline, why the system said it, what a person did about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.hazmat.actions import invite
from jiaoan.hazmat.models import FilingInvite
from jiaoan.kernel.clock import LOCAL, Clock, local
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.portal.access import page
from jiaoan.portal.components import Empty, TimelineEntry
from jiaoan.portal.hazmat.strip import steps_of, trip_of_subject
from jiaoan.portal.journal.words import fact_word
from jiaoan.portal.watch.answers_shown import answers_of, words_of
from jiaoan.portal.watch.choices import choices_of, texts_of
from jiaoan.portal.watch.commands import shown
from jiaoan.portal.watch.pictures import pictures
from jiaoan.portal.watch.why import is_verdict, plates_of, remark_of, sentence_of, why_of
from jiaoan.rules.hazmat_record import BadRecord, reasons_of, rejudge
from jiaoan.scope import can
from jiaoan.watch import actions, figures, queries
from jiaoan.watch.findings.queries import of_alarm
from jiaoan.watch.kinds import AlarmKind, DispositionKind, Severity
from jiaoan.watch.models import Alarm
from jiaoan.watch.policies import may_review
from jiaoan.watch.states import OPEN, AlarmState

_GROUPS = tuple(AlarmState)


@dataclass(frozen=True)
class Waiting:
    """One line of the queue with the time that is left."""

    alarm: Alarm
    tone: str
    figure: str
    unit: str | Promise


def _waiting(alarm: Alarm, now: datetime) -> Waiting:
    if alarm.status is AlarmState.CLOSED:
        return Waiting(alarm, "ok", f"{local(alarm.closed_at or now):%H:%M}", _("closed"))
    seconds = (alarm.due - now).total_seconds()
    span = alarm.due - (alarm.opened_at)
    tone = "late" if seconds < 0 else "near" if seconds < span.total_seconds() / 3 else "ok"
    left = abs(int(seconds))
    if left < 3600:
        figure = f"{left // 60}:{left % 60:02d}"
        return Waiting(alarm, tone, figure, _("late") if seconds < 0 else _("left"))
    return Waiting(alarm, tone, str(left // 3600), _("h late") if seconds < 0 else _("h left"))


def _states(request: HttpRequest) -> tuple[AlarmState, ...]:
    wanted = request.GET.get("state", "")
    return (AlarmState(wanted),) if wanted in list(AlarmState) else OPEN


@dataclass(frozen=True)
class Filter:
    """Which alarms of the queue are shown: one kind, one severity, or all."""

    kind: str = ""
    severity: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Filter:
        """What the address asks for; a word that is none of ours asks for all."""
        kind, severity = request.GET.get("kind", ""), request.GET.get("severity", "")
        return cls(
            kind if kind in AlarmKind.values else "",
            severity if severity in Severity.values else "",
        )

    @property
    def query(self) -> str:
        """The part of an address that keeps it."""
        parts = {"kind": self.kind, "severity": self.severity}
        return urlencode({name: value for name, value in parts.items() if value})

    def with_state(self, state: str) -> str:
        """The same with the state that is shown."""
        return "&".join(
            part for part in (urlencode({"state": state} if state else {}), self.query) if part
        )

    def lets(self, alarm: Alarm) -> bool:
        return alarm.kind == (self.kind or alarm.kind) and alarm.severity == (
            self.severity or alarm.severity
        )


def shown_in(request: HttpRequest) -> list[Alarm]:
    """The queue as the address asks for it."""
    clock: Clock = request.clock  # type: ignore[attr-defined]
    states, wanted = _states(request), Filter.of(request)
    found = (
        queries.closed_today(request.user, clock)
        if states == (AlarmState.CLOSED,)
        else queries.queue(request.user, states)
    )
    return [alarm for alarm in found if wanted.lets(alarm)]


def _queue(request: HttpRequest, current: Alarm | None) -> dict[str, object]:
    clock: Clock = request.clock  # type: ignore[attr-defined]
    wanted, now = Filter.of(request), clock.now()
    shown = shown_in(request)
    kinds = queries.kinds_open(request.user)
    counts = queries.counts(request.user, clock)
    groups = [
        (state, [_waiting(alarm, now) for alarm in shown if alarm.status is state])
        for state in _GROUPS
    ]
    return {
        "section": "alarm",
        "groups": [(state, rows) for state, rows in groups if rows],
        "shown": shown,
        "tabs": [(state, counts[state]) for state in _GROUPS],
        "open_count": sum(counts[state] for state in OPEN),
        "state": request.GET.get("state", ""),
        "filter": wanted,
        "kept": wanted.with_state(request.GET.get("state", "")),
        "kinds": [(kind, kind.label) for kind in AlarmKind if kind in kinds or kind == wanted.kind],
        "severities": Severity.choices,
        "told_today": queries.told_today(request.user, clock),
        "current": current,
        "answer_limit": figures.answer(),
        "response_limit": figures.first_response(),
        "handling_limit": figures.handling(),
        "general_response": figures.first_response(),
        "general_handling": figures.handling(),
        "empty": Empty(
            title=_("No alarms here"),
            text=_("An alarm comes by itself when a rule finds a lead, and stays until handled."),
        ),
    }


@require_safe
@page("alarm.view")
def desk(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The desk with one alarm open: the named one, or the first of the queue."""
    if pk is None:
        first = shown_in(request)
        current = first[0] if first else None
    else:
        current = get_object_or_404(queries.alarms(request.user), pk=pk)
    return _desk(request, current)


@require_safe
@page("alarm.view")
def queue(request: HttpRequest) -> HttpResponse:
    """The queue alone, fetched again when something happened."""
    pk = request.GET.get("current", "")
    current = queries.alarms(request.user).filter(pk=pk).first() if pk.isdigit() else None
    return render(request, "portal/watch/_queue.html", _queue(request, current))


def _desk(
    request: HttpRequest,
    current: Alarm | None,
    *,
    errors: dict[str, str | Promise] | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    context = _queue(request, current) | {"errors": errors or {}, "typed": request.POST}
    if current is not None:
        context |= _case(request, current)
    context |= more
    return render(request, "portal/watch/desk.html", context, status=status)


def _case(request: HttpRequest, alarm: Alarm) -> dict[str, object]:
    """Everything about one alarm, from its own record and facts."""
    clock: Clock = request.clock  # type: ignore[attr-defined]
    now, user = clock.now(), request.user
    trip = trip_of_subject(user, alarm.subject)
    waiting = _waiting(alarm, now)
    recent = queries.of_vehicle_since(user, alarm, now)
    handles = can(user, "alarm.handle")
    told = list(of_alarm(user, alarm))
    plates = plates_of(user, told)
    invites = FilingInvite.objects.filter(trip=trip).order_by("-id") if trip and handles else ()
    return (
        shown(request, alarm.vehicle)
        | pictures(settings.DATA_DIR, alarm, told)
        | {
            "response_limit": figures.Limit(alarm.respond_by - alarm.opened_at),
            "handling_limit": figures.Limit(alarm.finish_by - alarm.opened_at),
            "why": why_of(alarm, user),
            "verdict": is_verdict(alarm.record),
            "remark": remark_of(alarm.record),
            "findings": [(one, sentence_of(one, plates)) for one in told],
            "sentences": texts_of(alarm),
            "trip": trip,
            "strip": steps_of(user, trip) if trip else [],
            "nth": queries.nth_of_vehicle(user, alarm),
            "timeline": _timeline(request, alarm),
            "waiting": waiting,
            "left_share": _share(alarm, now),
            "handles": handles,
            "choices": choices_of(alarm),
            "chosen": request.POST.get("kind", DispositionKind.PHONE.value),
            "may_close": alarm.status is AlarmState.HANDLING,
            "may_review": isinstance(user, User) and may_review(user, alarm),
            "invites": [
                (one, request.build_absolute_uri(f"/hazmat/file/{one.token}/")) for one in invites
            ],
            **answers_of(request, alarm),
            "recent_alarms": recent.count(),
            "recent_open": recent.exclude(state=AlarmState.CLOSED).count(),
            "now_value": f"{local(now):%Y-%m-%dT%H:%M}",
        }
    )


def _share(alarm: Alarm, now: datetime) -> int:
    """Width of the time bar in the 300 units of its drawing."""
    whole = (alarm.due - alarm.opened_at).total_seconds()
    return round(300 * min(1.0, max(0.0, (now - alarm.opened_at).total_seconds() / whole)))


def _timeline(request: HttpRequest, alarm: Alarm) -> list[TimelineEntry]:
    notes = {one.fact_id: one for one in queries.dispositions(request.user, alarm)}
    said = words_of(alarm)
    entries = []
    for fact in queries.facts_of(alarm):
        done = notes.get(fact.pk)
        entries.append(
            TimelineEntry(
                text=done.get_kind_display() if done else fact_word(fact.kind),
                at=fact.happened_at,
                who=done.by.name if done else "",
                by_system=fact.actor.startswith("system:"),
                late=fact.kind in ("watch.response_late", "watch.answer_late"),
                fact=fact.seq,
                note=done.note if done else said.get(fact.pk, ""),
            )
        )
    return entries


# ---------------------------------------------------------------- acts


def _alarm(request: HttpRequest, pk: int) -> Alarm:
    return get_object_or_404(queries.alarms(request.user), pk=pk)


@require_POST
@page("alarm.handle")
def dispose(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what was done; the filing way makes a link for the carrier too."""
    alarm, user, clock = _alarm(request, pk), request.user, request.clock  # type: ignore[attr-defined]
    assert isinstance(user, User)
    kind = request.POST.get("kind", "")
    try:
        actions.dispose(
            user,
            clock,
            alarm,
            kind=kind,
            note=request.POST.get("note", ""),
            happened_at=_moment(request.POST.get("happened_at", ""), alarm),
            key=request.POST.get("key", ""),
        )
    except FieldErrors as bad:
        return _desk(request, alarm, errors=bad.errors, status=422)
    except (Blocked, TransitionRefused) as refused:
        return _blocked(request, alarm, refused)
    if kind == DispositionKind.FILING:
        trip = trip_of_subject(user, alarm.subject)
        vehicle = alarm.vehicle
        invite(user, clock, plate=vehicle.plate, plate_colour=vehicle.plate_colour, trip=trip)
        messages.success(request, _("The filing link is ready: send it to the carrier."))
        return redirect("alarm", alarm.pk)
    if kind == DispositionKind.TEXT:
        messages.success(request, _("On its way to the terminal; its answer is shown here."))
    else:
        messages.success(request, _("Written down."))
    if request.POST.get("then") == "next":
        following = queries.next_after(user, alarm)
        if following is not None:
            return redirect("alarm", following.pk)
    return redirect("alarm", alarm.pk)


def _moment(typed: str, alarm: Alarm) -> datetime | None:
    """A local time as a browser writes it; FieldErrors otherwise.

    A browser writes whole minutes. The minute in which the alarm happened means after it, so that
    a call is never told before what it was about.
    """
    if not typed.strip():
        return None
    try:
        moment = datetime.fromisoformat(typed.strip()).replace(tzinfo=LOCAL)
    except ValueError:
        raise FieldErrors({"happened_at": _("Write the time as 2024-04-08 06:42.")}) from None
    same_minute = moment <= alarm.happened_at < moment + timedelta(minutes=1)
    return alarm.happened_at if same_minute and moment.second == 0 else moment


def _blocked(request: HttpRequest, alarm: Alarm, refused: Exception) -> HttpResponse:
    sentence = (
        refused.sentence
        if isinstance(refused, Blocked)
        else _("This is not possible in the state “%(state)s”. Look at the alarm again.")
        % {"state": alarm.status.label}
    )
    return _desk(request, alarm, errors={"note": sentence}, status=409)


Act = Callable[[User, Clock, Alarm, str], object]


def with_note(request: HttpRequest, pk: int, act: Act) -> HttpResponse:
    """Do ``act`` with the typed note; a refusal is shown on the desk, nothing typed is lost."""
    alarm, user, clock = _alarm(request, pk), request.user, request.clock  # type: ignore[attr-defined]
    assert isinstance(user, User)
    try:
        act(user, clock, alarm, request.POST.get("note", ""))
    except FieldErrors as bad:
        return _desk(request, alarm, errors=bad.errors, status=422)
    except (Blocked, TransitionRefused) as refused:
        return _blocked(request, alarm, refused)
    messages.success(request, _("Written down."))
    return redirect("alarm", alarm.pk)


@require_POST
@page("alarm.handle")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    return with_note(
        request, pk, lambda user, clock, alarm, note: actions.close(user, clock, alarm, note=note)
    )


@require_POST
@page("alarm.handle")
def review(request: HttpRequest, pk: int) -> HttpResponse:
    agree = request.POST.get("agree") == "yes"
    return with_note(
        request,
        pk,
        lambda user, clock, alarm, note: actions.review(user, clock, alarm, agree=agree, note=note),
    )


@require_POST
@page("alarm.handle")
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return with_note(
        request, pk, lambda user, clock, alarm, note: actions.reopen(user, clock, alarm, note=note)
    )


@require_safe
@page("alarm.view")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """用当时数据复算: run the rule on the kept inputs and lay both results side by side."""
    alarm = _alarm(request, pk)
    if not is_verdict(alarm.record):
        raise Http404("findings are recomputed from their track")
    try:
        judged = rejudge(alarm.record)
    except BadRecord as broken:
        raise Http404(str(broken)) from broken
    same = reasons_of(judged) == alarm.record["reasons"]
    lead = judged.lead.value if judged.lead else None
    return _desk(
        request, alarm, again={"same": same and lead == alarm.record["lead"], "judged": judged}
    )
