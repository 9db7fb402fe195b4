"""Desk, intake, ledger, item and report pages through HTTP, without a script."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from docx import Document
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, FixedClock
from jiaoan.ledger import actions
from jiaoan.ledger.models import Occurrence, Plan
from jiaoan.ledger.queries import Filter, counts, duties, duty_rows, occurrences
from jiaoan.org.actions import add_person
from jiaoan.org.models import User
from jiaoan.portal.ledger import shown
from jiaoan.portal.middleware import PortalMiddleware
from jiaoan.scope import SystemActor
from ledger.factory import SYSTEM, Bureau, duty, make_bureau, make_plan, one, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau(monkeypatch: pytest.MonkeyPatch) -> Bureau:
    made = make_bureau()
    clock: Clock = made.clock
    monkeypatch.setattr("jiaoan.portal.middleware.clock_from_environment", lambda: clock)
    assert PortalMiddleware is not None
    return made


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_it_counts_every_number_like_the_list_behind_it(bureau: Bureau) -> None:
    plan = published(bureau)
    page = as_(bureau.clerk).get(reverse("ledger")).content.decode()
    links = re.findall(r'<a class="ja-counter[^"]*" href="([^"]*group=[^"]*)">.*?<b>(\d+)', page)
    assert len(links) == 5
    for url, number in links:
        shown_list = as_(bureau.clerk).get(unescape(url) + "&rows=200").content.decode()
        assert shown_list.count("data-item=") == int(number), url
    today = bureau.clock.today()
    owed = counts(occurrences(bureau.clerk, plan, today), today).owed
    assert {url.split("group=")[1]: int(n) for url, n in links}["owed"] == owed


def test_it_asks_the_database_the_same_number_of_times_for_100_duties(
    bureau: Bureau, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    plan = published(bureau)
    pattern = duty(plan, "召开安全专题会议")
    for number in range(100, 200):
        units = list(pattern.units.all())
        pattern.pk, pattern.number, pattern.draft_id = None, number, None
        pattern.save()
        for unit in units:
            unit.pk, unit.duty = None, pattern
            unit.save()
    actions.generate_occurrences(
        SystemActor("test", frozenset({"ledger.assign"})), bureau.clock, plan
    )
    client = as_(bureau.clerk)
    client.get(reverse("ledger"))
    with django_assert_max_num_queries(40):
        assert client.get(reverse("ledger")).content.decode().count("ja-year") > 100
    with django_assert_max_num_queries(40):
        client.get(reverse("ledger") + "?view=list&rows=200")
    with django_assert_max_num_queries(45):
        client.get(reverse("desk"))


def test_it_shows_a_section_its_own_and_not_the_firms(bureau: Bureau) -> None:
    published(bureau)
    squad = add_person(
        SYSTEM,
        bureau.clock,
        username="squad",
        password="Zx9-quiet",
        display_name="队长",
        organisation=bureau.squad,
        role="section_head",
    )
    page = as_(squad).get(reverse("ledger") + "?view=list&rows=200").content.decode()
    assert "常态化宣传" in page
    assert "建成电子围栏系统" not in page
    assert "第0运输有限公司" not in page
    mine = as_(bureau.manager).get(reverse("ledger") + "?view=list&rows=200").content.decode()
    assert "第0运输有限公司" in mine
    assert "第1运输有限公司" not in mine


def test_it_exports_what_is_seen(bureau: Bureau) -> None:
    plan = published(bureau)
    by = Filter(group="owed")
    url = reverse("ledger_export") + "?" + shown.list_url(plan.pk, by).partition("?")[2]
    seen = counts(occurrences(bureau.clerk, plan, bureau.clock.today()), bureau.clock.today()).owed
    book = load_workbook(io.BytesIO(as_(bureau.clerk).get(url + "&as=xlsx").content))
    cells = [str(cell.value or "") for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert any(f"共 {seen} 行" in cell and "类别 应完成" in cell for cell in cells)
    word = as_(bureau.clerk).get(url + "&as=docx")
    assert len(Document(io.BytesIO(word.content)).tables[0].rows) == seen + 1


def test_it_refuses_a_file_that_is_no_notice_and_keeps_it(bureau: Bureau) -> None:
    upload = SimpleUploadedFile("菜单.txt", "今天中午吃面。".encode())
    answer = as_(bureau.clerk).post(reverse("notices"), {"file": upload})
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.content.decode()
    assert not Plan.objects.exists()
    assert Fact.objects.filter(kind="ledger.notice_refused").count() == 1


def test_it_highlights_the_sentence_that_a_clause_chip_names(bureau: Bureau) -> None:
    plan = published(bureau)
    fence = duty(plan, "建成电子围栏系统")
    chip = shown.duty_chip(fence)
    page = as_(bureau.head).get(chip.url.partition("#")[0]).content.decode()
    marked = re.findall(r'<a class="ja-s[^"]*is-marked" id="s\d+"[^>]*>(.*?)</a>', page)
    assert [re.sub(r"<[^>]+>", "", words) for words in marked] == [fence.sentence.text]


def test_it_keeps_what_was_typed_when_a_draft_edit_is_refused(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="常态化宣传")
    typed = {"verb": "edit", "title": "新名称", "min_count": "零", "activity": "general"}
    answer = as_(bureau.clerk).post(reverse("notice_draft", args=[plan.pk, draft.pk]), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="新名称"' in page
    assert 'value="零"' in page


def test_it_accepts_with_the_answers_that_the_form_shows(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="建成电子围栏系统")
    data = {"verb": "accept", "doubt-0": "other", "other-0": "2024年11月30日"}
    answer = as_(bureau.clerk).post(reverse("notice_draft", args=[plan.pk, draft.pk]), data)
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.state, str(draft.deadline)) == ("accepted", "2024-11-30")


def test_it_shows_a_refused_report_with_its_text_and_its_kept_file(bureau: Bureau) -> None:
    plan = published(bureau)
    fence = one(duty(plan, "建成电子围栏系统"), bureau.transport, "D2024-12-31")
    actions.sign_for(bureau.head, bureau.clock, fence)
    data = {
        "verb": "submit",
        "text": "系统已验收。",
        "count": "两次",
        "happened_on": "2024-04-03",
        "evidence_on": "2024-04-03",
        "files": SimpleUploadedFile("验收单.pdf", b"%PDF"),
    }
    answer = as_(bureau.head).post(reverse("occurrence", args=[fence.pk]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    for kept in ("系统已验收。", 'value="两次"', "验收单.pdf", 'aria-describedby="e-count"'):
        assert kept in page
    fence.refresh_from_db()
    assert fence.state == "to_report"


def test_it_says_so_when_somebody_was_faster(bureau: Bureau) -> None:
    plan = published(bureau)
    fence = one(duty(plan, "建成电子围栏系统"), bureau.transport, "D2024-12-31")
    actions.sign_for(bureau.head, bureau.clock, fence)
    url = reverse("occurrence", args=[fence.pk])
    answer = as_(bureau.head).post(url, {"verb": "sign"}, follow=True)
    assert answer.status_code == 200
    assert "ja-toast" in answer.content.decode()


def test_it_signs_for_everything_in_one_press(bureau: Bureau) -> None:
    published(bureau)
    waiting = Occurrence.objects.filter(organisation=bureau.transport, state="to_sign")
    assert waiting.count() > 1
    as_(bureau.head).post(reverse("desk_sign_all"))
    assert waiting.count() == 0
    others = Occurrence.objects.filter(state="to_sign").exclude(organisation=bureau.transport)
    assert others.exists()


def test_it_urges_all_who_have_not_reported(bureau: Bureau) -> None:
    plan = published(bureau)
    report = duty(plan, "推进情况报告")
    as_(bureau.clerk).post(reverse("desk_urge"), {"duty": report.pk, "due": "2024-04-10"})
    assert Fact.objects.filter(kind="ledger.urged").count() == 3


def test_it_makes_a_report_whose_figures_are_those_of_the_page(bureau: Bureau) -> None:
    plan = published(bureau)
    client = as_(bureau.clerk)
    answer = client.post(reverse("reports"), {"plan": plan.pk, "day": "2024-04-10"})
    assert answer.status_code == 302
    made = plan.reports.get()
    today = bureau.clock.today()
    assert made.figures["owed"] == counts(occurrences(bureau.clerk, plan, today), today).owed
    word = client.get(reverse("report_file", args=[made.pk]))
    text = "\n".join(p.text for p in Document(io.BytesIO(word.content)).paragraphs)
    assert f"应完成事项{made.figures['owed']}项" in text
    wrong = client.post(reverse("reports"), {"plan": plan.pk, "day": "2024-04-11"})
    assert wrong.status_code == 422


def test_it_gives_each_window_its_own_months(bureau: Bureau) -> None:
    """Report windows touch at the tenth of a month: no two cells of the strip may overlap."""
    plan = published(bureau)
    today = bureau.clock.today()
    found = occurrences(bureau.clerk, plan, today)
    for row in duty_rows(duties(bureau.clerk, plan), found, today):
        taken: set[int] = set()
        for cell in shown.year_cells(row, plan.pk, today):
            months = set(range(cell.month, cell.month + cell.span))
            assert not months & taken
            assert max(months) <= 12
            taken |= months


def test_it_answers_404_for_a_plan_that_makes_no_sense(bureau: Bureau) -> None:
    published(bureau)
    client = as_(bureau.clerk)
    for typed in ("x", "-1", "999999", "１"):
        assert client.get(reverse("ledger"), {"plan": typed}).status_code == 404
    assert client.get(reverse("ledger"), {"group": "moon", "due_from": "x"}).status_code == 200
    assert isinstance(bureau.clock, FixedClock)
