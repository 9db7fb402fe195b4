"""The notice pages through HTTP, without a script."""

from __future__ import annotations

import hashlib
import io
import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from jiaoan.kernel.clock import Clock
from jiaoan.ledger import actions
from jiaoan.ledger.models import IntakeDraft, Plan, TypedDraft
from jiaoan.org.models import User
from jiaoan.portal.notice.differences import signed, stretches, with_year
from ledger.factory import Bureau, duty, judge_all, make_bureau, make_plan, published
from ledger.test_intake import SECOND

pytestmark = pytest.mark.django_db
FORMS = Path(__file__).resolve().parents[1] / "notices" / "corpus" / "forms"


@pytest.fixture
def bureau(monkeypatch: pytest.MonkeyPatch) -> Bureau:
    made = make_bureau()
    clock: Clock = made.clock
    monkeypatch.setattr("jiaoan.portal.middleware.clock_from_environment", lambda: clock)
    return made


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def draft_url(draft: IntakeDraft) -> str:
    return reverse("notice_draft", args=[draft.plan_id, draft.pk])


def test_every_number_of_the_bar_opens_as_many_sentences(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    actions.accept_draft(bureau.clerk, bureau.clock, plan.drafts.get(title="常态化宣传"))
    actions.judge_sentences(bureau.clerk, bureau.clock, plan, [4], reason="陈述")
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, url)
    numbers = dict(re.findall(r'data-count="(\w+)"[^>]*><i[^>]*></i>\D+(\d+)</a>', page))
    assert set(numbers) == {"duty", "no_duty", "doubtful", "unread", "structure"}
    for view, number in numbers.items():
        assert body(client, f"{url}?show={view}").count("data-sentence-row") == int(number), view
    judged = sum(int(numbers[view]) for view in ("duty", "no_duty", "doubtful", "unread"))
    assert judged + int(numbers["structure"]) == plan.sentences.count()


def test_every_number_of_a_view_is_the_length_of_its_list(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, url + "?show=doubts&s=5")
    segments = re.findall(r'<a href="(\?show=[^"]+)"[^>]*>[^<\d]+(\d+)</a>', page)
    assert len(segments) >= 4
    for link, number in segments:
        shown = body(client, url + unescape(link).partition("#")[0])
        cards = len(re.findall(r"<article[^>]* data-card", shown))
        assert cards == int(number), link


def test_it_says_what_blocks_publishing_and_links_it(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, url)
    blocked = page[page.index('id="blocked"') :]
    for view in ("doubtful", "unread", "names"):
        assert f'href="?show={view}"' in blocked
    assert 'value="publish"' not in page
    answer = client.post(url, {"verb": "publish", "effective_from": "2024-01-01"}, follow=True)
    assert "ja-toast" in answer.content.decode()
    plan.refresh_from_db()
    assert not plan.is_published
    judge_all(bureau, plan)
    assert 'value="publish"' in body(client, url)
    done = client.post(url, {"verb": "publish", "effective_from": "2024-01-01"})
    assert done.headers["Location"] == reverse("notice_assignment", args=[plan.pk])


def test_a_sentence_and_its_drafts_lead_to_each_other(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, url + "?show=all")
    draft = plan.drafts.select_related("sentence").get(title="建成电子围栏系统")
    number = draft.sentence.number
    link = f"{url}?show=sentence&amp;s={number}#s{number}"
    assert page.count(link) == 2  # once in the text, once on the card
    there = body(client, unescape(link).partition("#")[0])
    assert re.search(rf'is-marked" id="s{number}"', there)
    assert f'id="d{draft.pk}"' in there
    assert "<u>年底前</u>" in there


@pytest.mark.parametrize("tool", ["edit", "split", "merge", "reject"])
def test_each_tool_opens_by_a_plain_link(bureau: Bureau, tool: str) -> None:
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="建成电子围栏系统")
    url = reverse("notice", args=[plan.pk])
    page = body(as_(bureau.clerk), f"{url}?show=all&d={draft.pk}&tool={tool}")
    assert page.count("data-tool-open") == 1
    assert f'name="verb" value="{tool}"' in page


def test_split_merge_undo_by_plain_forms(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    fence = plan.drafts.get(title="建成电子围栏系统")
    data = {"verb": "split", "show": "all", "piece": ["1"], "first": "围栏", "second": ""}
    refused = client.post(draft_url(fence), data)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert 'name="first" maxlength="120" value="围栏"' in page
    assert re.search(r'value="1" checked', page)
    answer = client.post(draft_url(fence), data | {"second": "备案"})
    assert answer.headers["Location"].startswith(f"{url}?show=all")
    made = plan.drafts.get(title="备案")
    merged = {"verb": "merge", "other": [str(made.pk)], "merged": "围栏和备案"}
    assert client.post(draft_url(fence), merged).status_code == 302
    fence.refresh_from_db()
    assert fence.title == "围栏和备案"
    client.post(url, {"verb": "undo"})
    client.post(url, {"verb": "undo"})
    fence.refresh_from_db()
    assert fence.title == "建成电子围栏系统"
    assert plan.drafts.exclude(state="folded").count() == 5


def test_it_takes_no_draft_of_another_plan_into_a_merge(bureau: Bureau) -> None:
    plan, other = make_plan(bureau), make_plan(bureau)
    foreign = other.drafts.get(title="常态化宣传")
    fence = plan.drafts.get(title="建成电子围栏系统")
    data = {"verb": "merge", "other": [str(foreign.pk)], "merged": "甲"}
    assert as_(bureau.clerk).post(draft_url(fence), data).status_code == 422
    foreign.refresh_from_db()
    assert foreign.state == "open"
    crossed = reverse("notice_draft", args=[plan.pk, foreign.pk])
    assert as_(bureau.clerk).post(crossed, {"verb": "accept"}).status_code == 404


def test_what_was_typed_comes_back(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="常态化宣传")
    client = as_(bureau.clerk)
    typed = {"verb": "keep", "quiet": "1", "title": "写到一半", "min_count": "两", "show": "all"}
    assert client.post(draft_url(draft), typed).status_code == 204
    url = reverse("notice", args=[plan.pk])
    assert "tool=edit" in body(client, f"{url}?show=all")
    page = body(client, f"{url}?show=all&d={draft.pk}&tool=edit")
    assert 'value="写到一半"' in page
    assert 'value="两"' in page
    assert TypedDraft.objects.get().fields == {"title": "写到一半", "min_count": "两"}
    assert "写到一半" not in body(as_(bureau.leader), reverse("notices"))
    client.post(draft_url(draft), {"verb": "drop"})
    assert 'value="写到一半"' not in body(client, f"{url}?show=all&d={draft.pk}&tool=edit")


def test_bulk_acceptance_asks_first_and_takes_the_number_shown(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, f"{url}?show=clear")
    assert re.search(r'name="count" value="4"', page)
    assert client.post(url, {"verb": "accept_clear"}).status_code == 422
    client.post(url, {"verb": "accept_clear", "count": "3"})
    assert not plan.drafts.filter(state="accepted").exists()
    client.post(url, {"verb": "accept_clear", "count": "4"})
    assert plan.drafts.filter(state="accepted").count() == 4


# ---------------------------------------------------------------- the table


def _screen(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr data-task>(.*?)</tr>", page)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in rows
    ]


def _word(octets: bytes) -> list[list[str]]:
    """The rows of the Word table without its head and its bands."""
    found = []
    for row in Document(io.BytesIO(octets)).tables[0].rows[1:]:
        cells = [cell.text for cell in row.cells]
        if len(set(cells)) > 1:
            found.append(cells)
    return found


def _excel(octets: bytes, width: int) -> list[list[str]]:
    sheet = load_workbook(io.BytesIO(octets)).active
    assert isinstance(sheet, Worksheet)
    rows = [[str(cell.value or "") for cell in row[:width]] for row in sheet.iter_rows()]
    return [row for row in rows if row[0].isdecimal()]


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("query", ["", "unit=UNIT", "state=open", "part=PART"])
def test_word_and_excel_are_what_stands_on_the_screen(
    bureau: Bureau, query: str, done: bool
) -> None:
    plan = published(bureau) if done else make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice_division", args=[plan.pk])
    whole = body(client, url)
    unit = re.findall(r'name="unit".*?<option>(.*?)</option>', whole, re.DOTALL)[0]
    part = re.findall(r'name="part".*?<option>(.*?)</option>', whole, re.DOTALL)[-1]
    query = query.replace("UNIT", unit).replace("PART", part)
    page = body(client, f"{url}?{query}")
    rows = _screen(page)
    assert rows
    if query and not (done and query == "state=open"):
        assert len(rows) <= len(_screen(whole))
    export = re.search(r'href="(\?[^"]*as=docx)"', page)
    assert export
    word = client.get(url + unescape(export[1]))
    excel = client.get(url + unescape(export[1]).replace("docx", "xlsx"))
    assert _word(word.content) == rows
    assert _excel(excel.content, len(rows[0])) == rows
    document = Document(io.BytesIO(word.content))
    section = document.sections[0]
    assert (section.page_width or 0) > (section.page_height or 0)
    foot = "".join(paragraph.text for paragraph in section.footer.paragraphs)
    assert f"共 {len(rows)} 行" in foot
    assert "制表人：clerk" in foot
    assert ("筛选条件：全部" in foot) is (not query or (done and query == "state=open"))
    assert "w:tblHeader" in document.tables[0].rows[0]._tr.xml


# ---------------------------------------------------------------- files and second documents


@pytest.mark.parametrize(
    "name",
    [
        "03-wuling-qizhong.pdf",
        "12-wanglan-renwu.xlsx",
        "14-tinglan-lvyou.docx",
        "18-hebu-halfwidth.gb18030.txt",
        "26-tonghu-weijian.html",
    ],
)
def test_it_takes_every_form_of_file_and_keeps_the_original(bureau: Bureau, name: str) -> None:
    octets = (FORMS / name).read_bytes()
    client = as_(bureau.clerk)
    done = client.post(reverse("notices"), {"file": SimpleUploadedFile(name, octets)})
    assert done.status_code == 302
    plan = Plan.objects.latest("id")
    assert plan.drafts.count() > 3
    assert plan.original.sha256 == hashlib.sha256(octets).hexdigest()
    assert client.get(done["Location"]).status_code == 200


def test_it_keeps_a_pasted_text_that_is_no_notice(bureau: Bureau) -> None:
    answer = as_(bureau.clerk).post(reverse("notices"), {"text": "今天中午吃面。"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="text-error"' in page
    assert "今天中午吃面。</textarea>" in page


def test_it_reads_a_pasted_text_and_knows_it_again(bureau: Bureau) -> None:
    client = as_(bureau.clerk)
    done = client.post(reverse("notices"), {"text": SECOND.replace("\n", "\r\n")})
    assert done.status_code == 302
    plan = Plan.objects.get()
    assert plan.text == SECOND
    again = client.post(reverse("notices"), {"text": SECOND})
    page = again.content.decode()
    assert again.status_code == 422
    assert f'href="{reverse("notice", args=[plan.pk])}"' in page
    assert Plan.objects.count() == 1
    client.post(reverse("notices"), {"text": SECOND, "again": "1"})
    assert Plan.objects.count() == 2


def test_a_second_document_is_seen_from_ledger_item_and_tree(bureau: Bureau) -> None:
    main = published(bureau)
    fence = duty(main, "建成电子围栏系统")
    client = as_(bureau.clerk)
    url = reverse("notice_attach", args=[main.pk])
    item = fence.occurrences.get()
    occurrence = reverse("occurrence", args=[item.pk])
    link = f"{url}?clause={fence.clause_id}&amp;duty={fence.pk}"
    assert link in body(client, occurrence)
    assert f'value="{fence.pk}" selected' in body(client, unescape(link))
    upload = SimpleUploadedFile("方案.txt", SECOND.encode())
    refused = client.post(url, {"file": upload})
    assert refused.status_code == 422
    upload = SimpleUploadedFile("方案.txt", SECOND.encode())
    done = client.post(url, {"clause": fence.clause_id, "duty": fence.pk, "file": upload})
    assert done.status_code == 302
    second = Plan.objects.get(under=fence.clause)
    judge_all(bureau, second)
    actions.publish(bureau.clerk, bureau.clock, second)
    actions.assign_plan(bureau.clerk, bureau.clock, second)
    assert second.title in body(client, occurrence)
    ledger = body(client, reverse("ledger"))
    assert f"document={second.pk}" in ledger
    narrowed = body(client, f"{reverse('ledger')}?plan={main.pk}&document={second.pk}")
    assert narrowed.count("ja-w-task") == second.own_duties.count()
    assert "实施方案 一" in narrowed
    assert second.title in body(client, reverse("notice", args=[main.pk]))
    # The ledger that opens by itself is still the notice's own.
    assert main.title in body(client, reverse("notice_division", args=[main.pk]))
    assert f"plan={main.pk}" in ledger


def test_the_page_asks_the_database_as_often_for_100_drafts(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    pattern = plan.drafts.get(title="建成电子围栏系统")
    views = ("?show=all", "?show=doubts", f"?show=all&d={pattern.pk}&tool=merge")
    body(client, url)

    def asked() -> list[int]:
        found = []
        for view in views:
            with CaptureQueriesContext(connection) as queries:
                body(client, url + view)
            found.append(len(queries))
        return found

    few = asked()
    assert max(few) < 40
    for number in range(100, 200):
        pattern.pk, pattern.number = None, number
        pattern.save()
    assert asked() == few


def test_a_very_long_notice_comes_in_pages(bureau: Bureau) -> None:
    plan = make_plan(bureau)
    pattern = plan.drafts.get(title="建成电子围栏系统")
    for number in range(100, 400):
        pattern.pk, pattern.number = None, number
        pattern.save()
    client, url = as_(bureau.clerk), reverse("notice", args=[plan.pk])
    page = body(client, f"{url}?show=all")
    assert page.count("data-keep=") == 200
    more = re.search(r'href="(\?[^"]*from=200)"', page)
    assert more
    assert body(client, url + unescape(more[1])).count("data-keep=") == 105


# ---------------------------------------------------------------- two years


def test_it_lays_two_years_beside_each_other(bureau: Bureau) -> None:
    client = as_(bureau.clerk)
    before = SECOND.replace("方案", "要点").replace("每季度至少", "每月至少")
    now = SECOND.replace("方案", "要点").replace("5月31日", "6月30日") + (
        "（三）组织演练。执法大队每年至少组织1次应急演练。（执法大队负责）\n"
    )
    for text in (before, now):
        assert client.post(reverse("notices"), {"text": text}).status_code == 302
    old, new = Plan.objects.order_by("pk")
    page = body(client, f"{reverse('notice_compare')}?old={old.pk}&new={new.pk}")
    counts = dict(re.findall(r'data-kind="(\w+)">\D+(\d+)</a>', page))
    assert counts["new"] == "1"
    assert counts["changed"] == "2"
    for kind, number in counts.items():
        narrowed = body(
            client, f"{reverse('notice_compare')}?old={old.pk}&new={new.pk}&kind={kind}"
        )
        assert narrowed.count("data-change=") == int(number), kind
    assert "组织演练" in page
    assert re.search(r"<del>[^<]*每月", page)
    assert re.search(r"<ins>[^<]*每季度", page)


def test_each_side_of_a_comparison_says_its_own_year() -> None:
    old, new = stretches(signed("Y+0年Y+1年建成"), signed("Y+0年Y+2年建成"))
    assert [one.words for one in new if one.changed] == [signed("Y+2")]
    assert "".join(with_year(one.words, 2024) for one in old) == "2024年2025年建成"
    assert "".join(with_year(one.words, 2025) for one in new) == "2025年2027年建成"


def test_a_comparison_needs_two_notices(bureau: Bureau) -> None:
    assert "ja-empty" in body(as_(bureau.clerk), reverse("notice_compare"))
    published(bureau)
    page = body(as_(bureau.clerk), f"{reverse('notice_compare')}?old=x&new=99999&kind=moon")
    assert "ja-empty" in page
