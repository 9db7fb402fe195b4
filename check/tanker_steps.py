"""The second half of the loop: a tanker that nobody has filed, from the line to the day's sheet."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from check.browser import Browser, Page
from check.drive import Drive, Seen
from check.system import TODAY
from check.terminal import AUTHENTICATE, Terminal, frame

PHONE, PLATE, COLOUR = "13910000006", "鄂B3D519", 2
LATITUDE = 29.4895
# Longitudes on the trunk road: the line lies near 113.1766, the last point some 400 m behind it.
APPROACH = (113.1640, 113.1680, 113.1720, 113.1755, 113.1810)
WITHIN = 1.0  # seconds from the confirming frame to the alarm


def _now() -> datetime:
    """The clock of the installation: the time of day is real, the day is the check's."""
    today = datetime.now(UTC)
    china = (today + timedelta(hours=8)).date()
    return today + (datetime.fromisoformat(TODAY).date() - china)


def terminal_comes_in(drive: Drive) -> Seen:
    """Register, authenticate; a wrong code and a stranger are refused."""
    port = drive.system.gateway_port
    stranger = Terminal("127.0.0.1", port, "13999999999")
    refused = stranger.register("湘A00001", 2).result
    stranger.close()
    assert refused == 4, f"a stranger was answered {refused}"
    terminal = Terminal("127.0.0.1", port, PHONE)
    registered = terminal.register(PLATE, COLOUR)
    assert registered.result == 0, f"registration was answered {registered.result}"
    code = registered.body[3:].rstrip(b"\0").decode("gbk")
    answer = terminal.authenticate(code)
    assert answer.result == 0, f"authentication was answered {answer.result}"
    drive.kept["terminal"], drive.kept["code"] = terminal, code
    return {"stranger": refused, "registered": registered.result, "authenticated": answer.result}


def bad_frames_cost_nothing(drive: Drive) -> Seen:
    """Noise, half a frame, a wrong check octet: the next good frame is answered."""
    terminal = drive.kept["terminal"]
    assert isinstance(terminal, Terminal)
    terminal.send_raw(b"\x01\x02noise")
    terminal.send_raw(b"\x7e\x02\x00\x00")
    wrong = bytearray(frame(AUTHENTICATE, b"x", phone=PHONE, serial=60000))
    wrong[-2] ^= 0x55
    terminal.send_raw(bytes(wrong))
    answer = terminal.report(LATITUDE, 113.150, _now() - timedelta(seconds=40))
    assert answer.result == 0, f"the good frame after noise was answered {answer.result}"
    return {"after_noise": answer.result}


def alarm_within_a_second(drive: Drive) -> Seen:
    """Five points over the line; the alarm is on the desk within a second of the confirming one."""
    terminal, clerk = drive.kept["terminal"], drive.browsers["safety_clerk"]
    assert isinstance(terminal, Terminal)
    start = _now() - timedelta(seconds=20)
    for number, longitude in enumerate(APPROACH[:-1]):
        answer = terminal.report(LATITUDE, longitude, start + timedelta(seconds=5 * number))
        assert answer.result == 0, f"a position was answered {answer.result}"
    began = time.monotonic()
    terminal.report(LATITUDE, APPROACH[-1], _now())
    alarm = ""
    while not alarm and time.monotonic() - began < 10:
        alarm = _alarm_on(clerk.get("/alarms/queue"))
    took = time.monotonic() - began
    assert alarm, "no alarm within ten seconds"
    assert took < WITHIN, f"the alarm took {took:.2f} s"
    drive.kept["alarm"] = alarm
    page = clerk.get(alarm)
    for word in ("未备案驶入", "hazmat.filing", "50 米", "要点 十一"):
        assert word in page.words, f"the alarm does not say {word}"
    return {"alarm": alarm, "seconds": round(took, 3)}


def _alarm_on(page: Page) -> str:
    """The address of our tanker's alarm on the queue."""
    for found in re.finditer(r'href="(/alarms/\d+/)[^>]*>(.*?)</a>', page.text, re.DOTALL):
        if "鄂B·3D519" in found[2]:
            return found[1]
    return ""


def call_is_noted(drive: Drive) -> Seen:
    """An empty note is refused and named; a leader may look and not act; the call is kept."""
    clerk, alarm = drive.browsers["safety_clerk"], str(drive.kept["alarm"])
    page = clerk.get(alarm)
    empty = clerk.submit(page, "/dispose", {"kind": "phone", "note": ""})
    assert empty.status == 422, f"an empty note was answered {empty.status}"
    done = clerk.submit(
        page, "/dispose", {"kind": "phone", "note": "已电话联系调度员，要求补报备案。"}
    )
    assert done.status == 200
    assert "要求补报备案" in done.words
    looked = drive.browsers["leader"].get(alarm)
    assert "/dispose" not in looked.text, "a leader is offered to act"
    again = clerk.get(f"{alarm}again")
    assert "结果一致" in again.words, "judging again from the kept inputs did not agree"
    return {"empty_note": empty.status, "judged_again": "same"}


def carrier_files_by_link(drive: Drive) -> Seen:
    """The link opens without log-in; a bad field is named and nothing typed is lost."""
    clerk, alarm = drive.browsers["safety_clerk"], str(drive.kept["alarm"])
    page = clerk.get(alarm)
    made = clerk.submit(page, "/dispose", {"kind": "filing", "note": "已发备案链接。"})
    link = re.search(r'value="(http[^"]*/hazmat/file/[^"]+)"', made.text)
    assert link, "no filing link on the page"
    carrier = Browser(drive.system.address)
    assert carrier.get("/hazmat/file/no-such-token/").status == 404
    form = carrier.get(link[1])
    bad = carrier.submit(form, "/hazmat/file/", {**_filing(), "un": "1203"})
    assert bad.status == 422, f"a bad UN number was answered {bad.status}"
    assert "id_un-error" in bad.text
    assert "楚江" in bad.text, "what was typed is lost"
    done = carrier.submit(form, "/hazmat/file/", _filing())
    assert "待审核" in done.words, done.words[:300]
    return {"bad_un": bad.status, "state": "待审核"}


def _filing() -> dict[str, str | list[str]]:
    later = "2025-12-31"
    return {
        **_papers(),
        "credit_code": "91420200MA12345678",
        "licence_valid_to": later,
        "contact_name": "孙立平",
        "contact_phone": "0714-6300000",
        "inspection_valid_to": later,
        "driver_valid_to": later,
        "escort_valid_to": later,
        "unloading_firm": "松林化工装卸区",
        "period": "single",
        "valid_from": TODAY,
        "valid_to": TODAY,
        "promise": "on",
    }


def _papers() -> dict[str, str | list[str]]:
    return {
        "carrier_name": "楚江危险品物流有限公司",
        "licence_number": "示意900001",
        "plate": PLATE,
        "plate_colour": str(COLOUR),
        "tank_number": "WG007",
        "driver_name": "高建平",
        "driver_certificate": "D4202001",
        "escort_name": "余志强",
        "escort_certificate": "E4202002",
        "un": "UN1203",
        "goods_name": "汽油",
        "goods_class": "3",
        "quantity": "28.6",
    }


def officer_approves(drive: Drive) -> Seen:
    """The filing is on the officer's list, and approved."""
    clerk = drive.browsers["safety_clerk"]
    listed = clerk.get("/hazmat/filings/?state=applied")
    found = re.search(r'href="(/hazmat/filings/\d+/)"', listed.text)
    assert found, "no filing waits for approval"
    done = clerk.submit(clerk.get(found[1]), "/decide", {"act": "approve"})
    assert "已备案" in done.words, done.words[:300]
    return {"filing": found[1]}


def waybill_matches(drive: Drive) -> Seen:
    """The carrier's own account enters the waybill; it is matched with the stay by itself."""
    carrier, clerk = drive.browsers["outside_carrier"], drive.browsers["safety_clerk"]
    typed = {
        **_papers(),
        "number": "42020240408900001",
        "shipper": "示意石化销售公司",
        "consignee": "松林化工装卸区",
        "origin": "示意石化装车站",
        "destination": "松林化工装卸区",
        "start_date": TODAY,
    }
    done = carrier.submit(carrier.get("/hazmat/waybills/new"), "/waybills/new", typed)
    assert done.status == 200, f"the waybill was answered {done.status}"
    assert "/hazmat/waybills/" in done.url, f"the waybill ended at {done.url}"
    trip = re.search(r'href="(/hazmat/trips/\d+/)"', clerk.get(str(drive.kept["alarm"])).text)
    assert trip, "the alarm does not lead to its stay"
    drive.kept["trip"] = trip[1]
    _until(clerk, trip[1], "42020240408900001")
    return {"stay": trip[1]}


def exit_is_seen(drive: Drive) -> Seen:
    """Back over the line: the stay has its exit, the strip is whole."""
    terminal, clerk = drive.kept["terminal"], drive.browsers["safety_clerk"]
    assert isinstance(terminal, Terminal)
    for longitude in (113.1750, 113.1690, 113.1640):
        time.sleep(1.1)  # device times have seconds; each point needs its own
        assert terminal.report(LATITUDE, longitude, _now()).result == 0
    terminal.close()
    page = _until(clerk, str(drive.kept["trip"]), "已出区")
    done, all_steps = _strip(page)
    assert done == all_steps, f"only {done} of {all_steps} steps are done: {page.words[:400]}"
    return {"steps": done}


def _strip(page: Page) -> tuple[int, int]:
    """How many steps of the stay are done, and of how many."""
    strip = re.search(r"<ol[^>]*data-strip>(.*?)</ol>", page.text, re.DOTALL)
    assert strip, "no strip on the page of the stay"
    return strip[1].count("is-done"), strip[1].count("<li")


def _until(browser: Browser, address: str, word: str) -> Page:
    """The page once it says ``word``; the worker needs a moment."""
    end = time.monotonic() + 5
    page = browser.get(address)
    while word not in page.words and time.monotonic() < end:
        time.sleep(0.1)
        page = browser.get(address)
    assert word in page.words, f"{address} does not say {word} within 5 s: {page.words[:500]}"
    return page


def day_sheet_and_closing(drive: Drive) -> Seen:
    """The sheet as Word and Excel, the alarm closed by a person, the journal whole."""
    clerk, trip = drive.browsers["safety_clerk"], str(drive.kept["trip"])
    sizes = {}
    for form in ("docx", "xlsx"):
        sheet = clerk.get(f"{trip}sheet.{form}")
        assert sheet.status == 200, f"{form}: {sheet.status}"
        assert sheet.body[:2] == b"PK", f"{form} is no Office file"
        sizes[form] = len(sheet.body)
    alarm = str(drive.kept["alarm"])
    closed = clerk.submit(clerk.get(alarm), "/close", {"note": "已补报备案，运单相符。"})
    assert "已闭环" in closed.words
    time.sleep(1.2)  # the sealer works every second
    journal = clerk.submit(clerk.get("/journal/"), "verify", {})
    assert "核验通过" in journal.words, journal.words[:300]
    return {"sheets": sizes, "journal": "whole"}
