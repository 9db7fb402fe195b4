"""Journey 1: a notice in, a ledger out, one item from sign-for to closing, the April report.

The real notice of 2024 goes through the pages of a running installation. At the end the Word file
is opened and its figures are compared with the numbers on the ledger page, whose links are then
followed to lists of exactly that length.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from journeys.conftest import PASSWORD, System, log_in, picture

pytestmark = pytest.mark.journey
HERE = Path(__file__).resolve().parent
NOTICE = HERE.parent / "notices" / "data" / "2024-yunxi.txt"
LABELS = {
    "应完成": "owed",
    "已销号": "closed",
    "待核查": "checking",
    "办理中": "running",
    "逾期": "late",
}


@pytest.fixture
def bureau(system: System) -> System:
    system.run(str(HERE / "people.py"), PASSWORD)
    system.start_web()
    return system


def test_it_brings_a_notice_to_the_april_report(bureau: System, page: Page) -> None:
    log_in(page, bureau, "clerk")
    _take_apart(bureau, page)
    item = _report_back(bureau, page)
    _check_and_close(bureau, page, item)
    shown = _counters(bureau, page)
    assert shown["closed"] == 1
    data = _make_report(bureau, page)
    _compare(bureau, page, data, shown)


def _take_apart(bureau: System, page: Page) -> None:
    """Upload, ask the questions away, publish."""
    page.goto(f"{bureau.url}/notices/")
    page.set_input_files("#file", files={"name": "坏.pdf", "mimeType": "", "buffer": b"%PDF"})
    page.click("button:has-text('上传')")
    assert page.locator("#file-error").inner_text()
    page.set_input_files("#file", str(NOTICE))
    page.click("button:has-text('上传')")
    page.wait_for_url(re.compile(r"/notices/\d+/\?show=doubts"))
    assert page.locator(".ja-drafts .ja-doubt").count() > 5
    picture(page, "notice-intake")
    assert page.locator("button[aria-disabled=true]:has-text('发布')").count() == 1
    notice = page.url.split("?")[0]
    page.goto(notice + "?show=names")
    while (names := page.locator("button:has-text('就按此确定')")).count():
        form = page.locator("form", has=page.locator("input[value=settle]")).first
        if not form.locator("input[type=checkbox]:checked").count():
            form.locator("input[type=checkbox]").first.check()
        left = names.count()
        names.first.click()
        expect(names).to_have_count(left - 1)
    page.goto(notice + "?show=doubts")
    while left := (accept := page.locator("button:has-text('按此采纳')")).count():
        accept.first.click()
        expect(accept).to_have_count(left - 1)
    page.goto(notice + "?show=clear")
    page.click("button:has-text('采纳这')")
    expect(page.locator("#bar")).to_contain_text("未判读 0")
    page.goto(notice + "?show=all")
    if page.locator("button:has-text('勾选的判为')").count():
        page.locator("button:has-text('勾选的判为')").click()
    expect(page.locator("button[aria-disabled=true]:has-text('发布')")).to_have_count(0)
    page.fill("#since", "2024-04-01")
    page.click("#bar button:has-text('发布')")
    page.wait_for_url(re.compile(r"/assignment"))
    page.click("[data-assign]")
    page.click("a:has-text('进入台账')")
    page.wait_for_url(re.compile(r"/ledger/"))
    assert page.locator("tbody tr").count() >= 16
    picture(page, "ledger")


def _report_back(bureau: System, page: Page) -> str:
    """The transport section signs for its progress report and reports back with evidence."""
    log_in(page, bureau, "head")
    page.click("[data-column=sign] a:has-text('推进情况报告')")
    address = page.url
    page.click("button:has-text('签收')")
    page.fill("#text", "一季度以来，运输管理股按分工推进要点任务。")
    page.click("button:has-text('提交反馈')")
    # Refused with the fields named, and the sentence is still there.
    assert page.locator("#e-happened").count() == 1
    assert "运输管理股按分工" in page.input_value("#text")
    page.fill("#happened_on", "2024-04-07")
    page.fill("#evidence_on", "2024-04-03")
    page.set_input_files(
        "#files", files={"name": "推进情况.txt", "mimeType": "text/plain", "buffer": b"done"}
    )
    page.click("button:has-text('提交反馈')")
    evidence = page.locator(".ja-evid").inner_text()
    assert "4月3日" in evidence
    assert "4月8日" in evidence
    return address


def _check_and_close(bureau: System, page: Page, item: str) -> None:
    log_in(page, bureau, "clerk")
    picture(page, "desk")
    page.click("[data-column=check] a:has-text('推进情况报告')")
    assert page.url == item
    page.click("button:has-text('核查通过')")
    page.click("#judge button:has-text('销号')")
    assert page.locator(".ja-time li").count() >= 5
    picture(page, "item")


def _counters(bureau: System, page: Page) -> dict[str, int]:
    """The numbers of the ledger page; every list behind them is exactly as long."""
    page.goto(f"{bureau.url}/ledger/")
    links: dict[str, tuple[int, str]] = {}
    for counter in page.locator(".ja-counter").all():
        url = counter.get_attribute("href") or ""
        group = re.search(r"group=(\w+)", url)
        if group:
            links[group[1]] = int(counter.locator("b").inner_text()), url
    assert set(links) == set(LABELS.values())
    for number, url in links.values():
        page.goto(bureau.url + url)
        told = re.search(r"\d+", page.locator(".ja-pager").inner_text())
        assert told is not None
        assert int(told[0]) == number, url
    shown = {group: number for group, (number, _url) in links.items()}
    parts = sum(shown[group] for group in ("closed", "checking", "running", "late"))
    assert shown["owed"] == parts > 100
    return shown


def _make_report(bureau: System, page: Page) -> bytes:
    page.goto(f"{bureau.url}/ledger/reports/?day=2024-04-10")
    page.click("button:has-text('4月10日推进情况报告')")
    page.wait_for_selector("#made")
    picture(page, "report")
    with page.expect_download() as waiting:
        page.click("#made a:has-text('Word')")
    path = waiting.value.path()
    assert path is not None
    return Path(path).read_bytes()


def _compare(bureau: System, page: Page, data: bytes, shown: dict[str, int]) -> None:
    """Figures of the file = figures of the page, and each leads to its list."""
    words = "".join(
        text
        for paragraph in Document(io.BytesIO(data)).paragraphs
        for text in (paragraph.text,)
        if "应完成" in text
    )
    for label, group in LABELS.items():
        found = re.search(rf"{label}\D{{0,12}}?(\d+)项", words)
        assert found, f"{label} is not in the report: {words[:300]}"
        assert int(found[1]) == shown[group], label
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        links = parts.read("word/_rels/document.xml.rels").decode()
    closed = re.search(r'Target="([^"]*/ledger/[^"]*group=closed[^"]*)"', links)
    assert closed
    page.goto(closed[1].replace("&amp;", "&"))
    assert page.locator("tbody tr[data-item]").count() == shown["closed"]
