"""Doing an occurrence: sign for, report back, check, return, close, reopen, extend, urge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock, at_local
from jiaoan.ledger import policies
from jiaoan.ledger.actions.base import announce, move, person
from jiaoan.ledger.activities import COUNT, FIELDS, Activity, FigureField
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import Closing, Extension, Occurrence, ReportBack, Urge
from jiaoan.ledger.states import OCCURRENCE, OPEN, OccurrenceState, OccurrenceVerb
from jiaoan.scope import Actor, require

V = OccurrenceVerb
REPORTABLE = frozenset({OccurrenceState.TO_REPORT, OccurrenceState.RETURNED})


@transaction.atomic
def sign_for(actor: Actor, clock: Clock, occurrence: Occurrence) -> None:
    """Sign for 签收: the obliged organisation takes it on, also before its window begins."""
    policies.require_act(actor, "ledger.sign", occurrence)
    move(actor, clock, occurrence, V.SIGN)


@dataclass(frozen=True)
class ReportForm:
    """A report-back as typed. ``figures`` holds the fields of the duty's activity by key."""

    text: str
    happened_on: str
    figures: Mapping[str, str]


@transaction.atomic
def save_report_draft(
    actor: Actor, clock: Clock, occurrence: Occurrence, form: ReportForm
) -> ReportBack:
    """Keep what was typed, right or wrong, so that nothing is lost. Leaves no fact."""
    policies.require_act(actor, "ledger.report", occurrence)
    if occurrence.status not in REPORTABLE:
        raise Blocked(_("This item does not wait for a report-back now."))
    draft = report_draft(occurrence) or ReportBack(
        occurrence=occurrence, number=occurrence.reports.count() + 1
    )
    draft.text = form.text
    typed = {field.key: form.figures.get(field.key, "") for field in fields_of(occurrence)}
    draft.figures = {**typed, "happened_on": form.happened_on}
    draft.author, draft.saved_at = person(actor), clock.now()
    draft.save()
    return draft


def report_draft(occurrence: Occurrence) -> ReportBack | None:
    return occurrence.reports.filter(submitted_at=None).first()


def fields_of(occurrence: Occurrence) -> tuple[FigureField, ...]:
    return FIELDS[Activity(occurrence.duty.activity)]


def report_back(actor: Actor, clock: Clock, occurrence: Occurrence, form: ReportForm) -> ReportBack:
    """Report back 反馈: save as draft first, then check every field, then submit.

    Raises :class:`FieldErrors`; the draft with all that was typed stays.
    """
    draft = save_report_draft(actor, clock, occurrence, form)
    day, figures = _checked(clock, occurrence, form)
    with transaction.atomic():
        draft.figures, draft.happened_on = figures, day
        draft.submitted_at = clock.now()
        draft.save()
        # Evidence that came in before this report-back belongs to it.
        occurrence.evidence.filter(report=None).update(report=draft)
        payload: dict[str, Json] = {
            "report": draft.number,
            "evidence": occurrence.evidence.count(),
            "figures": {key: value for key, value in figures.items() if isinstance(value, int)},
        }
        move(actor, clock, occurrence, V.REPORT, happened_at=at_local(day), payload=payload)
    return draft


def _checked(
    clock: Clock, occurrence: Occurrence, form: ReportForm
) -> tuple[date, dict[str, str | int]]:
    errors: dict[str, str] = {}
    figures: dict[str, str | int] = {}
    for field in fields_of(occurrence):
        _check_figure(field, form.figures.get(field.key, "").strip(), figures, errors)
    _check_count(occurrence, figures, errors)
    if not form.text.strip():
        errors["text"] = str(_("Write what was done; two sentences are enough."))
    day = _check_day(clock, form.happened_on, errors)
    if not occurrence.evidence.exists():
        errors["files"] = str(_("Attach at least one piece of evidence, or adopt one below."))
    if errors or day is None:
        raise FieldErrors(errors)
    return day, figures


def _check_figure(
    field: FigureField, typed: str, figures: dict[str, str | int], errors: dict[str, str]
) -> None:
    if not typed:
        if field.required:
            errors[field.key] = str(_("Fill in “%(field)s”.") % {"field": field.label})
        return
    if not field.whole_number:
        figures[field.key] = typed[:200]
    elif typed.isascii() and typed.isdecimal() and len(typed) <= 7:
        figures[field.key] = int(typed)
    else:
        errors[field.key] = str(
            _("“%(typed)s” is no whole number. Write digits, such as 3.") % {"typed": typed[:20]}
        )


def _check_count(
    occurrence: Occurrence, figures: Mapping[str, str | int], errors: dict[str, str]
) -> None:
    done = figures.get(COUNT.key)
    if isinstance(done, int) and done < occurrence.min_count:
        errors[COUNT.key] = ngettext(
            "%(done)s written, but this window needs at least %(need)s time. Do the missing ones "
            "first, or ask for an extension.",
            "%(done)s written, but this window needs at least %(need)s times. Do the missing ones "
            "first, or ask for an extension.",
            occurrence.min_count,
        ) % {"done": done, "need": occurrence.min_count}


def _check_day(clock: Clock, typed: str, errors: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        errors["happened_on"] = str(_("Write the day it happened as 2024-04-08."))
        return None
    if day > clock.today():
        errors["happened_on"] = str(
            _("%(day)s has not come yet. Write the day it happened.") % {"day": day.isoformat()}
        )
        return None
    return day


@transaction.atomic
def return_report(actor: Actor, clock: Clock, occurrence: Occurrence, *, reason: str) -> None:
    """Return for supplement 退回补正, with the reason."""
    require(actor, "ledger.check", occurrence)
    if not reason.strip():
        raise FieldErrors({"reason": _("Say what is missing, so that it can be supplied.")})
    move(actor, clock, occurrence, V.RETURN, payload={"reason": reason.strip()[:500]})
    last = _last_report(occurrence)
    last.return_reason, last.returned_at = reason.strip()[:500], clock.now()
    last.save(update_fields=["return_reason", "returned_at"])
    Closing.objects.filter(report=last, closed_at=None).delete()


@transaction.atomic
def check(actor: Actor, clock: Clock, occurrence: Occurrence, *, note: str = "") -> Closing:
    """Pass the check 核查通过."""
    require(actor, "ledger.check", occurrence)
    report = _last_report(occurrence)
    move(actor, clock, occurrence, V.CHECK, payload={"report": report.number})
    return Closing.objects.create(
        occurrence=occurrence,
        report=report,
        checked_by=person(actor),
        checked_at=clock.now(),
        check_note=note.strip()[:500],
    )


@transaction.atomic
def close(actor: Actor, clock: Clock, occurrence: Occurrence) -> Closing:
    """Close 销号 what was checked."""
    require(actor, "ledger.close", occurrence)
    OCCURRENCE.row(occurrence.state, V.CLOSE)
    closing = occurrence.closings.filter(closed_at=None).latest("id")
    if policies.two_persons_close() and closing.checked_by == person(actor):
        raise Blocked(_("Checker and closer must be two persons. Ask a colleague to close it."))
    move(actor, clock, occurrence, V.CLOSE, payload={"report": closing.report.number})
    closing.closed_by, closing.closed_at = person(actor), clock.now()
    closing.save(update_fields=["closed_by", "closed_at"])
    return closing


@transaction.atomic
def reopen(actor: Actor, clock: Clock, occurrence: Occurrence, *, reason: str) -> None:
    """Open a closed occurrence again; it waits for a supplement."""
    require(actor, "ledger.close", occurrence)
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why it is opened again.")})
    move(actor, clock, occurrence, V.REOPEN, payload={"reason": reason.strip()[:500]})
    closing = occurrence.closings.latest("id")
    closing.reopened_at, closing.reopen_reason = clock.now(), reason.strip()[:500]
    closing.save(update_fields=["reopened_at", "reopen_reason"])


@transaction.atomic
def waive(actor: Actor, clock: Clock, occurrence: Occurrence, *, reason: str) -> None:
    """Excuse one occurrence 免予办理, with the reason; it stays in the ledger."""
    require(actor, "ledger.close", occurrence)
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why nothing is owed here.")})
    Occurrence.objects.filter(pk=occurrence.pk).update(why=reason.strip()[:300])
    move(actor, clock, occurrence, V.WAIVE, payload={"reason": reason.strip()[:300]})


@transaction.atomic
def ask_extension(
    actor: Actor, clock: Clock, occurrence: Occurrence, *, until: str, reason: str
) -> Extension:
    """Ask for an extension 延期 of one that is still open."""
    policies.require_act(actor, "ledger.report", occurrence)
    if occurrence.status not in OPEN:
        raise Blocked(_("Only an item that is still open can be extended."))
    if occurrence.extensions.filter(granted=None).exists():
        raise Blocked(_("An extension has been asked for already and waits for its answer."))
    errors: dict[str, str] = {}
    try:
        day = date.fromisoformat(until.strip())
    except ValueError:
        raise FieldErrors({"until": _("Write the new day as 2024-06-20.")}) from None
    if day <= occurrence.due:
        errors["until"] = str(
            _("The new day must lie after %(due)s.") % {"due": occurrence.due.isoformat()}
        )
    if not reason.strip():
        errors["reason"] = str(_("Say why more time is needed."))
    if errors:
        raise FieldErrors(errors)
    made = Extension.objects.create(
        occurrence=occurrence,
        until=day,
        reason=reason.strip()[:500],
        asked_by=person(actor),
        asked_at=clock.now(),
    )
    record(
        "ledger.extension_asked",
        actor=actor,
        obj=occurrence,
        clock=clock,
        payload={"until": day.isoformat()},
    )
    announce("ledger.extension_asked", occurrence, clock)
    return made


@transaction.atomic
def decide_extension(
    actor: Actor, clock: Clock, extension: Extension, *, granted: bool, note: str = ""
) -> None:
    """Grant 准予延期 or refuse; granted, the due day moves and the old one stays in the journal."""
    occurrence = extension.occurrence
    require(actor, "ledger.close", occurrence)
    if not granted and not note.strip():
        raise FieldErrors({"note": _("Say why it is refused.")})
    taken = Extension.objects.filter(pk=extension.pk, granted=None).update(
        granted=granted, decided_by=person(actor), decided_at=clock.now(), note=note.strip()[:500]
    )
    if not taken:
        raise Blocked(_("Somebody else has just decided this."))
    before = occurrence.due
    if granted:
        Occurrence.objects.filter(pk=occurrence.pk).update(due=extension.until)
        occurrence.due = extension.until
    kind = "ledger.extension_granted" if granted else "ledger.extension_refused"
    payload: dict[str, Json] = {"from": before.isoformat(), "until": extension.until.isoformat()}
    record(kind, actor=actor, obj=occurrence, clock=clock, payload=payload)
    announce(kind, occurrence, clock)


@transaction.atomic
def urge(actor: Actor, clock: Clock, occurrence: Occurrence) -> Urge:
    """Urge 催办 with a ready sentence; a day has a limit (局定), and closed ones are not urged."""
    require(actor, "ledger.urge", occurrence)
    if occurrence.status not in OPEN:
        raise Blocked(_("This item has been reported back; there is nothing to urge."))
    limit = policies.urges_per_day()
    # The row lock (PostgreSQL) or the immediate transaction (SQLite) keeps the count true.
    Occurrence.objects.select_for_update().get(pk=occurrence.pk)
    if occurrence.urges.filter(day=clock.today()).count() >= limit:
        raise Blocked(_("Urged %(n)s times today; the limit of a day is reached.") % {"n": limit})
    made = Urge.objects.create(
        occurrence=occurrence,
        day=clock.today(),
        sent_at=clock.now(),
        sent_by=person(actor),
        text=urge_sentence(occurrence, clock.today()),
    )
    record("ledger.urged", actor=actor, obj=occurrence, clock=clock, payload={"urge": made.pk})
    announce("ledger.urged", occurrence, clock)
    return made


def urge_sentence(occurrence: Occurrence, today: date) -> str:
    """The ready sentence, an official's own words: Chinese whatever the screen's language."""
    left = (occurrence.due - today).days
    when = f"还有{left}天到期" if left > 0 else "今日到期" if left == 0 else f"已逾期{-left}天"
    due = f"{occurrence.due.month}月{occurrence.due.day}日"
    return (
        f"{occurrence.organisation.label}：“{occurrence.duty.title}”"
        f"（{occurrence.window_label}）应于{due}前反馈，{when}，请及时办理并反馈。"
    )


def _last_report(occurrence: Occurrence) -> ReportBack:
    return occurrence.reports.exclude(submitted_at=None).latest("number")
