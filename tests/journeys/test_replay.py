"""A clerk looks at a vehicle's day: map and curve move together, the picture and the sheet come."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.conftest import PASSWORD, System, log_in, picture

pytestmark = pytest.mark.journey
HERE = Path(__file__).resolve().parent
_MAKE = """
import sys; sys.path.insert(0, sys.argv[1])
import django; django.setup()
from datetime import date
from pathlib import Path
import track_world
from jiaoan.kernel.clock import at_local
from jiaoan.registry.models import Enterprise, Place, Vehicle
track_world.MORNING = at_local(date(2024, 4, 7), 0)
firm = Enterprise.objects.first()
vehicle = Vehicle.objects.create(plate="湘F32718", plate_colour=2, kind="hazmat", enterprise=firm)
ring = [[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]
square = {"type": "Polygon", "coordinates": [ring]}
Place.objects.create(name="示意园区", kind="park", geometry=square)
track_world.write(Path(sys.argv[2]), track_world.a_day(vehicle.pk))
print(vehicle.pk)
"""


@pytest.fixture
def vehicle(system: System) -> int:
    system.run(str(HERE / "people.py"), PASSWORD)
    pk = int(system.run("-c", _MAKE, str(HERE.parent), str(system.data)))
    system.start_web()
    return pk


def test_a_day_is_replayed_and_taken_as_evidence(
    system: System, vehicle: int, page: Page, tmp_path: Path
) -> None:
    log_in(page, system, "clerk")
    page.goto(f"{system.url}/tracks/?q=32718&day=2024-04-07")
    expect(page).to_have_url(f"{system.url}/tracks/{vehicle}/?day=2024-04-07")
    now = page.locator("[data-now]")
    expect(now).to_have_text("00:00:00  45 km/h")
    expect(page.locator("#replay[data-drawn=yes]")).to_be_visible(timeout=30_000)
    picture(page, "replay")

    page.click(".is-displaced a")
    expect(now).to_have_text("00:29:50  无上报")
    page.locator("[data-slider]").focus()
    page.keyboard.press("End")
    expect(now).to_contain_text("01:31:30")
    page.click("[data-play]")  # from the end it begins again
    expect(now).not_to_contain_text("01:31:30")
    page.click("[data-play]")

    for press, name in (("[data-save]", ".png"), ("form[action*=evidence] button", ".docx")):
        with page.expect_download() as coming:
            page.click(press)
        assert coming.value.suggested_filename.endswith(name)
        saved = tmp_path / f"saved{name}"
        coming.value.save_as(saved)
        assert saved.stat().st_size > 5_000

    page.goto(f"{system.url}/tracks/region")
    expect(page.locator("#region[data-drawn=yes]")).to_be_visible(timeout=30_000)
    page.select_option("#place", label="示意园区")
    page.fill("#start", "2024-04-07T00:00")
    page.fill("#end", "2024-04-07T02:00")
    page.click("text=查询在内车辆")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("湘F·32718")
    expect(page.locator("#region[data-drawn=yes]")).to_be_visible(timeout=30_000)
    box = page.locator("#region canvas").bounding_box()
    assert box
    page.click("[data-draw]")
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 300, steps=4)
    page.mouse.up()
    expect(page.locator("#box")).to_have_value(re.compile("[^,]+(,[^,]+){3}"), timeout=30_000)
