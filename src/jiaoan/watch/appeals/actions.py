"""Every write between the desk and the enterprise that answers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, SystemActor, require
from jiaoan.watch import figures
from jiaoan.watch.actions import announce, note_problem, require_note, step, write_down
from jiaoan.watch.kinds import DispositionKind
from jiaoan.watch.models import Alarm, AnswerFile, AnswerRequest
from jiaoan.watch.models.appeal import AnswerKind, Decision
from jiaoan.watch.policies import open_appeal, require_other_than_asker
from jiaoan.watch.states import AlarmVerb

MOST_FILES = 9
LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """One file as it came."""

    name: str
    content_type: str
    data: bytes


def link_holder(asked: AnswerRequest) -> SystemActor:
    """Whoever holds the link: may see and answer this one request, nothing else."""
    return SystemActor(f"answer-link-{asked.pk}", frozenset({"alarm.answer"}))


def addressee(vehicle: Vehicle) -> Organisation | None:
    """Whose account answers for a vehicle: its firm, or the outside carrier of that name."""
    if vehicle.enterprise is not None:
        return vehicle.enterprise.organisation
    if not vehicle.carrier_name:
        return None
    carriers = Organisation.objects.filter(kind=OrganisationKind.OUTSIDE_CARRIER)
    return carriers.filter(name=vehicle.carrier_name).first()


@transaction.atomic
def ask(actor: User, clock: Clock, alarm: Alarm, *, question: str) -> AnswerRequest:
    """要求企业申诉: ask the enterprise to answer within the set working days.

    A vehicle from outside gets a link (256 bits, open as long as the request) beside the account
    of its carrier, if that has one. Raises :class:`FieldErrors` (``note``), ``TransitionRefused``.
    """
    require(actor, "alarm.handle", alarm)
    require_note(question)
    now = clock.now()
    due = figures.answer().until(clock.today())
    changes: dict[str, object] = {"answer_by": due}
    if alarm.responded_at is None:
        changes["responded_at"] = now
    payload: dict[str, Json] = {"due": due.isoformat()}
    fact = step(actor, clock, alarm, AlarmVerb.ASK, payload, changes=changes)
    write_down(actor, clock, alarm, DispositionKind.ASK, question, fact)
    return AnswerRequest.objects.create(
        alarm=alarm,
        organisation=addressee(alarm.vehicle),
        token=secrets.token_urlsafe(32) if alarm.vehicle.outside else None,
        asked_by=actor,
        asked_at=now,
        question=question.strip(),
        due=due,
        fact=fact,
    )


@transaction.atomic
def take_back(actor: User, clock: Clock, alarm: Alarm, *, note: str) -> AnswerRequest:
    """收回: the bureau goes on handling without the answer."""
    require(actor, "alarm.handle", alarm)
    require_note(note)
    asked = alarm.requests.filter(answered_at=None, taken_back_at=None).last()
    payload: dict[str, Json] = {"request": asked.pk if asked else None}
    fact = step(actor, clock, alarm, AlarmVerb.TAKE_BACK, payload, changes={"answer_by": None})
    assert asked is not None  # the state says that one waits
    write_down(actor, clock, alarm, DispositionKind.TAKE_BACK, note, fact)
    asked.taken_back_at = clock.now()
    asked.save(update_fields=["taken_back_at"])
    return asked


def attach(
    actor: Actor, clock: Clock, asked: AnswerRequest, uploads: Sequence[Upload]
) -> list[AnswerFile]:
    """Keep files of the enterprise by hash; one that is refused does not stop the others.

    They stay with the request whether or not the answer itself is accepted, so nobody has to
    choose them again. Raises :class:`FieldErrors` (``files``) after the good ones are kept.
    """
    require(actor, "alarm.answer", asked)
    _require_waiting(asked)
    free = MOST_FILES - asked.files.count()
    bad = [one.name for one in uploads if not 0 < len(one.data) <= LARGEST]
    good = [one for one in uploads if 0 < len(one.data) <= LARGEST]
    made = [_keep(actor, clock, asked, one) for one in good[:free]]
    errors = []
    if bad:
        errors.append(_("%(names)s: empty or over 20 MB.") % {"names": "、".join(bad)})
    if left := [one.name for one in good[free:]]:
        errors.append(
            _("%(names)s: at most %(n)s files are taken.")
            % {"names": "、".join(left), "n": MOST_FILES}
        )
    if errors:
        kept = _("The other files are kept.")
        raise FieldErrors({"files": " ".join(map(str, (*errors, kept) if made else errors))})
    return made


def _keep(actor: Actor, clock: Clock, asked: AnswerRequest, upload: Upload) -> AnswerFile:
    attachment = files.keep(
        upload.data,
        name=upload.name,
        content_type=upload.content_type,
        clock=clock,
        organisation_id=asked.organisation_id,
        kept_by_id=actor.pk if isinstance(actor, User) else None,
    )
    with transaction.atomic():
        fact = record(
            "watch.answer_file_added",
            actor=actor,
            obj=asked.alarm,
            clock=clock,
            payload={"request": asked.pk, "sha256": attachment.sha256},
        )
        return AnswerFile.objects.create(request=asked, attachment=attachment, fact=fact)


@transaction.atomic
def answer(
    actor: Actor, clock: Clock, asked: AnswerRequest, *, kind: str, text: str
) -> AnswerRequest:
    """The enterprise answers, once: 说明 goes on with handling, 申诉 goes to review.

    A late answer is taken too; that it was late is a fact of its own. Raises
    :class:`FieldErrors` (``kind``, ``text``) and :class:`Blocked`.
    """
    require(actor, "alarm.answer", asked)
    _require_waiting(asked)
    errors: dict[str, str | Promise] = {}
    if kind not in AnswerKind.values:
        errors["kind"] = _("Choose whether you explain or appeal.")
    if problem := note_problem(text):
        errors["text"] = problem
    if errors:
        raise FieldErrors(errors)
    chosen = AnswerKind(kind)
    digests: list[Json] = [one.attachment.sha256 for one in asked.files.select_related()]
    payload: dict[str, Json] = {"request": asked.pk, "kind": chosen.value, "files": digests}
    verb = AlarmVerb.APPEAL if chosen is AnswerKind.APPEAL else AlarmVerb.EXPLAIN
    fact = step(actor, clock, asked.alarm, verb, payload, changes={"answer_by": None})
    values: dict[str, object] = {
        "kind": chosen,
        "text": text.strip(),
        "answered_at": clock.now(),
        "answered_by": actor if isinstance(actor, User) else None,
        "answer_fact": fact,
    }
    for name, value in values.items():
        setattr(asked, name, value)
    asked.save(update_fields=list(values))
    return asked


@transaction.atomic
def decide(actor: User, clock: Clock, alarm: Alarm, *, uphold: bool, note: str) -> AnswerRequest:
    """复核申诉: somebody else than the asker upholds or rejects the appeal, with the reason."""
    require(actor, "alarm.handle", alarm)
    appeal = open_appeal(alarm)
    if appeal is None:
        raise Blocked(_("There is no appeal to decide. Look at the alarm again."))
    require_other_than_asker(actor, appeal)
    require_note(note)
    verb = AlarmVerb.UPHOLD_APPEAL if uphold else AlarmVerb.REJECT_APPEAL
    kind = DispositionKind.UPHOLD_APPEAL if uphold else DispositionKind.REJECT_APPEAL
    fact = step(actor, clock, alarm, verb, {"request": appeal.pk, "kind": kind.value})
    write_down(actor, clock, alarm, kind, note, fact)
    appeal.decision = Decision.UPHELD if uphold else Decision.REJECTED
    appeal.decided_at = clock.now()
    appeal.save(update_fields=["decision", "decided_at"])
    return appeal


def note_late(actor: Actor, clock: Clock) -> int:
    """Note once each request that was not answered in time; claimed by a conditional update."""
    require(actor, "alarm.open")
    now, count = clock.now(), 0
    waiting = AnswerRequest.objects.filter(
        answered_at=None, taken_back_at=None, late_noted_at=None, due__lt=now
    )
    for asked in waiting.select_related("alarm")[:200]:
        with transaction.atomic():
            claimed = AnswerRequest.objects.filter(
                pk=asked.pk, answered_at=None, taken_back_at=None, late_noted_at=None
            ).update(late_noted_at=now)
            if not claimed:
                continue
            record(
                "watch.answer_late",
                actor=actor,
                obj=asked.alarm,
                clock=clock,
                happened_at=asked.due,
                payload={"request": asked.pk},
            )
            announce("watch.answer_late", asked.alarm, clock)
            count += 1
    return count


def _require_waiting(asked: AnswerRequest) -> None:
    if asked.taken_back_at is not None:
        raise Blocked(_("The bureau has taken its request back; no answer is needed any more."))
    if asked.answered_at is not None:
        raise Blocked(_("This is answered already; the page shows what was answered."))
