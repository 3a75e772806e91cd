"""All texts of a form in all its languages, cell by cell: which are missing, and which are out of date.

A text has one *place*, a name that survives when rows move: `survey/surname:hint`, `choices/sex/female:label`. The
texts of one place are one text in several languages; that of the form's default language is the *source* of the
others. A translation is *stale* when it was made from another source than the one that stands there now. Nobody is
asked which it was made from: it is the source that stood beside it in the version in which it first stood, or, where it
came by an imported file, the one the translator had before them (see `carried`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from xlsforms.workbook import TRANSLATED, Sheet, Workbook

State = Literal["ok", "missing", "stale"]
Place = tuple[str, str]
"""The place of a text, and a language."""

_CHOICES: Final = ("choices", "external_choices")
_CONTEXT: Final = 200
"""Characters of a context."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `row` is 1-based as a spreadsheet program shows it, `part` the plain name of its column; `context`
    says to a translator what it belongs to. `said`: language → text, without those that are empty. `made_from`:
    language → the source a translation was made from, where that is another than the present one, or none stands there
    now."""

    place: str
    sheet: str
    row: int
    part: str
    context: str
    said: Mapping[str, str]
    made_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The name of the question or group it belongs to, empty for a choice."""
        return self.place.partition(":")[0].rpartition("/")[2] if self.sheet == "survey" else ""

    def state(self, language: str, source: str) -> State:
        """How it stands in a language. Where there is no source, nothing can be missing in others."""
        if not self.said.get(language):
            return "missing" if self.said.get(source) or language == source else "ok"
        return "stale" if self.said.get(source) and language in self.made_from else "ok"


@dataclass(frozen=True, slots=True)
class Entry:
    """A translation as a file brings it. `source` is what the translator had before them; `state` what they, or their
    program, say of it: ok, missing, stale, fuzzy (not to be used yet), or nothing; `row` where it stands in the file;
    `formula` that a formula makes it."""

    place: str
    language: str
    source: str
    said: str
    state: str = ""
    row: int | None = None
    formula: bool = False


@dataclass(frozen=True)
class Translations:
    """The texts of one form. `source` is the language that is translated; "" is that of columns without one."""

    source: str
    languages: tuple[str, ...]
    texts: tuple[Text, ...]
    title: str = ""

    @cached_property
    def by_place(self) -> Mapping[str, Text]:
        """The texts by their places."""
        return {text.place: text for text in self.texts}

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that are translated into."""
        return tuple(language for language in self.languages if language != self.source)

    def count(self, language: str) -> Mapping[State, int]:
        """How many texts are ok, missing and stale in a language."""
        found: Counter[State] = Counter({"ok": 0, "missing": 0, "stale": 0})
        found.update(text.state(language, self.source) for text in self.texts)
        return found

    @property
    def counts(self) -> Mapping[str, Mapping[State, int]]:
        """`count` of every language."""
        return {language: self.count(language) for language in self.languages}

    def to_mend(self, language: str) -> Iterator[Text]:
        """What is missing or stale in a language, in the order of the workbook."""
        return (text for text in self.texts if text.state(language, self.source) != "ok")

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "source": self.source,
            "languages": list(self.languages),
            "title": self.title,
            "texts": [
                [one.place, one.sheet, one.row, one.part, one.context, dict(one.said), dict(one.made_from)]
                for one in self.texts
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Translations":
        texts = tuple(Text(*text) for text in data["texts"])
        return cls(data["source"], tuple(data["languages"]), texts, data["title"])


def of_workbook(workbook: Workbook) -> Translations:
    """The texts of a workbook as they stand in its cells."""
    named: dict[str, None] = {}
    for sheet in (workbook["survey"], *(workbook[name] for name in _CHOICES)):
        for part in TRANSLATED:
            named.update(dict.fromkeys(sheet.languages(part)))
    default = workbook.setting("default_language")
    spoken = [one for one in named if one]
    source = default if default in named or "" in named else next(iter(spoken), "")
    # Columns without a language are in the default one, as the converter has it.
    languages = tuple(dict.fromkeys([source, *spoken] if named else []))
    texts = [
        *_survey(workbook, source),
        *(one for name in _CHOICES for one in _choices(workbook, name, source)),
    ]
    return Translations(source, languages, tuple(texts), workbook.setting("form_title"))


def carried(
    new: Translations, before: Iterable[Translations | None], given: Mapping[Place, str] | None = None
) -> Translations:
    """The same texts, with what each translation was made from: what a translator had before them (`given`), else
    what the nearest of the earlier states of the form knows of the very same translation, else the source that stands
    beside it now."""
    known = [one for one in before if one is not None and one.source == new.source]
    given = given or {}

    def made_from(text: Text, language: str) -> str:
        if (text.place, language) in given:
            return given[text.place, language]
        for one in known:
            old = one.by_place.get(text.place)
            if old is not None and old.said.get(language) == text.said[language]:
                return old.made_from.get(language) or old.said.get(new.source, "")
        return ""

    def one(text: Text) -> Text:
        source = text.said.get(new.source, "")
        made = {
            language: was
            for language in text.said
            if language != new.source and (was := made_from(text, language)) not in ("", source)
        }
        return Text(text.place, text.sheet, text.row, text.part, text.context, text.said, made)

    return Translations(new.source, new.languages, tuple(map(one, new.texts)), new.title)


# --- within ------------------------------------------------------------------------------------------------------


def _survey(workbook: Workbook, source: str) -> Iterator[Text]:
    """Of questions and groups, by name; by path where a name stands twice."""
    sheet = workbook["survey"]
    names = Counter(sheet.values("name"))
    offered = _offered(workbook, source)
    around: list[tuple[str, str]] = []
    for number, row in sheet.numbered():
        kind, name = (
            " ".join(sheet.get(row, "type").lower().replace("_", " ").split()),
            sheet.get(row, "name"),
        )
        if kind.startswith("end ") and around:
            around.pop()
            continue
        about = [" ".join(sheet.get(row, "type").split())]
        if choices := offered.get(sheet.get(row, "type").split()[-1] if " " in kind else "", ""):
            about.append(f"choices: {choices}")
        if groups := " › ".join(label for _, label in around if label):
            about.append(f"in {groups}")
        path = name if names[name] == 1 else "/".join([*(each for each, _ in around), name])
        if name:
            yield from _row(sheet, number, f"survey/{path}", source, " · ".join(about))
        if kind.startswith("begin "):
            around.append((name, _in(sheet, row, "label", source)))


def _choices(workbook: Workbook, name: str, source: str) -> Iterator[Text]:
    """Of choices, by list and name; by turn where a name stands twice."""
    sheet = workbook[name]
    asked = _asked(workbook, source)
    seen: Counter[str] = Counter()
    for number, row in sheet.numbered():
        listed, code = sheet.get(row, "list_name"), sheet.get(row, "name")
        place = f"{name}/{listed}/{code}"
        seen[place] += 1
        if seen[place] > 1:
            place = f"{place}#{seen[place]}"
        about = f"choice of {listed}" + (f" · asked: {asked[listed]}" if asked.get(listed) else "")
        yield from _row(sheet, number, place, source, about)


def _row(sheet: Sheet, number: int, place: str, source: str, context: str) -> Iterator[Text]:
    row = sheet.rows[number - 2]
    for part in TRANSLATED:
        said: dict[str, str] = {}
        for language in sheet.languages(part):
            if text := sheet.get(row, part, language).strip():
                said.setdefault(language or source, text)
        if said:
            yield Text(f"{place}:{part}", sheet.name, number, part, context[:_CONTEXT], said)


def _in(sheet: Sheet, row: Mapping[str, str], part: str, language: str) -> str:
    return (sheet.get(row, part, language) or sheet.get(row, part)).strip()


def _offered(workbook: Workbook, source: str) -> Mapping[str, str]:
    """List → the labels of its first choices."""
    found: dict[str, list[str]] = {}
    for name in _CHOICES:
        sheet = workbook[name]
        for row in sheet.rows:
            labels = found.setdefault(sheet.get(row, "list_name"), [])
            if len(labels) < 6:
                labels.append(_in(sheet, row, "label", source) or sheet.get(row, "name"))
    return {name: ", ".join(labels) for name, labels in found.items() if name}


def _asked(workbook: Workbook, source: str) -> Mapping[str, str]:
    """List → the label of the first question that offers it."""
    sheet = workbook["survey"]
    found: dict[str, str] = {}
    for row in sheet.rows:
        kind, _, rest = sheet.get(row, "type").partition(" ")
        if kind.startswith(("select", "rank")) and rest:
            found.setdefault(rest.split()[0], _in(sheet, row, "label", source))
    return found
