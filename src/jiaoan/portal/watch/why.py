"""为什么报警: the explanation of a verdict or of a finding, from its own record alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import display
from jiaoan.portal.components import Check, Verdict, Why
from jiaoan.portal.names import reads_english
from jiaoan.registry.queries import vehicles_on_map
from jiaoan.rules import hazmat_english
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.findings import NotFinding
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.sentences import Sentence, sentence, span_en, span_zh
from jiaoan.rules.driving.settings import SOURCES
from jiaoan.rules.hazmat_english import Record
from jiaoan.watch.findings.sentences import ending_sentence, fence_sentence
from jiaoan.watch.findings.short import off_route
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm, Finding


def remark_of(record: Record) -> str:
    kept = str(record.get("remark") or "")
    return hazmat_english.REMARK if kept and reads_english() else kept


Plates = Mapping[int, str]


def plates_of(reader: object, found: Iterable[Finding | Alarm]) -> Plates:
    """Plates of the second vehicles of pairs, by vehicle, as far as the reader may see them."""
    pairs = (driving_of(one.record) for one in found if one.kind == AlarmKind.TOGETHER)
    ids = {pair.values["other"] for pair in pairs if pair}
    if not ids:
        return {}
    rows = vehicles_on_map(reader).filter(pk__in=ids).values_list("pk", "plate")
    return {pk: display(plate) for pk, plate in rows}


def why_of(alarm: Alarm, reader: object) -> Why:
    """The explanation of an alarm: of the verdict or of the first finding that opened it."""
    if is_verdict(alarm.record):
        return _verdict(alarm)
    # The finding that opened it, with its end.
    first = alarm.findings.filter(key=alarm.record.get("begun_id") or alarm.record["id"]).first()
    plates = plates_of(reader, [alarm])
    found = sentence_of(first, plates) if first else said(alarm.record, None, plates)
    return _finding(_("Why this alarm"), alarm, found, first.end if first else None)


def why_finding(finding: Finding, reader: object) -> Why:
    """The explanation of a finding, with its end where it is over."""
    found = sentence_of(finding, plates_of(reader, [finding]))
    return _finding(_("Why this finding"), finding, found, finding.end)


def is_verdict(record: Mapping[str, object]) -> bool:
    """Whether it is the record of a verdict of ``hazmat``, not a message of the stream."""
    return "reasons" in record


def driving_of(record: Mapping[str, object] | None) -> Driving | None:
    """The driving finding in a message; ``None`` for fences and for other versions of the rules."""
    try:
        return Driving.from_json(record["finding"]) if record else None
    except (KeyError, NotFinding):
        return None


def sentence_of(finding: Finding, plates: Plates) -> str:
    """What was found, in the language of the reader; its end where it is over.

    ``plates`` are those of :func:`plates_of`.
    """
    found = said(finding.record, finding.end, plates)
    if not finding.ended_with or finding.ended_at is None:
        return found
    over = _chosen(ending_sentence(finding.ended_at, finding.ended_with))
    return f"{found} {over}" if reads_english() else f"{found}{over}"


def said(record: Mapping[str, object], end: Mapping[str, object] | None, plates: Plates) -> str:
    """The sentence of a message and of that of its end; empty where this release reads neither."""
    if "finding" not in record:
        return _chosen(fence_sentence(record, end))
    driving = driving_of(end or record)
    if driving is None:
        return ""
    return _chosen(sentence(driving, plates.get(driving.values.get("other", 0), "")))


def _chosen(both: Sentence) -> str:
    return both.en if reads_english() else both.zh


# ---------------------------------------------------------------- verdicts of hazmat


def _verdict(alarm: Alarm) -> Why:
    record = alarm.record
    entered = any(one["ok"] for one in record["reasons"] if one["code"].startswith("entry."))
    checks = tuple(
        Check(
            *_reason(record, reason),
            Verdict.YES if reason["ok"] else Verdict.NO,
            reason["unverified"],
        )
        for reason in record["reasons"]
        # Depth or count confirms an entry: where one did, the other says nothing against it.
        if reason["ok"] or not (entered and reason["code"].startswith("entry."))
    )
    law = record["law"]
    return Why(
        title=_("Why this alarm"),
        rule=f"{_('Filing and waybill of hazmat vehicles that enter')} · {alarm.rule}",
        version=alarm.version,
        checks=checks,
        law=f"{law['label']} “{law['sentence']}”",
        fact=alarm.fact.seq,
        rows=((_("Kept"), _times(alarm)),),
    )


def _reason(record: Record, reason: Mapping[str, str]) -> tuple[str, str]:
    """A reason's sentence and value: as kept, or in English for who reads English."""
    kept = reason["text"], reason["value"]
    return hazmat_english.reason(record, reason["code"], *kept) if reads_english() else kept


def _times(one: Alarm | Finding) -> str:
    return _("happened %(a)s, received %(b)s, judged %(c)s") % {
        "a": _clock(one.happened_at),
        "b": _clock(one.received_at),
        "c": _clock(one.judged_at),
    }


def _clock(moment: datetime) -> str:
    return f"{local(moment):%H:%M:%S}"


# ---------------------------------------------------------------- findings of the stream


def _finding(
    title: str,
    one: Alarm | Finding,
    found: str,
    end: Mapping[str, object] | None,
) -> Why:
    record = one.record
    driving = driving_of(end) or driving_of(record)
    rows = [(_("Found"), found or _("This release cannot read it (other version)."))]
    if driving and driving.driver:
        rows.append((_("Driver"), _("by driver card, number %(n)s") % {"n": driving.driver}))
    rows.append((_("Kept"), _times(one)))
    clauses = (
        tuple((clause.label, clause.mark != "V") for clause in driving.clauses)
        if driving
        else ((str(record["law"]), False),)
        if record.get("law")
        else ()
    )
    return Why(
        title=title,
        rule=f"{one.get_kind_display()} · {one.rule}",
        version=one.version,
        checks=_driving_checks(driving) if driving else _fence_checks(record, end),
        clauses=clauses,
        fact=one.fact.seq,
        rows=rows,
    )


def _unverified(setting: str) -> bool:
    """Whether a figure is; figures that no setting holds are."""
    return setting not in SOURCES or SOURCES[setting].mark != "V"


def span(seconds: int) -> str:
    return span_en(seconds) if reads_english() else span_zh(seconds)


def _driving_checks(finding: Driving) -> tuple[Check, ...]:
    """Each figure that was looked at, beside the figure it was held against."""
    return _CHECKS[finding.rule](finding)


def _over(text: str, value: str, setting: str, **limit: object) -> Check:
    return Check(text % limit, value, Verdict.NO, _unverified(setting))


def _overspeed(f: Driving) -> tuple[Check, ...]:
    v, held = f.values, f.limits["limit_milli"]
    source, night = v["limit_source"] & 7, bool(v["limit_source"] & 8)
    names = {
        1: _("limit set for the vehicle"),
        2: _("limit of the road section"),
        3: _("limit of the vehicle kind"),
        4: _("limit set in the terminal"),
    }
    name = names.get(source, "")
    if night:
        name = _("%(limit)s, night share") % {"limit": name}
    if v["limit_source"] & c.SEVERAL_ROADS:
        name = _("%(limit)s, the most generous of several roads that lie here") % {"limit": name}
    # The general limit of heavy vehicles is not verified, nor are those of school buses.
    open_figure = source == 1 or (source == 3 and f.kind == "school_bus")
    speed = _("%(v)s km/h") % {"v": f"{v['peak_speed'] / 10:g}"}
    limit = Check(
        _("Highest speed, against %(limit)s km/h (%(name)s)")
        % {"limit": f"{held / 1000:g}", "name": name}
        if held
        else _("Highest speed; told by the terminal, whose limit is not known"),
        speed,
        Verdict.NO,
        open_figure or not held,
    )
    return (
        limit,
        _over(
            _("Over the limit in one go for more than %(n)s"), span(v["over_s"]), "over_s",
            n=span(30),
        ),
        Check(_("Positions over the limit"), str(v["points"]), Verdict.YES),
    )  # fmt: skip


def _timed(
    text: Callable[[], str], name: str, setting: str
) -> Callable[[Driving], tuple[Check, ...]]:
    def made(f: Driving) -> tuple[Check, ...]:
        limit = f.limits["limit_s"]
        return (_over(text(), span(f.values[name]), setting, n=span(limit)),)

    return made


def _drive(f: Driving) -> tuple[Check, ...]:
    night = f.rule is Rule.NIGHT
    text = (
        _("Driven at night without a rest, at most %(n)s")
        if night
        else _("Driven without a rest, at most %(n)s")
    )
    return (
        _over(
            text, span(f.values["driven_s"]), "night_s" if night else "continuous_s",
            n=span(f.limits["limit_s"]),
        ),
        Check(
            _("Stood meanwhile, each time less than %(n)s") % {"n": span(1200)},
            span(f.values["paused_s"]), Verdict.YES, _unverified("rest_s"),
        ),
    )  # fmt: skip


def _hours(f: Driving) -> tuple[Check, ...]:
    text = {
        Rule.SMALL_HOURS: _("Positions moving between 02:00 and 05:00"),
        Rule.HAZMAT_BAN: _("Positions moving in the banned hours of %(ban)s") % {"ban": f.source},
        Rule.SCHOOL_HOURS: _("Positions moving outside the hours of the school bus"),
    }[f.rule]
    speed = _("%(v)s km/h") % {"v": f"{f.values['peak_speed'] / 10:g}"}
    return (
        Check(text, str(f.values["points"]), Verdict.NO, _unverified("moving")),
        Check(_("Highest speed"), speed, Verdict.YES),
    )


def _offline(f: Driving) -> tuple[Check, ...]:
    silent = _over(
        _("Silent although it was running, more than %(n)s"), span(f.values["silent_s"]),
        "offline_s", n=span(f.limits["limit_s"]),
    )  # fmt: skip
    if f.phase == "begun":
        return (silent,)
    return (silent, Check(_("Way between the two positions"), _km(f.values["way_m"])))


def _displaced(f: Driving) -> tuple[Check, ...]:
    return (
        _over(
            _("Moved while off line, more than %(n)s"), _km(f.values["way_m"]), "displaced_m",
            n=_km(f.limits["limit_m"]),
        ),
        Check(_("Off line"), span(f.values["silent_s"])),
    )  # fmt: skip


def _drift(f: Driving) -> tuple[Check, ...]:
    speed = _("%(v)s km/h") % {"v": f.values["implied_kmh"]}
    return (
        _over(
            _("Speed that the jump would need, over %(n)s km/h"), speed, "drift_kmh",
            n=f.limits["limit_kmh"],
        ),
        Check(_("Length of the jump"), _km(f.values["way_m"])),
    )  # fmt: skip


def _invalid(f: Driving) -> tuple[Check, ...]:
    names = (
        (1, _("longitude")), (2, _("latitude")), (4, _("speed")), (8, _("direction")),
        (16, _("altitude")), (32, _("time")),
    )  # fmt: skip
    bad = [name for bit, name in names if f.values["fields"] & bit]
    comma = ", " if reads_english() else "、"
    return (Check(_("Fields out of the national range"), comma.join(bad), Verdict.NO),)


def _sign(f: Driving) -> tuple[Check, ...]:
    frozen = f.rule is Rule.FROZEN
    text = (
        _("Positions in a row at one place with a speed, at least %(n)s")
        if frozen
        else _("Positions in a row that move on with speed zero, at least %(n)s")
    )
    setting = "frozen_points" if frozen else "mismatch_points"
    needed = f.limits["needed_points"]
    return (_over(text, str(f.values["points"]), setting, n=needed),)


def _mileage(f: Driving) -> tuple[Check, ...]:
    back = _("%(v)s km") % {"v": f"{f.values['back'] / 10:.1f}"}
    return (Check(_("Mileage went back by"), back, Verdict.NO),)


def _clock_off(f: Driving) -> tuple[Check, ...]:
    ahead = f.values["ahead_s"]
    setting = "ahead_s" if ahead > 0 else "behind_s"
    text = _("Device time against receipt, at most %(n)s")
    return (_over(text, span(abs(ahead)), setting, n=span(f.limits["limit_s"])),)


def _cloned(f: Driving) -> tuple[Check, ...]:
    between = _("%(way)s in %(time)s") % {
        "way": _km(f.values["way_m"]), "time": span(f.values["apart_s"]),
    }  # fmt: skip
    return (
        _over(
            _("Two terminals of one plate farther apart than %(n)s km/h allow"), between,
            "clone_kmh", n=f.limits["limit_kmh"],
        ),
        Check(_("Times in 24 hours"), str(f.values["crossings"]), Verdict.NO),
    )  # fmt: skip


def _km(metres: int) -> str:
    return _("%(v)s km") % {"v": f"{metres / 1000:.1f}"}


_CHECKS: Final[Mapping[Rule, Callable[[Driving], tuple[Check, ...]]]] = {
    Rule.OVERSPEED: _overspeed,
    Rule.CONTINUOUS: _drive,
    Rule.NIGHT: _drive,
    Rule.DAY_TOTAL: _timed(
        lambda: _("Driven within 24 hours, at most %(n)s"), "driven_s", "day_total_min"
    ),
    Rule.WEEK_TOTAL: _timed(
        lambda: _("Driven within 7 days, at most %(n)s"), "driven_s", "week_total_min"
    ),
    Rule.SMALL_HOURS: _hours,
    Rule.HAZMAT_BAN: _hours,
    Rule.SCHOOL_HOURS: _hours,
    Rule.OFFLINE: _offline,
    Rule.DISPLACED: _displaced,
    Rule.STAY: _timed(lambda: _("Stood outside known places, at most %(n)s"), "stood_s", "stay_s"),
    Rule.DRIFT: _drift,
    Rule.INVALID: _invalid,
    Rule.FROZEN: _sign,
    Rule.MISMATCH: _sign,
    Rule.MILEAGE: _mileage,
    Rule.CLOCK: _clock_off,
    Rule.CLONED: _cloned,
    Rule.TOGETHER: _timed(
        lambda: _("Close to another hazmat vehicle, at most %(n)s"), "together_s", ""
    ),
}


def _fence_checks(
    record: Mapping[str, object], end: Mapping[str, object] | None
) -> tuple[Check, ...]:
    """How the fence was sure: depth behind the line, points in a row, time of stay."""
    inputs = record.get("inputs")
    if not isinstance(inputs, Mapping):
        return ()
    points = [one for one in inputs.get("points", []) if isinstance(one, Mapping)]
    depths = [float(one["depth_m"]) for one in points if one.get("depth_m") is not None]
    depth = depths[-1] if depths else 0.0  # of the confirming point, which is the last
    by = str(inputs.get("confirmed_by", ""))
    metres = _("%(m)s m") % {"m": f"{abs(depth):.0f}"}
    checks = {
        "depth": Check(
            _("Farther beyond the line than %(m)s m") % {"m": inputs.get("buffer_m")}, metres,
            Verdict.NO, True,
        ),
        "consecutive": Check(
            _("Positions in a row beyond the line, at least %(n)s")
            % {"n": inputs.get("consecutive")},
            str(inputs.get("consecutive")), Verdict.NO, True,
        ),
        "dwell": Check(
            _("Stayed longer than %(n)s") % {"n": span(int(str(inputs.get("dwell_s") or 0)))},
            metres, Verdict.NO, True,
        ),
        "hours": Check(_("Inside when the ban came into force"), metres, Verdict.NO),
    }  # fmt: skip
    told = [checks[by]] if by in checks else []
    if farthest := off_route(end or record).text:
        title = _("Farthest off the route") if end else _("Off the route when it was certain")
        told.append(Check(title, farthest))
    return tuple(told)
