"""Step 4: paragraphs → the tree of sections and items.

The level of a number is not looked up in a list of styles; it follows from the order in which the
styles appear: a style that is already open closes everything below it, a new one goes one deeper.
So 一、→（一）→1. and 一、→1. and 第二章→第五条 are read by the same few lines.
"""

from __future__ import annotations

import re
from itertools import pairwise

from jiaoan.notices.lines import Marker, MarkerKind, is_date_only, marker_at
from jiaoan.notices.outline import Node, Outline
from jiaoan.notices.paragraphs import LABEL_LINE, Paragraph
from jiaoan.notices.tables import Table, read_header
from jiaoan.notices.text import Text
from jiaoan.notices.tidy import closing, fold_lists

_INLINE = re.compile(r"[。）！]")
_RUN_IN = re.compile(r"([^，。；：、（）]{2,18})[。：](?=.{6})")
_ANNEX = re.compile(r"^附(?:件|表)?\d{0,2}(?:：|$)")
#: The label of the only item of a notice without numbers.
BODY = "正文"
_SENTENCE = re.compile(r"[^《》：]{6,}[。；]")
#: The line above an annex, and the lines of the list of annexes: 2.重点任务清单.
_ANNEX_HEAD = re.compile(r"^附(?:件|表)(?:\d{1,2}|[一二三四五六七八九十])?[：]?$")
_ANNEX_NAME = re.compile(r"^\d{1,2}[.、．][^。；]{2,60}$")
_NEVER_INLINE = {
    MarkerKind.PART, MarkerKind.CHAPTER, MarkerKind.SECTION, MarkerKind.ARTICLE,
    MarkerKind.DECIMAL, MarkerKind.DECIMAL_3,
}  # fmt: skip


def build(paragraphs: list[Paragraph], body_from: int) -> Outline:
    """The outline; paragraphs before ``body_from`` are front matter whatever their numbers."""
    body = paragraphs[body_from:]
    plain = _plain_allowed(body)
    builder = _Builder(plain)
    for paragraph in paragraphs[:body_from]:
        (builder.rest if paragraph.noise else builder.front).append(paragraph.text)
    run_ins = _run_ins(body) if plain else set()
    printed = [*(index for index, paragraph in enumerate(body) if not paragraph.noise)]
    below = dict(pairwise(printed))
    for index, paragraph in enumerate(body):
        following = body[below[index]] if index in below else None
        builder.take(paragraph, following, run_in=index in run_ins)
    root = builder.root
    fold_lists(root)
    if not root.children and body_from:
        builder.front = _without_numbers(root, builder.front)
    return Outline(root, tuple(builder.front), tuple(builder.rest + closing(root)))


def _without_numbers(root: Node, front: list[Text]) -> list[Text]:
    """A notice without any numbers is one item, its text 正文."""
    body = [text for text in front if _SENTENCE.search(text.chars)]
    if not body:
        return front
    node = Node(Marker(MarkerKind.PLAIN, 0, BODY, 0), body, parent=root)
    root.children.append(node)
    return [text for text in front if text not in body]


def _plain_allowed(paragraphs: list[Paragraph]) -> bool:
    """Headings without a number count only where no 一、 or 第X条 orders the text."""
    tops = {MarkerKind.HAN, MarkerKind.CHAPTER, MarkerKind.ARTICLE, MarkerKind.PART}
    return not any(p.marker is not None and p.marker.kind in tops for p in paragraphs)


def _run_ins(paragraphs: list[Paragraph]) -> set[int]:
    """Paragraphs that open with a heading of their own (违规住人问题。凡…), by place.

    They count where at least two stand under one heading, and nothing else does.
    """
    found: set[int] = set()
    block: list[int] = []
    for place, paragraph in enumerate([*paragraphs, None]):
        if paragraph is not None and paragraph.noise:
            continue
        if paragraph is not None and not (paragraph.plain or paragraph.marker or paragraph.cells):
            block.append(place)
            continue
        block = [i for i in block if not LABEL_LINE.match(paragraphs[i].text.chars)]
        if len(block) > 1 and all(_RUN_IN.match(paragraphs[i].text.chars) for i in block):
            found.update(block)
        block = []
    return found


class _Builder:
    def __init__(self, plain_allowed: bool) -> None:
        self.plain_allowed = plain_allowed
        self.root = Node(None)
        self.top = self.root
        self.front: list[Text] = []
        self.rest: list[Text] = []
        self.last: dict[MarkerKind, int] = {}
        self.table: Table | None = None
        self.ended = False
        self.annexes = False
        self.cells_above: list[Text] = []

    def take(
        self, paragraph: Paragraph, following: Paragraph | None, *, run_in: bool = False
    ) -> None:
        if self.annexes and not paragraph.noise:
            self.annexes = paragraph.marker is not None and _ANNEX_NAME.search(
                paragraph.text.chars
            ) is not None  # fmt: skip
        if paragraph.noise or self.annexes:
            self.rest.append(paragraph.text)
        elif self._opens_annex(paragraph):
            self._annex(paragraph)
        elif paragraph.cells:
            self._row(paragraph)
        elif paragraph.marker is not None:
            self.ended = False
            self._numbered(paragraph.text, paragraph.marker)
        elif run_in and not self.ended and self._under_plain():
            self._run_in(paragraph.text)
        elif self._is_plain(paragraph, following):
            self.ended = False
            label = paragraph.text.chars
            self._push(Marker(MarkerKind.PLAIN, 0, label, 0), paragraph.text)
        elif self.top is self.root:
            self.front.append(paragraph.text)
        elif self._ends(paragraph, following):
            self.ended = True
            self.rest.append(paragraph.text)
        else:
            self._more(paragraph.text)

    def _is_plain(self, paragraph: Paragraph, following: Paragraph | None) -> bool:
        if not paragraph.plain or not self.plain_allowed or self.ended or following is None:
            return False
        if following.noise or following.cells or is_date_only(following.text.chars):
            return False
        return not following.plain

    def _ends(self, paragraph: Paragraph, following: Paragraph | None) -> bool:
        chars = paragraph.text.chars
        if _ANNEX.match(chars):
            self.annexes = "：" in chars
            return True
        if self.ended or is_date_only(chars):
            return True
        signed = following is not None and is_date_only(following.text.chars)
        if signed and len(chars) <= 40:
            return True
        return self.table is not None or chars.startswith(("抄送", "（此件", "主送"))

    def _opens_annex(self, paragraph: Paragraph) -> bool:
        """附件2 on a line of its own: what follows is another paper with its own numbers."""
        return _ANNEX_HEAD.match(paragraph.text.chars) is not None and not paragraph.cells

    def _annex(self, paragraph: Paragraph) -> None:
        """Where the plan has been read already, the annex's items stand under its name."""
        self.ended = False
        self.table = None
        self.last = {}
        if not self.root.children:
            self.front.append(paragraph.text)
            return
        self.top = self.root
        label = re.sub("[：。]", "", paragraph.text.chars)
        self._push(Marker(MarkerKind.ANNEX, 0, label, 0), paragraph.text)

    def _under_plain(self) -> bool:
        kinds = (MarkerKind.PLAIN, MarkerKind.RUN_IN)
        return self.top.marker is not None and self.top.marker.kind in kinds

    def _run_in(self, text: Text) -> None:
        found = _RUN_IN.match(text.chars)
        if found is None:
            self._more(text)
            return
        self._push(Marker(MarkerKind.RUN_IN, 0, found.group(1), 0), text)

    def _numbered(self, text: Text, marker: Marker) -> None:
        self.table = None
        cuts = self._inline(text, marker)
        for number, (start, found) in enumerate(cuts):
            end = cuts[number + 1][0] if number + 1 < len(cuts) else len(text)
            self._push(found, text.cut(start, end))

    def _inline(self, text: Text, marker: Marker) -> list[tuple[int, Marker]]:
        """Where items begin inside one paragraph: 1.…。（…）2.…。"""
        cuts = [(0, marker)]
        last = dict(self.last)
        last[marker.kind] = marker.number
        for stop in _INLINE.finditer(text.chars, marker.length):
            found = marker_at(text, stop.end(), last.get(MarkerKind.ARABIC))
            if found is None or found.kind in _NEVER_INLINE:
                continue
            if found.kind is MarkerKind.CIRCLED and marker.kind is not MarkerKind.CIRCLED:
                continue  # ① ② ③ inside an item count its points
            if found.number != last.get(found.kind, 0) + 1:
                fresh = found.number == 1 and cuts[-1][1].kind is not found.kind
                if not fresh or found.kind is MarkerKind.HAN:
                    continue
            last[found.kind] = found.number
            cuts.append((stop.end(), found))
        return cuts

    def _more(self, text: Text) -> None:
        """A paragraph without a number; it may hold the next numbers inside."""
        top = self.top
        if top.marker is None or top.cells:
            top.body.append(text)
            return
        cuts = self._inline(text, Marker(top.marker.kind, top.marker.number, "", 0))
        first = cuts[1][0] if len(cuts) > 1 else len(text)
        top.body.append(text.cut(0, first))
        for number, (start, found) in enumerate(cuts[1:], start=1):
            end = cuts[number + 1][0] if number + 1 < len(cuts) else len(text)
            self._push(found, text.cut(start, end))

    def _push(self, marker: Marker, text: Text) -> None:
        self.last[marker.kind] = marker.number
        parent = self.top
        place: Node | None = self.top
        while place is not None:
            if place.marker is not None and place.marker.kind is marker.kind:
                parent = place.parent or self.root
                break
            place = place.parent
        else:
            if self.top.cells or marker.kind is MarkerKind.PLAIN:
                parent = self.root
        node = Node(marker, [text] if text else [], parent=parent)
        parent.children.append(node)
        self.top = node

    def _row(self, paragraph: Paragraph) -> None:
        header = read_header(paragraph.cells)
        if header is not None:
            self.table = header
            self.rest.append(paragraph.text)
            self._leave_rows()
            return
        if self.table is None:
            (self.rest if self.root.children else self.front).append(paragraph.text)
            return
        filled = [cell for cell in paragraph.cells if cell]
        whole = len(filled) == 1 and bool(paragraph.cells[0])
        if whole and re.search("[，。；：]", filled[0].chars.rstrip("：")):
            self.rest.append(paragraph.text)  # 注：… below a table
            return
        if whole:
            section = marker_at(filled[0])
            if section and self._goes_on(section):
                self._numbered(filled[0], section)
                return
            label = section.label if section else filled[0].chars
            self._leave_rows()
            length = section.length if section else 0
            self._push(Marker(MarkerKind.TABLE_SECTION, 0, label, length), filled[0])
            return
        if not self.table.numbered and self.root.children and self.top.marker is not None:
            self.top.body.append(paragraph.text)  # a timetable inside an item
            return
        cells = [self._above(place, cell) for place, cell in enumerate(paragraph.cells)]
        self.cells_above = cells
        named = self.table.name_cells(tuple(cells))
        tasks = [cell for name, cell in named if name == "task" and cell]
        number = next((cell.chars for name, cell in named if name == "number"), "")
        label = re.sub(r"[、.。．（）]", "", number)
        if self._more_of_row(label, named):
            return
        if not tasks:
            self.rest.append(paragraph.text)
            return
        same_field = self._same_field(cells)
        self._leave_rows(same_field=same_field)
        if same_field:
            named = [one for one in named if one[1] is not cells[0]]
            tasks = [cells[1]]
        if not label:
            used = {kid.marker.label for kid in self.top.children if kid.marker}
            words = [task.chars[:20] for task in tasks]
            label = next((word for word in words if word not in used), words[-1])
        self._push(Marker(MarkerKind.ROW, 0, label, 0), Text("", ()))
        self.top.cells = named

    def _above(self, place: int, cell: Text) -> Text:
        """The cell itself, or the one above it for 同上."""
        if cell.chars in ("同上", "同前", "〃", "″", "”") and place < len(self.cells_above):
            return self.cells_above[place]
        return cell

    def _more_of_row(self, label: str, named: list[tuple[str, Text]]) -> bool:
        """True for a row that goes on with the one above: its number is merged or blank."""
        top = self.top
        if top.marker is None or top.marker.kind is not MarkerKind.ROW or self.table is None:
            return False
        if "number" not in self.table.names or label not in ("", top.marker.label):
            return False
        said = {(name, cell.chars) for name, cell in top.cells}
        top.cells.extend((name, cell) for name, cell in named if (name, cell.chars) not in said)
        return True

    def _same_field(self, cells: list[Text]) -> bool:
        """True where the first column, merged over rows, names the field of several tasks.

        Only the second row of a field shows it: then the first one goes below the field as well.
        """
        row, names = self.top, self.table.names if self.table else ()
        if names[:2] != ("task", "task") or len(cells) != len(names) or not cells[1]:
            return False
        if row.marker is None or row.marker.kind is not MarkerKind.ROW or row.parent is None:
            return False
        above = row.parent
        inside = above.marker is not None and above.marker.kind is MarkerKind.FIELD
        if not inside and [name for name, _ in row.cells[:2]] != ["task", "task"]:
            return False
        field = above.body[0] if inside else row.cells[0][1]
        if cells[0].chars not in ("", field.chars):
            return False
        if not inside:
            _into_field(row, above, field)
        return True

    def _goes_on(self, section: Marker) -> bool:
        """True where a row carries on the numbers of the sections around the table."""
        place: Node | None = self.top
        while place is not None and place.marker is not None:
            if place.marker.kind is section.kind:
                return section.number == place.marker.number + 1
            place = place.parent
        return False

    def _leave_rows(self, *, same_field: bool = False) -> None:
        for kind in (MarkerKind.ROW, *(() if same_field else (MarkerKind.FIELD,))):
            if self.top.marker is not None and self.top.marker.kind is kind:
                self.top = self.top.parent or self.root


def _into_field(row: Node, above: Node, field: Text) -> None:
    """Puts a section for ``field`` between ``above`` and its last child ``row``."""
    section = Node(Marker(MarkerKind.FIELD, 0, field.chars, 0), [field], parent=above)
    above.children[-1] = section
    section.children.append(row)
    row.parent, row.cells = section, row.cells[1:]
    row.marker = Marker(MarkerKind.ROW, 0, row.cells[0][1].chars[:20], 0)
