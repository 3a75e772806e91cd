"""What a table of submissions is narrowed to by answers, as a URL says it, and as the index of answers is asked.

person/age ge 18        consent/answer is yes        reg/notes contains river        person/sex empty
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, select, true, union_all
from sqlalchemy.orm import Session

from app import problems
from app.language import _
from app.models import Answer
from app.services.form_columns import Column

OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "choice": ("is", "not", "empty", "filled"),
    "choices": ("is", "not", "empty", "filled"),
    "number": ("is", "not", "ge", "le", "empty", "filled"),
    "date": ("is", "not", "ge", "le", "empty", "filled"),
    "text": ("is", "not", "begins", "contains", "ge", "le", "empty", "filled"),
}
"""Which there are for a kind of column. Of several choices, `is` means that it is one of them."""
BARE: Final = ("empty", "filled")
"""Operators without a value."""
MOST: Final = 12
"""Filters of one table."""
LONGEST: Final = 200
"""Characters of a value."""
MANY: Final = 5000
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """A column's key, one of OPERATORS, and what it is compared with."""

    key: str
    operator: str
    value: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.key, self.operator, self.value) if part)


def read(text: str) -> AnswerFilter:
    """A filter as the URL has it. Raises the Problem `invalid`, which never repeats it."""
    key, _gap, rest = text.strip().partition(" ")
    operator, _gap, value = rest.partition(" ")
    known = {one for some in OPERATORS.values() for one in some}
    if operator not in known or len(value) > LONGEST or "\0" in text or bool(value) == (operator in BARE):
        raise refused(_("A filter says a question, how it is compared, and with what."))
    return AnswerFilter(key, operator, value)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a filter means: submissions by their numbers, or all but these. `many`: how many these are, counted to
    MANY."""

    numbers: Select[int]
    negated: bool
    many: int

    def holds(self, number: Any) -> ColumnElement[bool]:
        """For `.where(...)`: whether the submission whose number stands in this column fits."""
        return number.not_in(self.numbers) if self.negated else among(number, self.numbers)


def among(number: Any, numbers: Select[Any]) -> ColumnElement[bool]:
    """Whether a number is one of these: looked up in them, each time one comes by. Asked plainly, a database may begin
    at the other end, with each of the numbers, because it takes them for few."""
    found: ColumnElement[bool] = number.in_(numbers).is_(true())
    return found


def meant(session: Session, filters: Iterable[AnswerFilter], columns: Mapping[str, Column]) -> list[Meant]:
    """What filters mean, the rarest first: a database that finds nothing there does not look for the others. Raises
    the Problem `invalid`."""
    found = []
    for one in filters:
        column = columns.get(one.key)
        if column is None:
            raise refused(
                _("It asks for a question that this form has not, or whose answers no table shows.")
            )
        if one.operator not in OPERATORS[column.kind]:
            raise refused(_("A question cannot be compared in that way."))
        numbers, negated = _meant(column, one)
        many = session.scalar(select(func.count()).select_from(numbers.limit(MANY).subquery())) or 0
        found.append(Meant(numbers, negated, many))
    return sorted(found, key=lambda one: (one.negated, one.many))


def searched(text: str, columns: Iterable[Column]) -> Any | None:
    """The submissions of which an answer in one of these columns is what was typed: a number itself, a choice by a
    part of its label in any language, all else by its beginning. None if no column can hold it."""
    small, parts = text.lower(), []
    for column in columns:
        if column.number is None:
            continue
        if column.said:
            codes = [code for code, said in column.said.items() if small in said]
            if codes:
                parts += [_of(column).where(_chosen(column, codes))]
        elif column.kind == "number":
            parts += (
                [_of(column).where(Answer.value == number)] if (number := _number(text)) is not None else []
            )
        else:
            parts.append(
                _of(column).where(Answer.value == 0, Answer.text >= text, Answer.text <= text + _LAST)
            )
    return union_all(*parts) if parts else None


def refused(why: str) -> problems.Problem:
    """The Problem of a filter that cannot be read or asked."""
    return problems.invalid(
        _("The table cannot be filtered like this. %(why)s", why=why), _("Choose the filter again.")
    )


def _of(column: Column) -> Select[int]:
    # A question nobody has answered has no number yet: no answer has this one.
    return select(Answer.submission).where(Answer.question_id == (column.number or 0))


def _meant(column: Column, said: AnswerFilter) -> tuple[Select[int], bool]:
    """Submissions, and whether all others are meant."""
    if said.operator in BARE:
        return _of(column), said.operator == "empty"
    if said.operator in ("is", "not"):
        return _of(column).where(_equal(column, said.value)), said.operator == "not"
    return _of(column).where(_COMPARED[said.operator](column, said.value)), False


def _equal(column: Column, value: str) -> ColumnElement[bool]:
    if column.kind == "number":
        return and_(Answer.value == _needed(value))
    return _chosen(column, [value])


def _chosen(column: Column, codes: list[str]) -> ColumnElement[bool]:
    if column.kind != "choices":
        return and_(Answer.value == 0, Answer.text.in_(codes))
    among = (" " + Answer.text + " ").contains
    found = among(f" {codes[0]} ", autoescape=True)
    for code in codes[1:]:
        found = found | among(f" {code} ", autoescape=True)
    return found


def _at_least(column: Column, value: str) -> ColumnElement[bool]:
    if column.kind == "number":
        return Answer.value >= _needed(value)
    return and_(Answer.value == 0, Answer.text >= value)


def _at_most(column: Column, value: str) -> ColumnElement[bool]:
    if column.kind == "number":
        return Answer.value <= _needed(value)
    # A moment of the last day is still of that day.
    return and_(Answer.value == 0, Answer.text <= value + _LAST)


_COMPARED: Final[Mapping[str, Callable[[Column, str], ColumnElement[bool]]]] = {
    "ge": _at_least,
    "le": _at_most,
    "begins": lambda _, value: func.lower(Answer.text).startswith(_small(value), autoescape=True),
    "contains": lambda _, value: func.lower(Answer.text).contains(_small(value), autoescape=True),
}


def _small(text: str) -> str:
    """As both databases make it: letters of ASCII only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _needed(text: str) -> float:
    number = _number(text)
    if number is None:
        raise refused(_("A number in it is none."))
    return number


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None
