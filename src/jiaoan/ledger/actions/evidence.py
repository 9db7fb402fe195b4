"""Evidence 证据: files that people attach, and facts of other rooms that people adopt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, local
from jiaoan.ledger import policies
from jiaoan.ledger.actions.base import announce, person
from jiaoan.ledger.actions.work import REPORTABLE
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import Evidence, Occurrence, SystemEvidence
from jiaoan.ledger.states import OPEN, OccurrenceState
from jiaoan.scope import Actor, require

_MAX_OCTETS = 20 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """One file as it came. ``happened_on`` is typed by the person, apart from the upload time."""

    name: str
    content_type: str
    data: bytes


def add_evidence(
    actor: Actor,
    clock: Clock,
    occurrence: Occurrence,
    uploads: Sequence[Upload],
    *,
    happened_on: str,
) -> list[Evidence]:
    """Keep files by hash, then name them as evidence. One bad file does not stop the others.

    Raises :class:`FieldErrors` (``files`` or ``evidence_on``) after the good ones are kept.
    """
    policies.require_act(actor, "ledger.report", occurrence)
    if occurrence.status not in REPORTABLE:
        raise Blocked(_("This item does not wait for a report-back now."))
    if not uploads:
        return []
    day = _day(clock, happened_on)
    user = person(actor)
    bad = [upload.name for upload in uploads if not 0 < len(upload.data) <= _MAX_OCTETS]
    kept = [
        files.keep(
            upload.data,
            name=upload.name,
            content_type=upload.content_type,
            clock=clock,
            organisation_id=occurrence.organisation_id,
            kept_by_id=user.pk if user else None,
            happened_on=day,
        )
        for upload in uploads
        if upload.name not in bad
    ]
    made: list[Evidence] = []
    with transaction.atomic():
        for attachment in kept:
            evidence = Evidence.objects.create(
                occurrence=occurrence,
                attachment=attachment,
                title=attachment.name,
                happened_on=day,
                added_at=clock.now(),
                added_by=user,
            )
            payload: dict[str, Json] = {"evidence": evidence.pk, "sha256": attachment.sha256}
            record(
                "ledger.evidence_added", actor=actor, obj=occurrence, clock=clock, payload=payload
            )
            made.append(evidence)
    if bad:
        raise FieldErrors(
            {
                "files": _("%(names)s: empty or over 20 MB. The other files are kept.")
                % {"names": "、".join(bad)}
            }
        )
    return made


def _day(clock: Clock, typed: str) -> date:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        raise FieldErrors(
            {"evidence_on": _("Write the day of the thing shown as 2024-04-08.")}
        ) from None
    if day > clock.today():
        raise FieldErrors(
            {
                "evidence_on": _("%(day)s has not come yet. Write the day it happened.")
                % {"day": day.isoformat()}
            }
        )
    return day


@transaction.atomic
def offer_evidence(
    actor: Actor, clock: Clock, *, tag: str, fact: Fact, title: str, url: str
) -> int:
    """Offer a fact of another room on the open occurrences of the duties with ``tag``.

    An occurrence matches when the fact happened inside its window. Offering the same fact again
    changes nothing. Returns how many new offers were made.
    """
    require(actor, "ledger.offer")
    day = local(fact.happened_at).date()
    states = [*OPEN, OccurrenceState.TO_CHECK]
    # JSON ``contains`` is unknown to SQLite, and the duties of a year are few.
    duties = [
        duty_id
        for duty_id, tags in Occurrence.objects.filter(state__in=states)
        .values_list("duty_id", "duty__tags")
        .distinct()
        if tag in tags
    ]
    open_ones = Occurrence.objects.filter(
        duty_id__in=duties, state__in=states, starts__lte=day, ends__gte=day
    ).exclude(offers__fact=fact)
    offers = [
        SystemEvidence(
            occurrence=occurrence,
            fact=fact,
            title=title[:200],
            url=url[:300],
            offered_at=clock.now(),
        )
        for occurrence in open_ones
    ]
    SystemEvidence.objects.bulk_create(offers)
    for offer in offers:
        payload: dict[str, Json] = {"fact": fact.pk, "tag": tag}
        record(
            "ledger.evidence_offered",
            actor=actor,
            obj=offer.occurrence,
            clock=clock,
            payload=payload,
        )
        announce("ledger.evidence_offered", offer.occurrence, clock)
    return len(offers)


@transaction.atomic
def adopt_offer(actor: Actor, clock: Clock, offer: SystemEvidence) -> Evidence:
    """Adopt a system fact as evidence in one press. Pressing twice adopts once."""
    occurrence = offer.occurrence
    policies.require_act(actor, "ledger.report", occurrence)
    if occurrence.status not in REPORTABLE:
        raise Blocked(_("Sign for the item first; evidence is adopted with the report-back."))
    taken = SystemEvidence.objects.filter(pk=offer.pk, adopted_at=None).update(
        adopted_at=clock.now()
    )
    if not taken:
        return Evidence.objects.get(offer=offer)
    made = Evidence.objects.create(
        occurrence=occurrence,
        offer=offer,
        title=offer.title,
        happened_on=local(offer.fact.happened_at).date(),
        added_at=clock.now(),
        added_by=person(actor),
    )
    payload: dict[str, Json] = {"evidence": made.pk, "fact": offer.fact_id}
    record(
        "ledger.evidence_adopted",
        actor=actor,
        obj=occurrence,
        clock=clock,
        happened_at=offer.fact.happened_at,
        payload=payload,
    )
    return made
