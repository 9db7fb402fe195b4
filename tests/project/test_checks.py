"""The tools that check the product are checked themselves."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jiaoan.project.setup.steps import ROOT

sys.path.insert(0, str(ROOT))

from check import postgresql, sentences, stages, steps, terminal
from check import run as driver
from check.browser import Page
from check.system import System

OUTSIDE = ("run", "system", "steps", "browser", "terminal")


@pytest.mark.parametrize("name", OUTSIDE)
def test_it_drives_the_product_without_importing_it(name: str) -> None:
    allowed = sys.stdlib_module_names | {"check"}
    for node in ast.walk(ast.parse((ROOT / "check" / f"{name}.py").read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert str(node.module).split(".")[0] in allowed


def test_it_escapes_as_the_standard_s_own_example() -> None:
    # JT/T 808-2019 4.4.2: 0x30 0x7e 0x08 0x7d 0x55 goes over the line with 7d02 and 7d01.
    whole = terminal.frame(0x307E, b"\x7d\x55", phone="13800000000", serial=8)
    assert whole.startswith(b"\x7e\x30\x7d\x02")
    assert b"\x7d\x01\x55" in whole
    assert whole.count(b"\x7e") == 2


@pytest.mark.parametrize(("year", "start"), [(2013, 12), (2019, 17)])
def test_it_reads_its_own_frames_back(year: int, start: int) -> None:
    body = bytes([0, 7, 2, 0, 0])  # 0x8001: answers serial 7, message 0x0200, result 0
    whole = terminal.frame(0x8001, body, phone="13800138000", serial=3, year=year)
    answer = terminal._read(whole[1:-1], year)
    assert (answer.kind, answer.serial, answer.result) == (0x8001, 7, 0)
    assert len(whole[1:-1]) >= start + len(body) + 1
    spoilt = bytearray(whole[1:-1])
    spoilt[5] ^= 1
    with pytest.raises(ValueError, match="check octet"):
        terminal._read(bytes(spoilt), year)


def test_it_writes_beijing_time_and_a_millionth_of_a_degree() -> None:
    moment = datetime(2024, 4, 7, 22, 40, tzinfo=UTC)  # 06:40 of the 8th in Beijing
    body = terminal.location(29.5, 113.25, moment, speed_kmh=36.5)
    assert len(body) == 28
    assert body[-6:].hex() == "240408064000"
    assert int.from_bytes(body[8:12], "big") == 29_500_000
    assert int.from_bytes(body[18:20], "big") == 365


def test_it_fills_a_form_as_it_stands() -> None:
    page = Page(
        200,
        "http://x/here",
        b"""<form action="/other"></form><form action="/go?x=1"><input name=t value=1>
        <input type=checkbox name=no><input type=checkbox name=yes value=y checked>
        <select name=s><option value=a><option value=b selected></select>
        <textarea name=w>word</textarea><input type=file name=f><button name=b></form>""",
        "text/html",
        0.1,
    )
    assert page.form("/go").fields == {"t": "1", "yes": "y", "s": "b", "w": "word"}
    with pytest.raises(LookupError):
        page.form("/nowhere")


def test_it_reports_a_step_that_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def holds(drive: steps.Drive) -> steps.Seen:
        return {"n": 1}

    def breaks(drive: steps.Drive) -> steps.Seen:
        raise AssertionError("the sky is green")

    monkeypatch.setattr(steps, "STEPS", (holds, breaks, holds))
    process = subprocess.Popen([sys.executable, "-c", ""], text=True)
    process.wait()
    walked = driver.walk(steps.Drive(System("", 0, Path(), process, 0.0)), time.monotonic())
    assert [step["ok"] for step in walked] == [True, False]
    assert "the sky is green" in str(walked[1]["saw"])


def test_it_counts_what_pytest_counted(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    assert stages.counts(report) == (0, 0, 0)
    report.write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>'
    )
    assert stages.counts(report) == (3, 3, 3)


PYTHON_TEXT = """
_("Plain"); gettext_lazy("Lazy"); pgettext("road", "Bridge"); models.gettext("Attribute")
_(variable); other("Not a sentence")
"""
TEMPLATE_TEXT = """{% load i18n %}<a title="{% translate 'Single' %}">{% trans "Double" %}</a>
{{ _("In a value") }} {% blocktranslate with n=x %}Block {{ n }}{% endblocktranslate %}
{% translate "Bridge" context "road" %} Not a sentence"""


def test_it_finds_every_sentence_of_the_screen() -> None:
    assert set(sentences.in_python(PYTHON_TEXT)) == {
        (None, "Plain"),
        (None, "Lazy"),
        ("road", "Bridge"),
        (None, "Attribute"),
    }
    assert set(sentences.in_template(TEMPLATE_TEXT, "t.html")) == {
        (None, "Single"),
        (None, "Double"),
        (None, "In a value"),
        (None, "Block %(n)s"),
        ("road", "Bridge"),
    }


def test_it_tells_what_a_translation_lacks(tmp_path: Path) -> None:
    (tmp_path / "views.py").write_text('_("Known"); _("Unknown"); _("中文"); _("%(n)s left")')
    (tmp_path / "locale" / "parts").mkdir(parents=True)
    (tmp_path / "locale" / "parts" / "a.po").write_text(
        'msgid "Known"\nmsgstr "已知"\n\nmsgid "%(n)s left"\nmsgstr "还有 %(m)s"\n'
    )
    wrong = sentences.problems(tmp_path)
    assert len(wrong) == 3
    assert any("“Unknown” has no Chinese" in line for line in wrong)
    assert any("“中文” is Chinese" in line for line in wrong)
    assert any("slots" in line for line in wrong)


@pytest.mark.socket
def test_it_starts_a_private_postgresql_and_leaves_nothing() -> None:
    try:
        postgresql.programs()
    except postgresql.Missing as missing:
        pytest.skip(str(missing))
    import psycopg

    # Not pytest's own folder: each start of pytest closes that one to other users again.
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = Path(name)
        with postgresql.private(folder) as url:
            with psycopg.connect(url) as connection:
                row = connection.execute("show server_encoding").fetchone()
            assert row == ("UTF8",)
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(re.sub(r":[^:@/]+@", ":wrong@", url))
        assert list(folder.iterdir()) == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
