"""Conditions on submissions, as OData's `$filter` says them.

    __system/submissionDate ge 2026-11-01 and not (__system/reviewState eq 'approved')
    person/sex eq 'female' and contains($root/Submissions/case_ref, 'MD')

Fields are ODK Central's: `submissionDate`, `updatedAt`, `submitterId` and `reviewState` of `__system`, also as
`$root/Submissions/__system/…`, which Central wants in tables of repeats; and answers, by the names they have in a
feed. Operators: eq ne lt le gt ge, and or not, parentheses; functions: now; year, month, day, hour, minute, second
of a date, in UTC; contains, startswith, endswith, length, tolower, toupper, trim. OData 4.01, URL Conventions,
section 5.1.1. What is asked of the database is in `condition_sql`, what of answers in `condition_rows`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from app import problems
from app.models import now

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 40
"""Terms inside each other."""

FIELDS: Final = ("submissionDate", "updatedAt", "submitterId", "reviewState")
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")
MIRRORED: Final = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
"""A comparison → the one of the exchanged operands."""
PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
TESTS: Final = ("contains", "startswith", "endswith")
"""Functions of two texts that are true or not."""
TEXTS: Final = ("length", "tolower", "toupper", "trim")
"""Functions of one text."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of `__system`."""

    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or `__id`: its name in the table asked for, or, `whole`, in that of the submission."""

    name: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """What a field is compared with. `said` is how an instant was written: it may be meant as a text."""

    value: str | int | Decimal | bool | datetime | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an instant in UTC: its year, month, day, hour, minute or second."""

    name: str
    of: "Operand"


@dataclass(frozen=True, slots=True)
class Call:
    """One of TESTS or TEXTS, of these operands."""

    name: str
    of: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and one of COMPARISONS."""

    operator: str
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True, slots=True)
class Not:
    """What is not so."""

    term: "Term"


@dataclass(frozen=True, slots=True)
class Joined:
    """All of the terms (`and`), or one of them (`or`)."""

    operator: str
    terms: tuple["Term", ...]


Operand = Field | Answer | Literal | Part | Call
Term = Comparison | Call | Not | Joined


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition and the text it was read from. As a text, for the ledger, it names no answer that was looked
    for."""

    text: str
    term: Term

    def __str__(self) -> str:
        return _LITERAL.sub("…", self.text) if about_answers(self.term) else self.text

    def split(self) -> tuple[Term | None, Term | None]:
        """Two terms that are both true where the condition is: one of what the server knows, and one of what takes
        the answers."""
        term = self.term
        every = term.terms if isinstance(term, Joined) and term.operator == "and" else (term,)
        of_answers = tuple(one for one in every if about_answers(one))
        return _all(tuple(one for one in every if one not in of_answers)), _all(of_answers)


def _all(terms: tuple[Term, ...]) -> Term | None:
    return Joined("and", terms) if len(terms) > 1 else terms[0] if terms else None


def about_answers(term: Term | Operand) -> bool:
    """Whether it takes the answers of a submission to tell."""
    match term:
        case Answer() | Call():
            return True
        case Comparison():
            return about_answers(term.left) or about_answers(term.right)
        case Not():
            return about_answers(term.term)
        case Joined():
            return any(map(about_answers, term.terms))
        case Part():
            return about_answers(term.of)
    return False


def read(text: str | None) -> Condition | None:
    """A condition; None for an empty text. Raises the Problem `invalid`, which never repeats the text."""
    text = (text or "").strip()
    if not text:
        return None
    if len(text) > MAX_LENGTH:
        raise refused(f"It is longer than {MAX_LENGTH} characters.")
    if "\0" in text:
        raise refused("It holds a character that no text holds.")
    return Condition(text, _Reading(text).whole())


# --- reading

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<mark>[(),])|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<instant>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)|(?P<number>-?\d{1,18}(?:\.\d{1,18})?)(?![\w.])"
    r"|(?P<word>(?:\$root/Submissions/)?[A-Za-z_][\w/]*))"
)
_FIELD: Final = re.compile(r"(?:\$root/Submissions/)?__system/(\w+)")
_WHOLE: Final = "$root/Submissions/"
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|(?<![\w/])-?\d[\w.:+-]*")
_CONSTANTS: Final = {"null": None, "true": True, "false": False}


class _Reading:
    """One text, read from left to right by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Term:
        term = self._either()
        if self._place < len(self._tokens):
            raise refused("There is something behind its end.")
        return term

    def _either(self) -> Term:
        return self._joined("or", self._all)

    def _all(self) -> Term:
        return self._joined("and", self._term)

    def _joined(self, word: str, term: Callable[[], Term]) -> Term:
        terms = [term()]
        while self._took("word", word):
            terms.append(term())
        return terms[0] if len(terms) == 1 else Joined(word, tuple(terms))

    def _term(self) -> Term:
        with self._deeper():
            if self._took("word", "not"):
                return Not(self._term())
            if self._took("mark", "("):
                term = self._either()
                self._close()
                return term
            left = self._operand()
            if isinstance(left, Call) and left.name in TESTS and not self._at(*COMPARISONS):
                return left
            kind, said = self._next()
            if kind != "word" or said not in COMPARISONS:
                raise refused(f"After a field stands one of {', '.join(COMPARISONS)}.")
            return Comparison(said, left, self._operand())

    def _operand(self) -> Operand:
        with self._deeper():
            kind, said = self._next()
            if kind == "text":
                text = said.replace("''", "'")
                return Literal(_instant(text), text)
            if kind == "number":
                return Literal(Decimal(said) if "." in said else int(said))
            if kind == "instant" and isinstance(moment := _instant(said), datetime):
                return Literal(moment, said)
            if kind != "word":
                raise refused("It breaks off, its parentheses do not match, or a date in it is none.")
            return self._named(said)

    def _named(self, word: str) -> Operand:
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[word])
        if found := _FIELD.fullmatch(word):
            if found[1] not in FIELDS:
                raise refused(f"Of __system it can ask for {', '.join(FIELDS)}.")
            return Field(found[1])
        if not self._took("mark", "("):
            return Answer(word.removeprefix(_WHOLE), whole=word.startswith(_WHOLE))
        if word == "now":
            operand: Operand = Literal(now())
        elif word in PARTS:
            operand = Part(word, self._operand())
        elif word in TEXTS:
            operand = Call(word, (self._operand(),))
        elif word in TESTS:
            first = self._operand()
            if not self._took("mark", ","):
                raise refused(f"{word} takes two texts, with a comma between.")
            operand = Call(word, (first, self._operand()))
        else:
            raise refused(f"It can use {', '.join(('now', *PARTS, *TESTS, *TEXTS))}, and no other function.")
        self._close()
        return operand

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused(f"Its parentheses are more than {MAX_DEPTH} deep.")
        yield
        self._depth -= 1

    def _close(self) -> None:
        if not self._took("mark", ")"):
            raise refused("Its parentheses do not match.")

    def _at(self, *words: str) -> bool:
        return self._place < len(self._tokens) and self._tokens[self._place][1] in words

    def _took(self, kind: str, said: str) -> bool:
        took = self._place < len(self._tokens) and self._tokens[self._place] == (kind, said)
        self._place += took
        return took

    def _next(self) -> tuple[str, str]:
        self._place += 1
        return self._tokens[self._place - 1] if self._place <= len(self._tokens) else ("", "")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise refused("It holds a character that belongs to nothing.")
        assert found.lastgroup is not None
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _instant(said: str) -> str | datetime:
    """The text as an instant if it is one; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    if "-" not in said or not 1 < moment.year < 9999:
        return said  # 20261122 is ISO 8601 too, but more likely a number; the ends of time cannot be moved
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def refused(why: str) -> problems.Problem:
    """The Problem of a condition that cannot be read or asked."""
    return problems.invalid(
        f"The filter cannot be read. {why}",
        "Compare fields of __system, or questions by the names they have in the table, for instance: "
        "__system/submissionDate ge 2026-11-01T00:00:00Z and person/sex eq 'female'.",
    )
