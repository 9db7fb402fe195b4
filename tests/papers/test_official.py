"""GB/T 9704-2012, proven by opening the file: 22 lines of 28 characters on a full page."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from docx.shared import Pt

from jiaoan.papers.official import (
    CHARACTERS,
    LINES,
    Figure,
    Imprint,
    Letterhead,
    OfficialDocument,
)
from papers.opening import W, Word, child, document, part, printed, text_of

MADE_AT = datetime(2024, 4, 10, 1, 5, tzinfo=UTC)
MM = 72 / 25.4
SENTENCE = (
    "安全生产工作要点推进情况报告本期应完成事项已销号待核查逾期办理中牵头单位按照职责分工负责落实"
)


def blank_paper(**more: bool) -> OfficialDocument:
    return OfficialDocument(title="探查", issuer="区交通运输局", made_at=MADE_AT, **more)


@pytest.fixture(scope="module")
def full_pages(tmp_path_factory: pytest.TempPathFactory) -> list[list[list[Word]]]:
    paper = blank_paper()
    text = SENTENCE * 60
    paper.body([text[: LINES * CHARACTERS * 3 - 2]])
    return printed(paper.to_bytes(), tmp_path_factory.mktemp("full"))


@pytest.mark.slow
def test_a_full_page_has_22_lines_of_28_characters(full_pages: list[list[list[Word]]]) -> None:
    assert len(full_pages) == 3
    for page in full_pages:
        body, (foot,) = page[:-1], page[-1:]
        assert len(body) == LINES == 22
        assert text_of(foot).startswith("—")
        counted = [len(text_of(line)) for line in body]
        first = 26 if page is full_pages[0] else 28
        assert counted == [first] + [CHARACTERS] * 21


@pytest.mark.slow
def test_the_type_area_is_156_by_225_mm_at_28_and_37(full_pages: list[list[list[Word]]]) -> None:
    for page in full_pages:
        words = [word for line in page[1:-1] for word in line]
        assert min(word.left for word in words) == pytest.approx(28 * MM, abs=1.5)
        assert max(word.right for word in words) == pytest.approx((28 + 156) * MM, abs=2.5)
        # The box of a glyph is taller than its line: compare the middle of first and last line.
        middles = [(line[0].top + line[0].bottom) / 2 for line in page[:-1]]
        pitch = 225 * MM / 22
        # 16 pt glyphs stand at the foot of an exact line, up to a quarter of it below its middle.
        assert 0 < middles[0] - (37 * MM + pitch / 2) < pitch / 3
        assert middles[-1] < (37 + 225) * MM - pitch / 4
        assert all(b - a == pytest.approx(pitch, abs=0.2) for a, b in pairwise(middles))


@pytest.mark.slow
def test_page_numbers_stand_outside_7_mm_below_the_area(
    full_pages: list[list[list[Word]]],
) -> None:
    feet = [page[-1] for page in full_pages]
    assert [text_of(foot) for foot in feet] == ["—1—", "—2—", "—3—"]
    odd, even = feet[0], feet[1]
    assert odd[-1].right == pytest.approx((28 + 156) * MM - 14, abs=3)
    assert even[0].left == pytest.approx(28 * MM + 14, abs=3)
    for foot in feet:
        dash = (foot[0].top + foot[0].bottom) / 2
        assert 7 * MM - 3 < dash - (37 + 225) * MM < 7 * MM + 12


@pytest.mark.slow
def test_figures_are_not_broken_at_the_end_of_a_line(tmp_path: Path) -> None:
    paper = blank_paper()
    for length in range(20, 28):
        paper.body([SENTENCE[:length], Figure("数", 123456, "件", "http://127.0.0.1/x"), "。"])
    lines = [text_of(line) for line in printed(paper.to_bytes(), tmp_path)[0]]
    assert sum("123456" in line for line in lines) == 8


@pytest.mark.slow
def test_the_elements_come_in_the_order_of_the_standard(tmp_path: Path) -> None:
    paper = blank_paper(sample=True)
    paper.letterhead(Letterhead("云岭区交通运输局文件", "云岭交发〔2024〕41号"))
    paper.title("关于推进情况的报告")
    paper.addressee("局领导")
    paper.heading("一、总体情况")
    paper.body(["现将情况报告如下。"])
    paper.attachment_note(["清单一", "清单二"])
    paper.signature("区交通运输局", date(2024, 4, 10))
    paper.appendix(1, "清单一")
    paper.imprint(Imprint("区安委办。", "区交通运输局办公室", date(2024, 4, 10)))
    pages = printed(paper.to_bytes(), tmp_path)
    lines = [line for page in pages[:-1] for line in page]
    text = "".join(text_of(line) for line in lines)
    order = ["示意数据", "文件", "〔2024〕41号", "关于推进", "局领导：", "一、总体"]
    order += ["附件：1.清单一", "2.清单二", "区交通运输局2024年4月10日"]
    places = [text.index(piece) for piece in order]
    assert places == sorted(places)
    last = "".join(text_of(line) for line in pages[-1])
    assert last.startswith("示意数据")
    assert "附件1清单一抄送：区安委办。" in last
    mark = next(line for line in pages[0] if "交通运输局文件" in text_of(line))
    assert mark[0].bottom > (37 + 35) * MM
    dated = next(line for line in lines if text_of(line).startswith("2024年4月10日"))
    assert dated[-1].right == pytest.approx((28 + 156) * MM - 4 * 15.79, abs=4)
    signed = next(line for line in lines if text_of(line) == "区交通运输局")
    centre = (dated[0].left + dated[-1].right) / 2
    # LibreOffice 7 adds space around figures although the file forbids it, and its stand-in face
    # has wider ones than 仿宋_GB2312: the middle moves by up to a character.
    assert (signed[0].left + signed[-1].right) / 2 == pytest.approx(centre, abs=20)


@pytest.mark.parametrize(
    ("issuer", "name_cells", "date_cells"),
    [
        ("区交通运输局", 4 + (6.5 - 6) / 2, 4),  # 2024年4月10日 is 6.5 characters wide
        ("云岭区交通运输局安全监督管理股办公室", 0, (18 - 6.5) / 2),
    ],
)
def test_the_name_is_centred_on_the_date(issuer: str, name_cells: float, date_cells: float) -> None:
    paper = blank_paper()
    paper.signature(issuer, date(2024, 4, 10))
    name, dated = document(paper.to_bytes()).paragraphs[-2:]
    for paragraph, cells in ((name, name_cells), (dated, date_cells)):
        indent = paragraph.paragraph_format.right_indent
        assert indent is not None
        assert indent.pt == pytest.approx(cells * 15.79, abs=0.1)


@pytest.mark.slow
def test_a_page_with_the_date_has_text_too(tmp_path: Path) -> None:
    paper = blank_paper()
    for _ in range(20):
        paper.body(["一行。"])
    paper.signature("区交通运输局", date(2024, 4, 10))
    pages = printed(paper.to_bytes(), tmp_path)
    assert len(pages) == 2
    assert text_of(pages[1][0]) == "一行。"
    assert "2024年4月10日" in [text_of(line) for line in pages[1]]


def test_the_file_itself_says_the_grid_the_faces_and_the_sizes() -> None:
    paper = blank_paper()
    paper.title("标题")
    paper.heading("一、甲")
    paper.heading("（一）乙", level=2)
    paper.body(["正文“引号”2024"])
    made = document(paper.to_bytes())
    section = made.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    grid = section._sectPr.find(f"{W}docGrid")
    assert grid is not None
    assert grid.get(f"{W}type") == "linesAndChars"
    pitch = int(grid.get(f"{W}linePitch"))
    area_height, area_width = 225 / 25.4 * 1440, 156 / 25.4 * 1440
    assert area_height // pitch == 22
    cell = 16 * 20 + int(grid.get(f"{W}charSpace")) / 4096 * 20
    assert area_width // cell == 28
    runs = {p.text: p.runs[0] for p in made.paragraphs if p.runs}
    for text, font, points in [
        ("标题", "方正小标宋简体", 22),
        ("一、甲", "黑体", 16),
        ("（一）乙", "楷体_GB2312", 16),
        ("正文“引号”2024", "仿宋_GB2312", 16),
    ]:
        fonts = child(runs[text]._r, "rPr/rFonts")
        assert {fonts.get(f"{W}{script}") for script in ("eastAsia", "ascii", "hAnsi")} == {font}
        assert fonts.get(f"{W}hint") == "eastAsia"
        assert runs[text].font.size == Pt(points)
    assert child(made.paragraphs[-1]._p, "pPr/ind").get(f"{W}firstLineChars") == "200"
    settings = part(paper.to_bytes(), "word/settings.xml")
    assert "evenAndOddHeaders" in settings
    assert 'w:name="compatibilityMode" w:val="15"' in settings or (
        'w:val="15"' in settings and "compatibilityMode" in settings
    )


def test_the_children_of_a_paragraph_stand_in_the_order_of_the_schema() -> None:
    paper = blank_paper()
    paper.letterhead(Letterhead("文件", "号"))
    paper.title("标题")
    paper.body(["文"])
    paper.signature("局", date(2024, 4, 10))
    order = ["pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "pBdr"]
    order += ["autoSpaceDE", "autoSpaceDN", "snapToGrid", "spacing", "ind", "jc"]
    for paragraph in document(paper.to_bytes()).paragraphs:
        tags = [found.tag.removeprefix(W) for found in child(paragraph._p, "pPr")]
        assert tags == sorted(tags, key=order.index)


def test_the_same_values_give_the_same_bytes() -> None:
    def make() -> bytes:
        paper = blank_paper()
        paper.body(["甲", Figure("数", 3, "件", "http://127.0.0.1/x")])
        return paper.to_bytes()

    assert make() == make()
    assert "2024-04-10T01:05:00Z" in part(make(), "docProps/core.xml")
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_text_with_characters_that_no_file_may_hold_is_still_a_file() -> None:
    paper = blank_paper()
    paper.body(["坏\x00字\x0b符\ud800<b>&"])
    assert document(paper.to_bytes()).paragraphs[-1].text == "坏字符<b>&"


def test_a_table_wider_than_the_type_area_is_refused() -> None:
    with pytest.raises(ValueError, match="160"):
        blank_paper().table(("甲", "乙"), [], (100, 60))
