"""Step 4, after the tree stands: lists that are no items, and closing words that are no item's."""

from __future__ import annotations

import re

from jiaoan.notices.outline import Node, leaves
from jiaoan.notices.paragraphs import ends_complete
from jiaoan.notices.text import Text
from jiaoan.notices.units import carve

_CLOSING = re.compile(
    r"^(?:请|望|以上|特此|各[^，。]{0,12}(?:要|应|请)|此件|联系人|抄送|（此件|（联系人|说明：|注：|备注：)"
)
#: 各县局于6月20日前将…情况报…: says when to report on the whole.
_REPORTS = re.compile(
    r"^各[^。]{0,40}(?:前|日)[^。]{0,40}(?:报送|报[^。]{0,12}(?:局|办|科|股|处|室|中心))"
)


def fold_lists(node: Node) -> None:
    """Enumerations (…；…；…。) are no items: their lines go back into the text above them."""
    for child in node.children:
        fold_lists(child)
    kids = node.children
    if node.marker is None or len(kids) < 2 or any(kid.children or kid.cells for kid in kids):
        return
    opens = bool(node.body) and node.body[-1].chars.endswith(("：", "；"))
    # Lines after the last point of a list belong to the text around it, so only its first counts.
    lines = [kid.body[0].chars for kid in kids if kid.body]
    listed = all(line.endswith(("；", "，")) for line in lines[:-1])
    answered = any(carve(text).units for kid in kids for text in kid.body)
    if listed and (opens or len(lines) > 2) and not answered:
        node.body.extend(text for kid in kids for text in kid.body)
        node.children = []


def closing(root: Node) -> list[Text]:
    """Paragraphs of their own after the text of the last item speak of the whole notice."""
    items = leaves(root)
    if not items or len(items[-1].body) < 2:
        return []
    body = items[-1].body
    for index in range(1, len(body)):
        chars, above = body[index].chars, body[index - 1].chars
        told = index > 1 or re.search("[。；]", above.rstrip("。")) or _answered(above)
        asks = _CLOSING.match(chars) or _REPORTS.match(chars)
        if asks and told and ends_complete(above):
            words = body[index:]
            del body[index:]
            return words
    return []


def _answered(chars: str) -> bool:
    return re.search(r"(?:负责|牵头|落实|配合|参加|单位：[^。]*)[。]?）?[。]?$", chars) is not None
