"""The first half of the loop: a notice in, a ledger out, one item closed, the April report."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from check.browser import Browser, Fields, Form, Page
from check.drive import Drive, Seen

OWN_NOTICE = Path(__file__).resolve().parent / "notice.txt"
_ITEM = re.compile(r'href="/ledger/items/(\d+)/"[^>]*>(?:\s|<[^>]+>)*推进情况报告')


def refuses_what_is_no_notice(drive: Drive) -> Seen:
    """A file that cannot be read is refused with a sentence beside its field."""
    clerk = drive.browsers["safety_clerk"]
    page = clerk.get("/notices/")
    answer = clerk.submit(page, "/notices", {}, {"file": ("a.pdf", b"%PDF-1.7", "application/pdf")})
    said = re.search(r'id="file-error"[^>]*>([^<]+)<', answer.text)
    assert said, f"no sentence beside the file ({answer.status})"
    return {"status": answer.status, "sentence": said[1]}


def reads_the_notice(drive: Drive) -> Seen:
    """Upload: drafts stand beside the sentences they came from, doubts first."""
    clerk, path = drive.browsers["safety_clerk"], drive.notice or OWN_NOTICE
    upload = {"file": (path.name, path.read_bytes(), "application/octet-stream")}
    page = clerk.submit(clerk.get("/notices/"), "/notices", {}, upload)
    found = re.search(r"/notices/(\d+)/", page.url)
    assert found, f"the upload ended at {page.url} ({page.status})"
    drive.kept["plan"] = found[1]
    drafts = len(
        {form.action for form in _all(clerk, found[1]).forms() if "/drafts/" in form.action}
    )
    assert drafts, "no drafts"
    return {"file": path.name, "drafts": drafts, "seconds": round(page.seconds, 2)}


def judges_and_publishes(drive: Drive) -> Seen:
    """Names settled, doubts answered as proposed, the rest judged: then publishing is open."""
    clerk, plan = drive.browsers["safety_clerk"], str(drive.kept["plan"])
    settled = 0
    while form := _first(page := clerk.get(f"/notices/{plan}/?show=names"), "settle"):
        clerk.send(page, form, {"organisation": form.fields.get("organisation") or _any(page)})
        settled += 1
    page = clerk.get(f"/notices/{plan}/?show=clear")
    if form := _first(page, "accept_clear"):
        clerk.send(page, form, {})
    page = clerk.get(f"/notices/{plan}/?show=doubts")
    doubted = _drafts(page)
    for form in doubted:
        answer = clerk.send(page, form, {"verb": "accept"})
        assert answer.status == 200, f"accepting a draft answered {answer.status}"
    page = _all(clerk, plan)
    if form := _first(page, "judge"):
        clerk.send(page, form, {})
    page = _all(clerk, plan)
    form = _first(page, "publish")
    assert form, "publishing is still blocked"
    done = clerk.send(page, form, {"effective_from": "2024-04-01"})
    assert "/assignment" in done.url, f"publishing ended at {done.url}: {done.words[:200]}"
    given = clerk.submit(done, f"/notices/{plan}/assignment", {})
    assert "已交办" in given.words, f"nothing was given out: {given.words[:200]}"
    return {"names_settled": settled, "doubts_answered": len(doubted), "ended_at": given.url}


def _all(browser: Browser, plan: str) -> Page:
    return browser.get(f"/notices/{plan}/?show=all")


def _first(page: Page, verb: str) -> Form | None:
    return next((form for form in page.forms() if form.fields.get("verb") == verb), None)


def _drafts(page: Page) -> list[Form]:
    """The accept forms: those to a draft's address that name no verb, for the button does."""
    return [
        form for form in page.forms() if "/drafts/" in form.action and "verb" not in form.fields
    ]


def _any(page: Page) -> str:
    found = re.search(r'name="organisation" value="(\d+)"', page.text)
    assert found, "no office to choose"
    return found[1]


def section_reports_back(drive: Drive) -> Seen:
    """The transport section signs for its report and hands in evidence with its own date."""
    head = drive.browsers["section_head"]
    found = [int(number) for number in _ITEM.findall(head.get("/").text)]
    assert found, "the section has no report to sign for"
    # The demonstration has a notice of its own; the newer item belongs to the one just published.
    item = drive.kept["item"] = f"/ledger/items/{max(found)}/"
    page = head.press(head.get(item), {"verb": "sign"})
    bare = head.press(page, {"verb": "submit", "text": "", "happened_on": ""})
    assert bare.status == 422 or "e-happened" in bare.text, "an empty report-back was taken"
    fields: Fields = {
        "verb": "submit",
        "text": "一季度按分工推进，专题会议已召开。",
        "happened_on": "2024-04-07",
        "evidence_on": "2024-04-03",
    }
    done = head.press(page, fields, {"files": ("minutes.txt", b"minutes", "text/plain")})
    assert done.status == 200, f"the report-back answered {done.status}: {done.words[:200]}"
    hashed = re.search(r'class="ja-hash"[^>]*>([^<]+)<', done.text)
    assert hashed, "the evidence shows no hash"
    return {"item": item, "evidence_hash": hashed[1]}


def safety_section_closes(drive: Drive) -> Seen:
    """Checked and closed by the safety section; another section may not even look."""
    clerk, item = drive.browsers["safety_clerk"], str(drive.kept["item"])
    foreign = drive.browsers["enterprise"].get(item)
    assert foreign.status in (403, 404), f"a firm saw another's item ({foreign.status})"
    page = clerk.press(clerk.get(item), {"verb": "check"})
    page = clerk.press(page, {"verb": "close"})
    assert "已销号" in page.words, page.words[:300]
    return {"state": "已销号", "firm_was_told": foreign.status}


def makes_the_april_report(drive: Drive) -> Seen:
    """The Word file of 10 April says what the ledger page says, and links back to it."""
    clerk = drive.browsers["safety_clerk"]
    plan = str(drive.kept["plan"])
    page = clerk.get(f"/ledger/reports/?plan={plan}&day=2024-04-10")
    made = clerk.submit(page, "/ledger/reports", {"plan": plan, "day": "2024-04-10"})
    link = next((one for one in made.links() if re.search(r"/ledger/reports/\d+$", one)), None)
    assert link, f"no report to download: {made.words[:200]}"
    octets = clerk.get(link).body
    with zipfile.ZipFile(io.BytesIO(octets)) as parts:
        words = re.sub(r"<[^>]+>", "", parts.read("word/document.xml").decode())
        links = parts.read("word/_rels/document.xml.rels").decode()
    ledger = clerk.get(f"/ledger/?plan={plan}")
    figures: dict[str, object] = {}
    for label, group in (("应完成", "owed"), ("已销号", "closed"), ("逾期", "late")):
        on_page = re.search(rf"group={group}[^>]*>.*?<b>(\d+)", ledger.text, re.DOTALL)
        in_word = re.search(rf"{label}\D{{0,12}}?(\d+)项", words)
        assert on_page, f"{label} is not on the ledger page"
        assert in_word, f"{label} is not in the Word file"
        assert on_page[1] == in_word[1], f"{label}: page {on_page[1]}, Word {in_word[1]}"
        figures[label] = int(on_page[1])
    assert "group=closed" in links, "the figures do not link back"
    return {"octets": len(octets), "figures": figures}
