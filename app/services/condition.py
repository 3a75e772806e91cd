"""Conditions on submissions, as OData's `$filter` says them.

    __system/submissionDate ge 2026-11-01 and not (__system/reviewState eq 'approved')

Fields are ODK Central's: `submissionDate`, `updatedAt`, `submitterId` and `reviewState` of `__system`, also as
`$root/Submissions/__system/…`, which Central wants in tables of repeats. Operators: eq ne lt le gt ge, and or
not, parentheses; functions: now, and year, month, day, hour, minute, second of a date, in UTC. OData 4.01, URL
Conventions, section 5.1.1.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app import problems
from app.models import now

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 40
"""Terms inside each other."""

FIELDS: Final = ("submissionDate", "updatedAt", "submitterId", "reviewState")
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")
PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of `__system`."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """What a field is compared with."""

    value: str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an instant in UTC: its year, month, day, hour, minute or second."""

    name: str
    of: "Operand"


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


Operand = Field | Literal | Part
Term = Comparison | Not | Joined


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition and the text it was read from."""

    text: str
    term: Term

    def __str__(self) -> str:
        return self.text


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
    r"|(?P<instant>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)|(?P<number>-?\d{1,18})(?![\w.])"
    r"|(?P<word>(?:\$root/Submissions/)?[A-Za-z_][\w/]*))"
)
_FIELD: Final = re.compile(r"(?:\$root/Submissions/)?__system/(\w+)")


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
            kind, said = self._next()
            if kind != "word" or said not in COMPARISONS:
                raise refused(f"After a field stands one of {', '.join(COMPARISONS)}.")
            return Comparison(said, left, self._operand())

    def _operand(self) -> Operand:
        with self._deeper():
            kind, said = self._next()
            if kind == "text":
                return Literal(_instant(said.replace("''", "'")))
            if kind == "number":
                return Literal(int(said))
            if kind == "instant" and isinstance(moment := _instant(said), datetime):
                return Literal(moment)
            if kind != "word":
                raise refused("It breaks off, its parentheses do not match, or a date in it is none.")
            return self._named(said)

    def _named(self, word: str) -> Operand:
        if word == "null":
            return Literal(None)
        if found := _FIELD.fullmatch(word):
            if found[1] not in FIELDS:
                raise refused(f"Of __system it can ask for {', '.join(FIELDS)}.")
            return Field(found[1])
        if word != "now" and word not in PARTS:
            raise refused("It asks for something that is no field of __system.")
        if not self._took("mark", "("):
            raise refused("After a function stands a parenthesis.")
        operand = Literal(now()) if word == "now" else Part(word, self._operand())
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
        "Compare __system/submissionDate, updatedAt, submitterId or reviewState, for instance: "
        "__system/submissionDate ge 2026-11-01T00:00:00Z and __system/reviewState eq 'approved'.",
    )
