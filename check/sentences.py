"""The stage ``translations``: every sentence of the screen is English in the code and has Chinese.

Sentences are found where Django finds them: ``_("…")`` and its relatives in Python, and the
translate tags of templates (through Django's own reader of templates).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from jiaoan.project.setup import translations
from jiaoan.project.setup.steps import SetupError

SOURCE = translations.LOCALE.parent
_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
_LITERAL = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})?", re.DOTALL)
_CHINESE = re.compile(r"[\u3400-\u9fff]")

Found = tuple[str | None, str]


def in_python(text: str) -> Iterator[Found]:
    """(context, sentence) of every translation call with a written-out sentence."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        words = [
            word.value
            for word in node.args[:2]
            if isinstance(word, ast.Constant) and isinstance(word.value, str)
        ]
        if name in _PLAIN and words:
            yield None, words[0]
        elif name in _WITH_CONTEXT and len(words) == 2:
            yield words[0], words[1]


def in_template(text: str, origin: str) -> Iterator[Found]:
    """(context, sentence) of every translate tag and every ``_("…")`` of a template."""
    for call in _CALL.finditer(templatize(text, origin=origin)):
        name, first, second = call.groups()
        if "p" in name.removesuffix("gettext"):
            yield str(ast.literal_eval(first)), str(ast.literal_eval(second))
        else:
            yield None, str(ast.literal_eval(first))


def used(folder: Path = SOURCE) -> dict[Found, str]:
    """Every sentence of the code with the first file that says it."""
    found: dict[Found, str] = {}
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("templates/**/*.*")]):
        if path.suffix not in (".py", ".html", ".txt", ".js"):
            continue
        name = str(path.relative_to(folder))
        text = path.read_text(encoding="utf-8")
        said = in_python(text) if path.suffix == ".py" else in_template(text, name)
        for sentence in said:
            found.setdefault(sentence, name)
    return found


def problems(folder: Path = SOURCE) -> list[str]:
    """One sentence for each thing that is wrong; an empty list is a complete translation."""
    try:
        kept = translations.merge(translations.sources(folder / "locale"))
    except SetupError as refused:
        return [str(refused)]
    wrong: list[str] = []
    known = {(entry.msgctxt, entry.msgid): entry for entry in kept}
    for (context, sentence), where in used(folder).items():
        if not sentence.strip():
            continue
        if _CHINESE.search(sentence):
            wrong.append(f"{where}: “{sentence}” is Chinese; the sentence in the code is English")
        elif (context, sentence) not in known:
            wrong.append(f"{where}: “{sentence}” has no Chinese in locale/")
    return wrong + [text for entry in kept for text in slots(entry)]


def slots(entry: polib.POEntry) -> Iterator[str]:
    """A translation that lost or invented a ``%(name)s`` would break the page that shows it."""
    pattern = r"%\(\w+\)[sd]|\{\w*\}"
    wanted = set(re.findall(pattern, entry.msgid + entry.msgid_plural))
    for said in entry.msgstr_plural.values() or [entry.msgstr]:
        if set(re.findall(pattern, said)) != wanted:
            yield f"“{entry.msgid}” and “{said}” do not have the same slots"
