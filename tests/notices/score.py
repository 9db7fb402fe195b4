"""Precision and recall of the reader over a folder of notices with readings made by hand.

``python -m notices.score FOLDER [--misses]`` (with ``src`` and ``tests`` on the path). The folder
holds notices and for each ``<stem>_expected.json`` in the form of ``jiaoan notice read --json``.
Values are compared as sets within an item of the same path; the values of an item that only one
side has all count as missed or as invented. Widths of brackets and blanks make no difference.
"""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from jiaoan.notices import SourceRefused, extract, read, to_json

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Facts: TypeAlias = dict[str, frozenset[str]]

FIELDS = (
    "front", "items", "titles", "lead_units", "coop_units", "joint", "deadlines",
    "relative_deadlines", "recurrences", "conditions", "targets", "report_dates",
)  # fmt: skip


@dataclass
class Score:
    """Counts of one field: what both say, what only the reader says, what it misses."""

    right: int = 0
    invented: int = 0
    missed: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of what the reader says that is right; 1 where it says nothing."""
        said = self.right + self.invented
        return self.right / said if said else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that the reader says; 1 where nothing is there."""
        there = self.right + self.missed
        return self.right / there if there else 1.0


def folded(words: str) -> str:
    """``words`` with one width of characters and no blanks or marks of Markdown."""
    chars = unicodedata.normalize("NFKC", words)
    return "".join(c for c in chars if not c.isspace() and c not in '*“”"〔〕[]【】()')


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _item_facts(item: dict[str, Json]) -> Iterator[tuple[str, str]]:
    yield "items", ""
    yield "titles", folded(str(item["title"]))
    for key in ("lead_units", "coop_units", "deadlines", "targets"):
        for value in _list(item[key]):
            yield key, folded(str(value))
    for number, _ in enumerate(_list(item["relative_deadlines"])):
        yield "relative_deadlines", str(number)
    if item["joint"]:
        yield "joint", "joint"
    seen: dict[str, int] = {}
    for value in _list(item["recurrences"]):
        rule = _dict(value)
        words = f"{rule['every']} x{rule['min_count']}"
        seen[words] = seen.get(words, 0) + 1
        yield "recurrences", f"{words} #{seen[words]}"
        if rule["condition"] is not None:
            yield "conditions", f"{words} {folded(str(rule['condition']))}"


def facts(reading: dict[str, Json]) -> dict[tuple[str, ...], Facts]:
    """Facts per item path; those of the whole notice stand under the empty path."""
    collected: dict[tuple[str, ...], dict[str, set[str]]] = {(): {}}
    for key in ("title", "doc_number", "issuer", "year"):
        collected[()].setdefault("front", set()).add(f"{key}={folded(str(reading[key]))}")
    for day in _list(reading["report_dates"]):
        collected[()].setdefault("report_dates", set()).add(str(day))
    for value in _list(reading["items"]):
        item = _dict(value)
        path = tuple(folded(str(label)) for label in _list(item["path"]))
        for name, fact in _item_facts(item):
            collected.setdefault(path, {}).setdefault(name, set()).add(fact)
    return {
        path: {name: frozenset(values) for name, values in named.items()}
        for path, named in collected.items()
    }


def compare(
    said: dict[str, Json], wanted: dict[str, Json], scores: dict[str, Score], label: str
) -> None:
    """Adds the comparison of two readings to ``scores``."""
    one, other = facts(said), facts(wanted)
    for path in dict.fromkeys([*other, *one]):
        for name in FIELDS:
            mine = one.get(path, {}).get(name, frozenset())
            theirs = other.get(path, {}).get(name, frozenset())
            score = scores[name]
            score.right += len(mine & theirs)
            score.invented += len(mine - theirs)
            score.missed += len(theirs - mine)
            where = f"{label} {'/'.join(path)} {name}"
            score.misses.extend(f"+ {where}: {value}" for value in sorted(mine - theirs))
            score.misses.extend(f"- {where}: {value}" for value in sorted(theirs - mine))


def pairs(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Every notice below ``folder`` with its expected reading, the forms of one notice included."""
    expected = {
        path.name[: -len("_expected.json")]: path for path in folder.rglob("*_expected.json")
    }
    for path in sorted(folder.rglob("*")):
        stem = path.name.split(".")[0]
        if path.is_file() and stem in expected and not path.name.endswith((".json", ".py")):
            yield path, expected[stem]


def score_folder(folder: Path) -> dict[str, Score]:
    """The scores of every field over all notices below ``folder``."""
    scores = {name: Score() for name in FIELDS}
    for notice, expected in pairs(folder):
        wanted: dict[str, Json] = json.loads(expected.read_text("utf-8"))
        try:
            said = to_json(read(extract(notice.read_bytes(), notice.name).text))
        except SourceRefused as refused:
            said = {"title": None, "doc_number": None, "issuer": None, "year": None,
                    "report_dates": [], "items": []}  # fmt: skip
            scores["items"].misses.append(f"! {notice.name}: {refused}")
        compare(said, wanted, scores, notice.name)
    return scores


def main() -> int:
    """Prints a line per field, and with --misses every difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true", help="print every difference")
    arguments = parser.parse_args()
    scores = score_folder(arguments.folder)
    if arguments.misses:
        sys.stdout.writelines(f"{miss}\n" for score in scores.values() for miss in score.misses)
    for name, score in scores.items():
        sys.stdout.write(
            f"{name:20} precision {score.precision:.3f}  recall {score.recall:.3f}"
            f"  ({score.right} right, {score.invented} invented, {score.missed} missed)\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
