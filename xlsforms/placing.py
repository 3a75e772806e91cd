"""Which cell of a workbook each translation of a file belongs into, and why some belong into none."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xlsforms.cell_writing import MOST_CHARACTERS, CellText
from xlsforms.finding import Finding, error, info, warning
from xlsforms.language import tag
from xlsforms.marked import N_, worded
from xlsforms.spelling import nearest
from xlsforms.translations import Entry, Place, Text, Translations
from xlsforms.workbook import Workbook

_REFERENCE: Final = re.compile(r"\$\{([^{}]*)\}")
_OUTPUT: Final = re.compile(r"<\s*output\b[^>]*>")
_LANGUAGE: Final = re.compile(r"[^:\n]{1,60}")
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no cell can hold."""
_EACH: Final = 200
"""Findings of one kind that are said one by one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """`cells` are to be written, each with its place; `made_from` is the source a translator had before them, for each
    translation that is to count as made from it."""

    cells: Mapping[CellText, Place]
    made_from: Mapping[Place, str]
    findings: tuple[Finding, ...]


def place(workbook: Workbook, texts: Translations, entries: Iterable[Entry]) -> Placed:
    """Finds the cell of each entry. One that says what stands there already is written nowhere."""
    placing = _Placing(workbook, texts)
    for entry in entries:
        placing.place(entry)
    return Placed(placing.cells, placing.made_from, tuple(placing.said()))


# --- within ------------------------------------------------------------------------------------------------------


class _Placing:
    """What is known of the form, and of the file so far."""

    def __init__(self, workbook: Workbook, texts: Translations) -> None:
        self.cells: dict[CellText, Place] = {}
        self.made_from: dict[Place, str] = {}
        self._workbook = workbook
        self._texts = texts
        self._names = set(workbook["survey"].values("name"))
        self._found: list[Finding] = []
        self._languages: dict[str, str] = {}

    def said(self) -> list[Finding]:
        """What there is to say: of many of one kind the first, and how many there are."""
        many = Counter(one.code for one in self._found)
        told: Counter[str] = Counter()
        found = []
        for one in self._found:
            told[one.code] += 1
            if told[one.code] <= _EACH:
                found.append(one)
        for code, count in many.items():
            if count > _EACH:
                found.append(_more(code, count - _EACH))
        return found

    def place(self, entry: Entry) -> None:
        """Put one text into its cell, or say why not."""
        language = self._language(entry.language)
        if language is None:
            return
        text = self._texts.by_place.get(entry.place)
        if text is None:
            self._found.append(_gone(entry, self._texts))
            return
        current = text.said.get(language, "")
        if _plain(current) == _plain(entry.said):
            if entry.state == "ok":
                self.made_from[text.place, language] = entry.source
            return
        header = self._header(text, language)
        where = {"sheet": text.sheet, "row": text.row, "column": header}
        if refusal := self._refusal(entry, where):
            self._found.append(refusal)
            return
        source = text.said.get(self._texts.source, "")
        if _plain(source) != _plain(entry.source):
            self._found.append(_changed_underneath(where))
        elif _marks(source) != _marks(entry.said):
            self._found.append(_other_references(source, entry.said, where))
        self.made_from[text.place, language] = (
            entry.source if _plain(source) != _plain(entry.source) else source
        )
        cell = CellText(
            text.sheet, text.row, header, entry.said, beside=self._header(text, self._texts.source)
        )
        self.cells[cell] = (text.place, language)

    def _language(self, said: str) -> str | None:
        """A language of the file as the form names it; a new one is said once."""
        if said not in self._languages:
            known = self._texts.languages
            by_code = {tag(one).lower(): one for one in known if tag(one)}
            code = (tag(said) or said).replace("_", "-").lower()
            found = said if said in known else by_code.get(code, said)
            self._languages[said] = found
            if found == self._texts.source:
                self._found.append(_is_the_source(found))
            elif found not in known:
                usable = _LANGUAGE.fullmatch(found)
                self._found.append(_new_language(found) if usable else _no_language())
        found = self._languages[said]
        if found == self._texts.source or not _LANGUAGE.fullmatch(found):
            return None
        return found

    def _header(self, text: Text, language: str) -> str:
        """The header of a text in a language; that of a new column is written as those there are."""
        sheet = self._workbook[text.sheet]
        if there := sheet.header(text.part, language):
            return there
        if language == self._texts.source and (there := sheet.header(text.part)):
            return there
        for other in self._texts.languages:
            if (model := sheet.header(text.part, other)) and other and model.endswith(other):
                return model.removesuffix(other) + language
        return f"{sheet.header(text.part) or text.part}::{language}"

    def _refusal(self, entry: Entry, where: Mapping[str, Any]) -> Finding | None:
        if entry.formula:
            return _formula(entry, where)
        if entry.state == "fuzzy":
            return _fuzzy(where)
        if len(entry.said) > MOST_CHARACTERS or _UNWRITABLE.search(entry.said):
            return _unusable(where)
        names = [name.strip().rpartition("#")[2] for name in _REFERENCE.findall(entry.said)]
        unknown = next((name for name in names if name not in self._names), None)
        if unknown is not None or entry.said.count("${") != len(names):
            close = nearest(unknown, self._names) if unknown else None
            return _unknown_reference(unknown, close, where)
        return None


def _marks(text: str) -> Counter[str]:
    """What the phone fills in: references and outputs."""
    return Counter([*(name.strip() for name in _REFERENCE.findall(text)), *_OUTPUT.findall(text)])


def _plain(text: str) -> str:
    """A text as the converter reads it, so that it compares with what stands in a cell."""
    return text.replace("\xa0", " ").replace("\r\n", "\n").strip()


def _gone(entry: Entry, texts: Translations) -> Finding:
    close = nearest(entry.place, texts.by_place)
    return warning(
        "translation_place_gone",
        worded(
            "The form has no text “%(place)s” any more, so its translation into %(language)s was left out "
            "(row %(row)s of the file).",
            place=entry.place,
            language=entry.language,
            row=entry.row,
        )
        if entry.row
        else worded(
            "The form has no text “%(place)s” any more, so its translation into %(language)s was left out.",
            place=entry.place,
            language=entry.language,
        ),
        worded("Did it become %(close)s? Then write it there.", close=close)
        if close
        else N_("It stays in the file; nothing is lost."),
    )


def _changed_underneath(where: Mapping[str, Any]) -> Finding:
    return warning(
        "translation_outdated",
        N_(
            "The source text changed after it was given to the translator: the translation is in the cell, and counts "
            "as stale."
        ),
        N_("Compare it with the present text, and export the texts again for the translator."),
        **where,
    )


def _other_references(source: str, said: str, where: Mapping[str, Any]) -> Finding:
    lost, more = _marks(source) - _marks(said), _marks(said) - _marks(source)
    return warning(
        "translation_references",
        worded(
            "The phone fills something else into the translation than into its source. Missing: %(lost)s. New: "
            "%(more)s.",
            lost=", ".join(map(_written, lost)) or "–",
            more=", ".join(map(_written, more)) or "–",
        ),
        N_("Keep what stands in ${…} as in the source."),
        **where,
    )


def _written(mark: str) -> str:
    return mark if mark.startswith("<") else "${" + mark + "}"


def _unknown_reference(name: str | None, close: str | None, where: Mapping[str, Any]) -> Finding:
    return warning(
        "translation_reference_unknown",
        worded("The translation refers to “%(name)s”, which is no question, so it was left out.", name=name)
        if name is not None
        else N_("A ${…} of the translation is not closed, so it was left out."),
        worded("Did you mean ${%(close)s}?", close=close)
        if close
        else N_("Write ${…} as in the source, and import the file again."),
        **where,
    )


def _formula(entry: Entry, where: Mapping[str, Any]) -> Finding:
    return warning(
        "translation_formula",
        worded(
            "Row %(row)s of the file holds a formula in place of a translation, so it was left out.",
            row=entry.row,
        ),
        N_("Write the text itself."),
        **where,
    )


def _fuzzy(where: Mapping[str, Any]) -> Finding:
    return warning(
        "translation_fuzzy",
        N_("The translation is marked as unfinished (fuzzy), so it was left out."),
        N_("Take the mark off when it is right, and import the file again."),
        **where,
    )


def _unusable(where: Mapping[str, Any]) -> Finding:
    return warning(
        "translation_unusable",
        N_(
            "The translation is too long for a cell, or holds characters that no phone shows, so it was left out."
        ),
        N_("Write it shorter, without control characters."),
        **where,
    )


def _new_language(language: str) -> Finding:
    say = info if tag(language) else warning
    return say(
        "translation_language_new",
        worded("%(language)s is a new language of the form: it got columns of its own.", language=language),
        N_("Translate all texts into it before you publish.")
        if tag(language)
        else N_("Name it with its code, as in Français (fr): phones and pages know by it how to write it."),
    )


def _no_language() -> Finding:
    return error(
        "translation_language_unusable",
        N_("A column of the file is named as no language can be: too long, or with a colon."),
        N_("Name it like Français (fr)."),
    )


def _is_the_source(language: str) -> Finding:
    return warning(
        "translation_of_source",
        worded(
            "%(language)s is the language that is translated, so what the file says in it was left out.",
            language=language or worded(N_("The language without a name")),
        ),
        N_("Change source texts in the workbook of the form."),
    )


def _more(code: str, count: int) -> Finding:
    return warning(code, worded("The same is so of %(count)s more texts.", count=count), "")
