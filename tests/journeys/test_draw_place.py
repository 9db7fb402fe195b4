"""A clerk draws a place by hand; what is drawn stands in the coordinate field and is judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.conftest import PASSWORD, System, log_in

pytestmark = pytest.mark.journey
HERE = Path(__file__).resolve().parent


@pytest.fixture
def started(system: System) -> System:
    system.run(str(HERE / "people.py"), PASSWORD)
    system.start_web()
    return system


def press(page: Page, *places: tuple[int, int]) -> None:
    box = page.locator("#place-map canvas").bounding_box()
    assert box is not None
    for x, y in places:
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(350)  # two quick presses are a zoom elsewhere


def numbers(text: str) -> list[list[float]]:
    return [[float(each) for each in line.split(",")] for line in text.splitlines()]


def test_a_polygon_is_drawn_moved_and_written_down(started: System, page: Page) -> None:
    log_in(page, started, "clerk")
    page.goto(f"{started.url}/places/new")
    drawn = page.locator("#place-map")
    expect(page.locator("#place-map[data-drawn=yes]")).to_be_visible(timeout=30_000)
    page.click("[data-draw]")
    press(page, (300, 120), (500, 120), (500, 260), (300, 260), (280, 180))
    expect(drawn).to_have_attribute("data-corners", "5")
    page.click("[data-undo]")
    expect(drawn).to_have_attribute("data-corners", "4")
    field = page.locator("[name=coordinates]")
    before = field.input_value().splitlines()
    assert len(before) == 4
    expect(page.locator("[name=datum]")).to_have_value("wgs84")

    box = page.locator("#place-map canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 500, box["y"] + 260)
    page.mouse.down()
    page.mouse.move(box["x"] + 540, box["y"] + 300, steps=4)
    page.mouse.up()
    after = field.input_value().splitlines()
    assert after[:2] + after[3:] == before[:2] + before[3:]
    assert after[2] != before[2]

    page.fill("[name=name]", "手绘禁行区")
    page.select_option("[name=kind]", "forbidden")
    page.select_option("[name=role]", "forbidden")
    page.get_by_role("button", name="查看规则文字").click()
    page.get_by_role("button", name="确认").click()
    expect(page.locator("h1")).to_contain_text("手绘禁行区")
    kept = numbers(field.input_value())
    assert kept == [*numbers("\n".join(after)), kept[0]]


def test_what_is_typed_is_drawn_and_another_datum_is_not(started: System, page: Page) -> None:
    log_in(page, started, "clerk")
    page.goto(f"{started.url}/places/new")
    drawn = page.locator("#place-map")
    expect(page.locator("#place-map[data-drawn=yes]")).to_be_visible(timeout=30_000)
    page.select_option("[name=datum]", "wgs84")
    page.fill("[name=coordinates]", "113.2,29.4\n113.3,29.4\n113.3,29.5")
    expect(drawn).to_have_attribute("data-corners", "3")
    page.select_option("[name=datum]", "gcj02")
    expect(drawn).to_have_attribute("data-corners", "0")
    expect(page.locator("[data-hint]")).to_contain_text("WGS-84")
    page.click("[data-draw]")
    press(page, (300, 120))
    expect(page.locator("[name=coordinates]")).to_have_value("113.2,29.4\n113.3,29.4\n113.3,29.5")


def test_a_circle_takes_its_radius_from_the_second_press(started: System, page: Page) -> None:
    log_in(page, started, "clerk")
    page.goto(f"{started.url}/places/new")
    expect(page.locator("#place-map[data-drawn=yes]")).to_be_visible(timeout=30_000)
    page.select_option("[name=shape]", "circle")
    page.click("[data-draw]")
    press(page, (400, 200), (460, 200))
    assert float(page.input_value("[name=size_m]")) > 100
    assert len(page.input_value("[name=coordinates]").splitlines()) == 1
