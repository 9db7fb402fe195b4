"""The tree of sections and items of a notice, as step 4 builds it and the later steps read it."""

from __future__ import annotations

from dataclasses import dataclass, field

from jiaoan.notices.lines import Marker
from jiaoan.notices.text import Text


@dataclass
class Node:
    """A section or an item. ``body`` holds its paragraphs, the first one opened by ``marker``.

    A table row has its cells under the names of :mod:`jiaoan.notices.tables` in ``cells``.
    """

    marker: Marker | None
    body: list[Text] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None
    cells: list[tuple[str, Text]] = field(default_factory=list)

    @property
    def path(self) -> tuple[str, ...]:
        """Labels from the outermost section down to this node."""
        above = self.parent.path if self.parent is not None else ()
        return above if self.marker is None else (*above, self.marker.label)


@dataclass(frozen=True)
class Outline:
    """The whole document: ``root`` holds the items, ``front`` and ``rest`` what is around them."""

    root: Node
    front: tuple[Text, ...]
    rest: tuple[Text, ...]


def leaves(node: Node) -> list[Node]:
    """The items: nodes with a label and without labelled nodes below, in the order of the text."""
    if not node.children:
        return [node] if node.marker is not None else []
    return [leaf for child in node.children for leaf in leaves(child)]


def walk(node: Node) -> list[Node]:
    """``node`` and everything below it."""
    return [node, *(below for child in node.children for below in walk(child))]
