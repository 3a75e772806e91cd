"""Conditions of a form in words, for paper and for people who read no XPath.

    wording.say("/data/sex = 'female' and /data/age > 17", context="/data/child", names=names, phrases=phrases)
    "Sex is “Female” and Age is more than 17"

What has no plain words (calls of other functions, paths into lists) is shown as the author wrote it, its paths
shortened to `${name}`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from xlsforms import language
from xlsforms.schema import Form, Question, resolve, text
from xlsforms.xpath import Binary, Call, Negative, Number, Path, Text, Tree, children, tree_of

_LITERAL: Final = re.compile(r"('[^']*'|\"[^\"]*\")")
_REFERENCE: Final = re.compile(r"(?<![\w)\]])(?:current\(\)/)?(?:\.\./|/)[\w./:\-]*\w")
_MARKED: Final = re.compile(r"\$\{([^{}]*)\}")
_LONG: Final = 48
_DEPTH: Final = 12


@dataclass(frozen=True, slots=True)
class Phrases:
    """How a language says conditions: `{a}` and `{b}` are what is compared."""

    both: str
    either: str
    negated: str
    answered: str
    unanswered: str
    includes: str
    excludes: str
    count: str
    today: str
    answer: str
    quoted: str
    compared: Mapping[str, str] = field(default_factory=dict)


_ENGLISH: Final = Phrases(
    "and", "or", "not ({a})", "{a} is answered", "{a} is not answered", "{a} includes {b}", "{a} does not include {b}",
    "how many are chosen of {a}", "today", "the answer", "“{a}”",
    {"=": "{a} is {b}", "!=": "{a} is not {b}", "<": "{a} is less than {b}", ">": "{a} is more than {b}",
     "<=": "{a} is at most {b}", ">=": "{a} is at least {b}"},
)  # fmt: skip
_PHRASES: Final = {
    "fr": Phrases(
        "et", "ou", "pas ({a})", "{a} a une réponse", "{a} n’a pas de réponse", "{a} comprend {b}",
        "{a} ne comprend pas {b}", "combien sont choisis dans {a}", "aujourd’hui", "la réponse", "« {a} »",
        {"=": "{a} est {b}", "!=": "{a} n’est pas {b}", "<": "{a} est inférieur à {b}",
         ">": "{a} est supérieur à {b}", "<=": "{a} est au plus {b}", ">=": "{a} est au moins {b}"},
    ),
    "es": Phrases(
        "y", "o", "no ({a})", "{a} tiene respuesta", "{a} no tiene respuesta", "{a} incluye {b}", "{a} no incluye {b}",
        "cuántas se eligen en {a}", "hoy", "la respuesta", "«{a}»",
        {"=": "{a} es {b}", "!=": "{a} no es {b}", "<": "{a} es menor que {b}", ">": "{a} es mayor que {b}",
         "<=": "{a} es como máximo {b}", ">=": "{a} es como mínimo {b}"},
    ),
    "ar": Phrases(
        "و", "أو", "ليس ({a})", "{a}: توجد إجابة", "{a}: لا توجد إجابة", "{a} تتضمن {b}", "{a} لا تتضمن {b}",
        "عدد ما اختير في {a}", "اليوم", "الإجابة", "«{a}»",
        {"=": "{a} = {b}", "!=": "{a} ≠ {b}", "<": "{a} أقل من {b}", ">": "{a} أكثر من {b}",
         "<=": "{a} لا تزيد على {b}", ">=": "{a} لا تقل عن {b}"},
    ),
}  # fmt: skip


def phrases(spoken: str) -> Phrases:
    """Those of a form's language; English where we have none of our own."""
    return _PHRASES.get(language.tag(spoken).lower().split("-")[0], _ENGLISH)


@dataclass(frozen=True, slots=True)
class Names:
    """What the questions of a form are called where a condition speaks of them: path → name. `choices` path →
    what its codes are called."""

    questions: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]


def names(form: Form, spoken: str, called: Callable[[Question, str], str] | None = None) -> Names:
    """The names of all questions in a language: their labels, shortened; `called(question, label)` changes
    them."""
    questions: dict[str, str] = {}
    choices: dict[str, Mapping[str, str]] = {}
    lists = {
        key: {one.name: plain(text(one.label, spoken, form.default_language)) or one.name for one in codes}
        for key, codes in form.choices.items()
    }
    for question in form.questions():
        label = shortened(plain(text(question.label, spoken, form.default_language))) or question.name
        questions[question.path] = called(question, label) if called else label
        if question.choices in lists:
            choices[question.path] = lists[question.choices]
    return Names(questions, choices)


class _Unsaid(Exception):  # noqa: N818 - it is what the expression is
    """There are no plain words for it."""


def say(expression: str, *, context: str, names: Names, phrases: Phrases) -> str:
    """The expression in words, else as written with short references. `context` is the path of its node."""
    tree = tree_of(expression)
    try:
        if tree is None:
            raise _Unsaid
        return _Speaker(context, names, phrases).words(tree)
    except _Unsaid:
        return short(expression)


def short(expression: str) -> str:
    """The expression with `${name}` in place of paths, as its author wrote it in a spreadsheet."""

    def name(found: re.Match[str]) -> str:
        return "${" + found[0].rpartition("/")[2].rpartition(":")[2] + "}"

    pieces = _LITERAL.split(expression)
    pieces[::2] = [_REFERENCE.sub(name, piece) for piece in pieces[::2]]
    return " ".join("".join(pieces).split())


def plain(label: str) -> str:
    """A label without the marks phones read as bold, italic, headings, links and colours."""
    bare = re.sub(r"</?(?:span|font|p|br|b|i|em|strong|u|h[1-6]|a)\b[^>]*>", " ", label, flags=re.IGNORECASE)
    bare = re.sub(r"(?m)^\s*#{1,6}\s+", "", bare)
    bare = re.sub(r"\[([^\]]+)\]\([^)\s]+\)", r"\1", bare)
    bare = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", bare)
    bare = re.sub(r"(?<![\w*])[*_](?=\S)([^*_]+?)(?<=\S)[*_](?![\w*])", r"\1", bare)
    return "\n".join(" ".join(line.split()) for line in bare.splitlines()).strip()


def filled(label: str, names: Mapping[str, str]) -> str:
    """A label whose `${name}` stand as `[what is called so]`: nothing fills them in on paper."""
    return _MARKED.sub(lambda found: f"[{names.get(found[1], found[1])}]", label)


def shortened(words: str) -> str:
    """Enough of a label to know the question by, of its first line."""
    line = words.split("\n", 1)[0].rstrip(" ?:.")
    return line if len(line) <= _LONG else line[:_LONG].rsplit(" ", 1)[0].rstrip(" ,;") + "…"


class _Speaker:
    """A walk over the tree of one expression."""

    def __init__(self, context: str, names: Names, phrases: Phrases) -> None:
        self._context, self._names, self._phrases = context, names, phrases

    def words(self, tree: Tree, depth: int = 0) -> str:
        if depth > _DEPTH:
            raise _Unsaid
        match tree:
            case Binary("and" | "or" as operator):
                return self._several(list(_sides(tree, operator)), operator, depth + 1)
            case Binary("=" | "!=" as operator, left, Text("")):
                return self._answered(left, operator == "!=")
            case Binary(operator, left, right) if operator in self._phrases.compared:
                return self._phrases.compared[operator].format(
                    a=self._thing(left, right), b=self._thing(right, left)
                )
            case Call("not", (Binary("=" | "!=", _, Text("")) as inner,)):
                return self._answered(inner.left, inner.operator == "=")
            case Call("not", (Call("selected", (what, Text() as code)),)):
                return self._phrases.excludes.format(a=self._thing(what, code), b=self._thing(code, what))
            case Call("not", (inner,)):
                return self._phrases.negated.format(a=self.words(inner, depth + 1))
            case Call("selected", (what, Text() as code)):
                return self._phrases.includes.format(a=self._thing(what, code), b=self._thing(code, what))
            case _:
                raise _Unsaid

    def _several(self, sides: list[Tree], operator: str, depth: int) -> str:
        """What stands between the same words; `a = 'x' or a = 'y'` names a once."""
        joint = f" {self._phrases.both if operator == 'and' else self._phrases.either} "
        said: list[str] = []
        while sides:
            first = sides.pop(0)
            words = self.words(first, depth)
            if operator == "or" and (about := self._about(first)) is not None:
                while sides and self._about(sides[0]) == about:
                    words += joint + self._thing(_value(sides.pop(0)), children(first)[0])
            elif isinstance(first, Binary) and first.operator in ("and", "or"):
                words = f"({words})"
            said.append(words)
        return joint.join(said)

    def _about(self, tree: Tree) -> tuple[str, str] | None:
        """How a question is compared with a code, and its path; None if something else is said."""
        match tree:
            case Binary("=", Path() as what, Text(code)) if code:
                return "=", self._path(what)
            case Call("selected", (Path() as what, Text())):
                return "selected", self._path(what)
            case _:
                return None

    def _answered(self, tree: Tree, yes: bool) -> str:
        return (self._phrases.answered if yes else self._phrases.unanswered).format(a=self._thing(tree, tree))

    def _thing(self, tree: Tree, beside: Tree) -> str:
        match tree:
            case Path(".", None, ()):
                return self._phrases.answer
            case Path(_, None, ()):
                path = self._path(tree)
                if path not in self._names.questions:
                    raise _Unsaid
                return self._names.questions[path]
            case Text(code):
                known = self._names.choices.get(self._path(beside), {}) if isinstance(beside, Path) else {}
                return self._phrases.quoted.format(a=known.get(code, code))
            case Number(value):
                known = self._names.choices.get(self._path(beside), {}) if isinstance(beside, Path) else {}
                number = f"{value:g}"
                return self._phrases.quoted.format(a=known[number]) if number in known else number
            case Negative(Number(value)):
                return f"−{value:g}"
            case Call("today" | "now", ()):
                return self._phrases.today
            case Call("count-selected", (what,)):
                return self._phrases.count.format(a=self._thing(what, what))
            case Binary("+" | "-" as operator, left, right):
                sign = "−" if operator == "-" else "+"
                return f"{self._thing(left, right)} {sign} {self._thing(right, left)}"
            case _:
                raise _Unsaid

    def _path(self, tree: Path) -> str:
        return self._context if tree.text == "." else resolve(tree.text, self._context)


def _sides(tree: Tree, operator: str) -> Iterator[Tree]:
    """The sides of a chain of one operator, from left to right."""
    sides: list[Tree] = []
    while isinstance(tree, Binary) and tree.operator == operator:
        sides.append(tree.right)
        tree = tree.left
    return iter([tree, *reversed(sides)])


def _value(tree: Tree) -> Tree:
    return children(tree)[1]
