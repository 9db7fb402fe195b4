"""``{% load ja %}``: the components of the design, dates of the bureau, and masked names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import PlateColour, display
from jiaoan.kernel.windows import day_en, day_zh, short_day_en, short_day_zh
from jiaoan.portal import components as c
from jiaoan.portal.journal import words
from jiaoan.portal.navigation import Entry, badge, entries

register = template.Library()

_PARTIALS = "portal/components/"
_PLATE_CSS = {
    PlateColour.BLUE: "blue",
    PlateColour.BLACK: "black",
    PlateColour.WHITE: "white",
    PlateColour.GREEN: "green",
    PlateColour.FARM_GREEN: "green",
    PlateColour.YELLOW_GREEN: "green",
    PlateColour.GRADIENT_GREEN: "green",
}
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def _day_of(value: date | datetime) -> date:
    return local(value).date() if isinstance(value, datetime) else value


# ---------------------------------------------------------------- points


@register.simple_tag
def colon() -> str:
    """The colon of the language of the page, with the blank that English wants behind it."""
    return "：" if _chinese() else ": "


@register.simple_tag
def comma() -> str:
    """Between the members of a list: the pause mark, or a comma."""
    return "、" if _chinese() else ", "


@register.simple_tag
def semicolon() -> str:
    return "；" if _chinese() else "; "


@register.simple_tag
def stop() -> str:
    return "。" if _chinese() else ". "


@register.filter
def listed(members: Sequence[object]) -> str:
    """The members in one line, set apart as the language of the page does."""
    return comma().join(map(str, members))


# ---------------------------------------------------------------- dates


@register.filter
def day(value: date | datetime | None) -> str:
    """6月5日; an aware moment is brought to bureau time first."""
    if value is None:
        return ""
    at = _day_of(value)
    return short_day_zh(at) if _chinese() else short_day_en(at)


@register.filter
def fullday(value: date | datetime | None) -> str:
    """2024年6月5日."""
    if value is None:
        return ""
    at = _day_of(value)
    return day_zh(at) if _chinese() else day_en(at)


@register.filter
def isoday(value: datetime) -> str:
    """2024-06-05, for addresses."""
    return _day_of(value).isoformat()


@register.filter
def daytime(value: datetime | None) -> str:
    """6月5日 14:11."""
    return f"{day(value)} {local(value):%H:%M}" if value is not None else ""


@register.filter
def clocktime(value: datetime | None) -> str:
    """14:11:05, for things that happen within a day."""
    return f"{local(value):%H:%M:%S}" if value is not None else ""


@register.filter
def hourminute(value: datetime | None) -> str:
    """14:11, for steps of one day."""
    return f"{local(value):%H:%M}" if value is not None else ""


@register.filter
def weekday(value: date | datetime | None) -> str:
    """星期三."""
    if value is None:
        return ""
    number = _day_of(value).weekday()
    return f"星期{_WEEKDAYS_ZH[number]}" if _chinese() else _WEEKDAYS_EN[number]


@register.filter
def isoweek(value: date | datetime) -> int:
    """The week of the plan, ISO 8601."""
    return _day_of(value).isocalendar().week


@register.filter
def masked(name: str) -> str:
    """孙*平: the name of a person for readers without need."""
    if len(name) < 2:
        return name
    return f"{name[0]}*" if len(name) == 2 else f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


@register.filter
def fact_word(kind: str) -> str:
    """已销号 for "ledger.closed"."""
    return words.fact_word(kind)


@register.filter
def object_word(obj: str) -> str:
    """事项 12 for "ledger.occurrence:12"."""
    return words.object_word(obj)


# ---------------------------------------------------------------- marks


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; a word stands beside it always."""
    return format_html(
        '<svg class="ja-ico" aria-hidden="true" viewBox="0 0 20 20"><use href="#i-{}"/></svg>', name
    )


@register.simple_tag
def light(value: c.Light) -> SafeString:
    """``{% light card.light %}``."""
    return format_html(
        '<span class="ja-light ja-light--{}">{}</span>', value.tone.value, value.text
    )


@register.simple_tag(takes_context=True)
def due_light(
    context: RequestContext, due: date, done: bool = False, opens: date | None = None
) -> SafeString:
    """``{% due_light duty.due done=duty.closed %}``: counted from the clock of the request."""
    today: date = context["request"].clock.today()
    return light(c.due_light(due, today, done=done, opens=opens))


@register.simple_tag
def risk(grade: int) -> SafeString:
    """``{% risk 1 %}``: a solid block with the grade inside."""
    known = c.RiskGrade(grade)
    return format_html('<span class="ja-risk ja-risk--{}">{}</span>', known.value, known.label)


@register.simple_tag
def plate(number: str, colour: int | None = None, large: bool = False) -> SafeString:
    """``{% plate vehicle.plate vehicle.plate_colour %}``: 鄂B·A7263 and its colour's character."""
    known = next((one for one in PlateColour if one == colour), None)
    names = ["ja-plate"]
    if known in _PLATE_CSS:
        names.append(f"ja-plate--{_PLATE_CSS[known]}")
    if large:
        names.append("ja-plate--l")
    sign = format_html("<i>{}</i>", known.char_zh) if known is not None else ""
    return format_html('<span class="{}">{}{}</span>', " ".join(names), display(number), sign)


@register.simple_tag
def clause(value: c.Clause | str, url: str = "") -> SafeString:
    """``{% clause duty.clause %}`` or ``{% clause "要点 二·7" url %}``."""
    label, target = (value.label, value.url) if isinstance(value, c.Clause) else (value, url)
    if not target:
        return format_html('<span class="ja-clause">{}</span>', label)
    return format_html('<a class="ja-clause" href="{}">{}</a>', target, label)


@register.simple_tag
def unverified(text: str = "") -> SafeString:
    """未核实: a figure that no official text confirms."""
    return format_html('<span class="ja-tag ja-tag--unv">{}</span>', text or _("Unverified"))


@register.simple_tag
def shorthash(value: str) -> SafeString:
    """6b1e…07d4; the whole digest in the title."""
    short = f"{value[:4]}…{value[-4:]}" if len(value) > 9 else value
    return format_html('<span class="ja-hash" title="{}">{}</span>', value, short)


# ---------------------------------------------------------------- partials


@register.inclusion_tag(_PARTIALS + "counter.html")
def counter(value: c.Counter) -> dict[str, object]:
    return {"counter": value}


@register.inclusion_tag(_PARTIALS + "counters.html")
def counters(values: Sequence[c.Counter], slim: bool = False) -> dict[str, object]:
    return {"counters": values, "slim": slim}


@register.inclusion_tag(_PARTIALS + "task.html")
def task(value: c.Task) -> dict[str, object]:
    return {"task": value}


@register.inclusion_tag(_PARTIALS + "evidence.html")
def evidence(value: c.Evidence) -> dict[str, object]:
    return {"evidence": value}


@register.inclusion_tag(_PARTIALS + "timeline.html")
def timeline(entries: Sequence[c.TimelineEntry]) -> dict[str, object]:
    return {"entries": entries}


@register.inclusion_tag(_PARTIALS + "why.html")
def why(value: c.Why) -> dict[str, object]:
    return {"why": value}


@register.inclusion_tag(_PARTIALS + "year_head.html", takes_context=True)
def year_head(context: RequestContext, year: int) -> dict[str, object]:
    """The twelve months, the current one marked when ``year`` is this year."""
    today: date = context["request"].clock.today()
    return {"months": range(1, 13), "now": today.month if today.year == year else 0}


@register.inclusion_tag(_PARTIALS + "year.html")
def year_strip(cells: Sequence[c.YearCell]) -> dict[str, object]:
    return {"cells": cells}


@register.inclusion_tag(_PARTIALS + "clock.html")
def countdown(value: c.Countdown) -> dict[str, object]:
    return {"clock": value}


@register.inclusion_tag(_PARTIALS + "empty.html")
def empty(value: c.Empty) -> dict[str, object]:
    return {"empty": value}


@register.inclusion_tag(_PARTIALS + "field.html")
def field(bound: BoundField) -> dict[str, object]:
    """A form field with label, help and error in the design's order."""
    return {"field": bound}


@register.filter
def control(bound: BoundField) -> SafeString:
    """The input itself with the classes and the error link that the design asks for."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    attrs: dict[str, str | bool] = {}
    if kind == "select":
        attrs["class"] = "form-select"
    elif kind not in ("checkbox", "radio"):
        attrs["class"] = "form-control"
    if bound.errors:
        attrs["aria-invalid"] = "true"
        attrs["aria-describedby"] = f"{bound.id_for_label}-error"
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag(_PARTIALS + "pager.html", takes_context=True)
def pager(context: RequestContext, page: Page[object]) -> dict[str, object]:
    """Pages of a list; the rest of the address (filter, order) is kept."""
    kept = context["request"].GET.copy()
    kept.pop("page", None)
    query = kept.urlencode()
    return {"page": page, "query": f"{query}&" if query else ""}


# ---------------------------------------------------------------- shell


@register.simple_tag(takes_context=True)
def rail(context: RequestContext) -> list[Entry]:
    """Entries of the rail that exist and that this person may open."""
    return entries(context["request"].user)


@register.simple_tag(takes_context=True)
def rail_badge(context: RequestContext, key: str) -> int:
    """The number on a rail entry, 0 when nothing waits."""
    request = context["request"]
    return badge(key, request.user, request.clock)
