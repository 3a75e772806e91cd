"""Conditions on submissions, asked of the database."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, extract, false, func, literal, not_, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.models import Instant, Submission
from app.problems import Problem
from app.services.condition import (
    MIRRORED,
    Answer,
    Call,
    Comparison,
    Field,
    Joined,
    Literal,
    Not,
    Operand,
    Part,
    Term,
    refused,
)


def _submission_date() -> ColumnElement[Any]:
    """When the first version of a submission came in."""
    first = aliased(Submission)
    earliest = (
        select(func.min(first.received_at))
        .where(
            first.root_instance_id == Submission.root_instance_id,
            first.mission_id == Submission.mission_id,
            first.xml_form_id == Submission.xml_form_id,
        )
        .correlate(Submission)
        .scalar_subquery()
    )
    return case(
        (Submission.deprecated_id.is_(None), Submission.received_at),
        else_=func.coalesce(earliest, Submission.received_at),
    )


def review_state() -> ColumnElement[Any]:
    """As ODK Central says it: an edit that nobody has reviewed is `edited`."""
    edited = case((Submission.deprecated_id.is_not(None), literal("edited")))
    return func.coalesce(Submission.review_state, edited)


_FIELDS: Final[Mapping[str, Callable[[], ColumnElement[Any]]]] = {
    "submissionDate": _submission_date,
    "updatedAt": lambda: case((Submission.deprecated_id.is_not(None), Submission.received_at)),
    "submitterId": lambda: func.coalesce(Submission.device_id, Submission.user_id),
    "reviewState": review_state,
}
_INSTANTS: Final = ("submissionDate", "updatedAt")
_ORDERS: Final = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}


class _Utc(FunctionElement[datetime]):
    """An instant as the clock in UTC shows it, in whole seconds."""

    inherit_cache = True


@compiles(_Utc)
def _utc(element: _Utc, compiler: SQLCompiler, **more: Any) -> str:
    return f"date_trunc('second', timezone('UTC', {compiler.process(element.clauses, **more)}))"


@compiles(_Utc, "sqlite")
def _utc_in_sqlite(element: _Utc, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


def field(name: str) -> ColumnElement[Any]:
    """A field of `__system` of a submission."""
    return _FIELDS[name]()


def where(term: Term) -> ColumnElement[bool]:
    """For `.where(...)` on submissions: whether the term is true of one. Raises the Problem `invalid` where it
    compares what cannot be compared."""
    match term:
        case Not():
            return not_(where(term.term))
        case Joined():
            joined = and_ if term.operator == "and" else or_
            return joined(*map(where, term.terms))
        case Comparison():
            return _compare(term)
        case Call():
            raise _of_answers()


def _compare(said: Comparison) -> ColumnElement[bool]:
    kinds = {_kind(said.left), _kind(said.right)} - {"null"}
    left, right = said.left, said.right
    if kinds == {"text", "number"} and {"submitterId"} & {getattr(one, "name", "") for one in (left, right)}:
        left, right = _numbered(left), _numbered(right)  # Central writes submitterId as a text
    elif len(kinds) > 1:
        raise refused("It compares things of different kinds.")
    if (exact := _by_milliseconds(said.operator, left, right)) is not None:
        return exact
    one, other = _column(left), _column(right)
    # OData's null is a value like another (section 5.1.1.1): null eq null, and null ne 'approved'.
    if said.operator == "eq":
        return one.is_not_distinct_from(other)
    if said.operator == "ne":
        return one.is_distinct_from(other)
    if "null" in (_kind(left), _kind(right)):
        return false()
    return func.coalesce(_ORDERS[said.operator](one, other), false())


def _by_milliseconds(word: str, left: Operand, right: Operand) -> ColumnElement[bool] | None:
    """A field compared with an instant. Instants are shown in milliseconds and kept in microseconds: what is shown
    as equal is equal, so that asking for what came after the last row does not give that row again."""
    if isinstance(left, Literal):
        left, right, word = right, left, MIRRORED[word]
    if not (isinstance(left, Field) and isinstance(right, Literal) and isinstance(right.value, datetime)):
        return None
    column = _column(left)
    first = right.value.replace(microsecond=right.value.microsecond // 1000 * 1000)
    begin, end = (literal(one, Instant()) for one in (first, first + timedelta(milliseconds=1)))
    within = and_(column >= begin, column < end)
    exact = {
        "eq": within, "ne": not_(func.coalesce(within, false())),
        "lt": column < begin, "le": column < end, "gt": column >= end, "ge": column >= begin,
    }[word]  # fmt: skip
    return func.coalesce(exact, false())


def _kind(operand: Operand) -> str:
    match operand:
        case Field(name):
            return "instant" if name in _INSTANTS else "number" if name == "submitterId" else "text"
        case Part():
            if _kind(operand.of) != "instant":
                raise refused("It asks for the year of something that is no date.")
            return "number"
        case Literal(value):
            kinds = {str: "text", int: "number", Decimal: "decimal", bool: "boolean", datetime: "instant"}
            return "null" if value is None else kinds[type(value)]
        case Answer() | Call():
            raise _of_answers()


def _numbered(operand: Operand) -> Operand:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        if not re.fullmatch(r"[0-9]{1,18}", operand.value):
            raise refused("A number in it is none.")
        return Literal(int(operand.value))
    return operand


def _of_answers() -> Problem:
    return refused("Here it can ask for fields of __system only.")


def _column(operand: Operand) -> ColumnElement[Any]:
    match operand:
        case Field(name):
            return field(name)
        case Part(name, of):
            return extract(name, _Utc(_column(of)))
        case Literal(None):
            return null()
        case Literal(value):
            if isinstance(value, bool | Decimal):
                raise refused("No field of __system is a fraction, or true or false.")
            return literal(value, Instant()) if isinstance(value, datetime) else literal(value)
        case Answer() | Call():
            raise _of_answers()
