"""A form as it is asked on paper: numbered lines, skips in words, and what each answer is written into.

    paper = questionnaire.read(form, ("English (en)", "العربية (ar)"))

In one language, for interviews where there is no phone; in two beside each other, for translators. Nothing here
knows what paper looks like: see `app.exports.paper`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from xlsforms import wording
from xlsforms.schema import METADATA, Choice, Form, Group, Node, Question, Repeat, resolve, text
from xlsforms.xpath import Path, parts, tree_of

Texts = tuple[str, ...]
"""A text in each language of the paper, in its order; empty where it is not translated."""

Answer = Literal[
    "one",
    "many",
    "order",
    "line",
    "lines",
    "number",
    "date",
    "time",
    "date and time",
    "place",
    "file",
    "tick",
    "",
]

MOST_LINES: Final = 6_000
"""Questions and choices that are printed; a form with more is for a screen."""
LONG_LIST: Final = 24
"""Choices that stand under their question; a longer list stands once, at the end."""
LONGEST_LIST: Final = 1_000

_UNASKED: Final = METADATA | {"calculate", "hidden"}
_ANSWERS: Final[dict[str, Answer]] = {
    "select_one": "one", "select_multiple": "many", "rank": "order", "integer": "number", "decimal": "number",
    "range": "number", "date": "date", "time": "time", "dateTime": "date and time", "geopoint": "place",
    "geotrace": "lines", "geoshape": "lines", "image": "file", "audio": "file", "video": "file", "file": "file",
    "acknowledge": "tick", "boolean": "tick", "note": "",
}  # fmt: skip


class TooLong(Exception):  # noqa: N818 - it is what the form is
    """It would not be a questionnaire any more: more than MOST_LINES."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on paper, in its order. `number` is `3.1.2`, `depth` how many groups stand around it. `condition`
    is in words and empty if it is always asked. `choices` are empty where a long list stands in the annex `annex`."""

    kind: Literal["group", "repeat", "question", "note"]
    number: str
    depth: int
    name: str
    label: Texts
    hint: Texts = ()
    condition: Texts = ()
    mending: Texts = ()
    required: bool = False
    answer: Answer = ""
    choices: tuple[Texts, ...] = ()
    annex: str = ""
    file: str = ""
    bounds: str = ""


@dataclass(frozen=True, slots=True)
class Annex:
    """A long list, or how much of it is printed."""

    letter: str
    name: str
    choices: tuple[Texts, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Worked:
    """What a phone computes and a condition on this paper needs: somebody has to do it by hand."""

    name: str
    how: Texts


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The whole of it. `languages` are one or two of the form's."""

    title: str
    form_id: str
    version: str
    languages: tuple[str, ...]
    lines: tuple[Line, ...]
    annexes: tuple[Annex, ...]
    worked: tuple[Worked, ...]


def read(form: Form, languages: Sequence[str]) -> Questionnaire:
    """The paper of a form. Raises TooLong."""
    return _Reader(form, tuple(languages)).read()


class _Reader:
    """A walk over one form."""

    def __init__(self, form: Form, languages: tuple[str, ...]) -> None:
        self._form, self._languages = form, languages
        self._numbers = dict(_numbered(form.children))
        self._names = tuple(wording.names(form, one, self._called) for one in languages)
        self._bare = tuple(
            {each.name: wording.shortened(wording.plain(text(each.label, one, form.default_language))) or each.name
             for each in form.questions()}
            for one in languages
        )  # fmt: skip
        self._phrases = tuple(wording.phrases(one) for one in languages)
        self._annexes: dict[str, Annex] = {}
        self._computed = {each.path: each for each in form.questions() if each.calculation}
        self._needed: dict[str, None] = {}
        self._count = 0

    def read(self) -> Questionnaire:
        lines = tuple(self._lines(self._form.children, 0))
        return Questionnaire(
            self._form.title,
            self._form.form_id,
            self._form.version,
            self._languages,
            lines,
            tuple(self._annexes.values()),
            tuple(self._worked()),
        )

    def _called(self, question: Question, label: str) -> str:
        number = self._numbers.get(question.path)
        return f"{number} ({label})" if number else question.name

    def _lines(self, nodes: Sequence[Node], depth: int) -> Iterator[Line]:
        for node in nodes:
            if node.path not in self._numbers:
                continue
            if isinstance(node, Question):
                yield self._question(node, depth)
            elif not isinstance(node, Group) or node.label or node.relevant:
                kind: Literal["group", "repeat"] = "repeat" if isinstance(node, Repeat) else "group"
                yield Line(
                    kind,
                    self._numbers[node.path],
                    depth,
                    node.name,
                    self._texts(node.label),
                    condition=self._condition(node),
                )
                yield from self._lines(node.children, depth + 1)
            else:  # a group that only orders pages
                yield from self._lines(node.children, depth)

    def _question(self, question: Question, depth: int) -> Line:
        codes = self._form.choice_list(question)
        annex = self._annex(question, codes) if len(codes) > LONG_LIST else ""
        self._tally(1 if annex else 1 + len(codes))
        answer = _ANSWERS.get(question.type, "line")
        if answer == "line" and "multiline" in (question.appearance or ""):
            answer = "lines"
        return Line(
            "note" if question.type == "note" else "question",
            self._numbers[question.path],
            depth,
            question.name,
            self._texts(question.label),
            self._texts(question.hint),
            self._condition(question),
            self._texts(question.constraint_message),
            question.required,
            answer,
            () if annex else tuple(self._choice(one) for one in codes),
            annex,
            question.file or "",
            _bounds(question),
        )

    def _annex(self, question: Question, codes: tuple[Choice, ...]) -> str:
        name = question.choices or ""
        if name not in self._annexes:
            printed = tuple(self._choice(one) for one in codes[:LONGEST_LIST])
            self._tally(len(printed))
            self._annexes[name] = Annex(_letter(len(self._annexes)), name, printed, len(codes) - len(printed))
        return self._annexes[name].letter

    def _tally(self, lines: int) -> None:
        self._count += lines
        if self._count > MOST_LINES:
            raise TooLong

    def _choice(self, choice: Choice) -> Texts:
        return (
            tuple(one or choice.name for one in self._texts(choice.label))
            if choice.label
            else ((choice.name,) * len(self._languages))
        )

    def _texts(self, label: Any) -> Texts:
        """In each language; on paper of one language a text that is not translated stands in another."""
        if not label:
            return ()
        alone = len(self._languages) == 1
        return tuple(
            wording.filled(
                wording.plain(
                    text(label, one, self._form.default_language)
                    if alone
                    else label.get(one, label.get("", ""))
                ),
                bare,
            )
            for one, bare in zip(self._languages, self._bare, strict=True)
        )

    def _condition(self, node: Node) -> Texts:
        if not node.relevant:
            return ()
        self._need(node.relevant, node.path)
        return self._said(node.relevant, node.path)

    def _said(self, expression: str, path: str) -> Texts:
        return tuple(
            wording.say(expression, context=path, names=names, phrases=phrases)
            for names, phrases in zip(self._names, self._phrases, strict=True)
        )

    def _need(self, expression: str, context: str) -> None:
        tree = tree_of(expression)
        for part in parts(tree) if tree else ():
            if isinstance(part, Path) and part.base is None:
                path = resolve(part.text, context)
                if path in self._computed and path not in self._numbers:
                    self._needed[path] = None

    def _worked(self) -> Iterator[Worked]:
        """What conditions need, and what that needs in turn, in the order of the form."""
        waiting, seen = list(self._needed), set(self._needed)
        while waiting:
            path = waiting.pop()
            self._needed = {}
            self._need(self._computed[path].calculation or "", path)
            waiting += [one for one in self._needed if one not in seen]
            seen |= set(self._needed)
        for path, question in self._computed.items():
            if path in seen:
                yield Worked(question.name, self._said(question.calculation or "", path))


def _numbered(nodes: Sequence[Node], before: str = "", start: int = 1) -> Iterator[tuple[str, str]]:
    """Path → number of everything that stands on paper, empty for notes; a group that only orders pages counts for
    nothing."""
    number = start
    for node in nodes:
        if isinstance(node, Question):
            if node.type == "note":
                yield node.path, ""
            elif node.type not in _UNASKED and "/meta/" not in node.path:
                yield node.path, f"{before}{number}"
                number += 1
        elif any(True for _ in _numbered(node.children)):
            yield node.path, f"{before}{number}"
            if isinstance(node, Group) and not node.label and not node.relevant:
                inside = list(_numbered(node.children, before, number))
                yield from inside
                number += sum(1 for _, one in inside if one and one.count(".") == before.count("."))
            else:
                yield from _numbered(node.children, f"{before}{number}.")
                number += 1


def _letter(index: int) -> str:
    return chr(65 + index) if index < 26 else f"{chr(64 + index // 26)}{chr(65 + index % 26)}"


def _bounds(question: Question) -> str:
    low, high = question.parameters.get("start"), question.parameters.get("end")
    return f"{low} – {high}" if low and high else ""
