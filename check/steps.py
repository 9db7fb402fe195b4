"""The steps of ``./run --check``, in their order. Each sees the running system from outside.

A step takes the :class:`Drive`, raises ``AssertionError`` with a sentence where the system does
not do what the step is about, and returns what it saw, which is printed.
"""

from __future__ import annotations

from check import notice_steps, tanker_steps
from check.browser import Browser
from check.drive import Drive, Seen, Step


def answers(drive: Drive) -> Seen:
    """The pages answer, and nobody sees the desk without logging in."""
    visitor = Browser(drive.system.address)
    health = visitor.get("/healthz")
    assert health.status == 200, f"/healthz answered {health.status}"
    desk = visitor.get("/")
    assert "/account/login" in desk.url, f"a visitor was shown {desk.url}"
    return {"first_page_s": round(desk.seconds, 3), "visitor_is_sent_to": "/account/login"}


def people_log_in(drive: Drive) -> Seen:
    """Each demonstration role gets in with the words that the start printed."""
    people = drive.system.people
    assert people, "the start printed no credentials"
    for role, (name, password) in people.items():
        browser = Browser(drive.system.address)
        page = browser.get("/account/login/")
        page = browser.submit(page, "login", {"login": name, "password": password})
        assert page.status == 200, f"{role}: {page.status} after log-in"
        assert "/account/login" not in page.url, f"{role} was not let in"
        drive.browsers[role] = browser
    return {"logged_in": sorted(people)}


def wrong_password(drive: Drive) -> Seen:
    """A wrong password is refused on the same page."""
    name = next(iter(drive.system.people.values()))[0]
    browser = Browser(drive.system.address)
    page = browser.get("/account/login/")
    page = browser.submit(page, "login", {"login": name, "password": "not-the-password"})
    assert "/account/login" in page.url, "a wrong password was let in"
    return {"refused": True}


STEPS: tuple[Step, ...] = (
    answers,
    people_log_in,
    wrong_password,
    notice_steps.refuses_what_is_no_notice,
    notice_steps.reads_the_notice,
    notice_steps.judges_and_publishes,
    notice_steps.section_reports_back,
    notice_steps.safety_section_closes,
    notice_steps.makes_the_april_report,
    tanker_steps.terminal_comes_in,
    tanker_steps.bad_frames_cost_nothing,
    tanker_steps.alarm_within_a_second,
    tanker_steps.call_is_noted,
    tanker_steps.carrier_files_by_link,
    tanker_steps.officer_approves,
    tanker_steps.waybill_matches,
    tanker_steps.exit_is_seen,
    tanker_steps.day_sheet_and_closing,
)
__all__ = ["STEPS", "Drive", "Seen"]
