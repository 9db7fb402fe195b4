"""Compile the screen's sentences: every ``.po`` of ``locale/`` into the files Django reads.

``locale/parts/*.po`` hold one room's entries each, so that two rooms never edit one file. They are
merged here and compiled with polib: no gettext tools are needed on the machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib

from .steps import SetupError

LOCALE = Path(__file__).resolve().parents[2] / "locale"
LANGUAGE = "zh_Hans"


def sources(folder: Path = LOCALE) -> list[Path]:
    """The hand-written files, in a stable order."""
    return sorted(folder.glob(f"{LANGUAGE}/LC_MESSAGES/*.po")) + sorted(folder.glob("parts/*.po"))


def merge(files: list[Path]) -> polib.POFile:
    """All entries in one; the same sentence translated in two ways is refused by name."""
    merged = polib.POFile()
    merged.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": LANGUAGE,
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    origin: dict[tuple[str | None, str], tuple[polib.POEntry, Path]] = {}
    for path in files:
        try:
            entries = list(polib.pofile(str(path), encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SetupError(f"{path.name} is no readable .po file: {error}") from error
        for entry in entries:
            if entry.obsolete or not entry.translated():
                continue
            key = (entry.msgctxt, entry.msgid)
            if key not in origin:
                origin[key] = (entry, path)
                merged.append(entry)
                continue
            kept, before = origin[key]
            if (kept.msgstr, kept.msgstr_plural) != (entry.msgstr, entry.msgstr_plural):
                raise SetupError(
                    f"“{entry.msgid}” is translated in two ways, in {before.name} and "
                    f"{path.name}: keep one, or tell the meanings apart with a context."
                )
    return merged


def compile_all(folder: Path = LOCALE) -> int:
    """Write ``django.mo``; the number of sentences in it."""
    merged = merge(sources(folder))
    target = folder / LANGUAGE / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    merged.save_as_mofile(str(aside))
    aside.replace(target)
    return len(merged)


if __name__ == "__main__":
    try:
        print(f"{compile_all()} sentences")
    except SetupError as refused:
        sys.exit(str(refused))
