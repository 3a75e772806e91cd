"""Conditions on answers, asked of the index of answers: which submissions need not be opened at all.

The index keeps the beginnings of answers, without what stands around them, and nothing of class P3. So it never tells
that a condition is true of a row, only of which submissions it cannot be: what is left is opened and asked
(`condition_rows`), as is every submission that the index is not up to date with.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select

from app.models import Answer as Indexed
from app.models import Submission
from app.models.answer import LONGEST
from app.services.condition import MIRRORED, Answer, Call, Comparison, Joined, Literal, Term
from app.services.condition_rows import Columns
from app.services.indexing import CLASSES, LEFT_OUT, is_number
from app.services.plans import Plan

_LAST: Final = "\U0010ffff"
_ZONES: Final = timedelta(days=2)
"""As far apart as one moment is written, and its text cut to the day."""


class Index:
    """The index of one form's answers, for conditions on the rows of one of its tables. `plans` are those of all
    versions of the form, `numbers` its questions in the index (`indexing.numbers_of`)."""

    def __init__(self, columns: Columns, *, plans: Sequence[Plan], numbers: Mapping[str, int]) -> None:
        self._columns = columns
        self._plans = plans
        self._numbers = numbers

    def may_match(self, term: Term) -> ColumnElement[bool] | None:
        """For `.where(...)` on submissions: those that may have a row of which the term is true; None where that may be
        any."""
        found = self._where(term)
        if found is None:
            return None
        return or_(
            Submission.number.is_(None),
            not_(Submission.indexed),
            Submission.version_id.is_(None),
            Submission.state.in_(("failed", "opaque")),
            found,
        )

    def _where(self, term: Term) -> ColumnElement[bool] | None:
        match term:
            case Joined(operator, terms):
                known = [one for one in map(self._where, terms) if one is not None]
                if operator == "or":
                    return or_(*known) if len(known) == len(terms) else None
                return and_(*known) if known else None
            case Comparison(operator, Literal() as literal, Answer() as of):
                return self._has(of, _compared(MIRRORED[operator], self._kind(of), literal))
            case Comparison(operator, Answer() as of, Literal() as literal):
                return self._has(of, _compared(operator, self._kind(of), literal))
            case Call("startswith", (Answer() as of, Literal() as literal)):
                return self._has(of, _begins(_text(literal)))
            case Call("contains" | "endswith", (Answer() as of, Literal() as literal)):
                return self._has(of, _contains(_text(literal)))
        return None

    def _kind(self, of: Answer) -> str:
        return self._columns.column(of).kind

    def _has(self, of: Answer, said: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
        """Whether a submission has an answer like that, in whichever row."""
        question = self._columns.question(of)
        if said is None or question is None or question.type in LEFT_OUT:
            return None
        asking = [plan for plan in self._plans if question.path in plan.questions]
        if any(plan.privacy.get(question.path) not in CLASSES for plan in asking):
            return None
        kept = {is_number(plan.questions[question.path]) for plan in asking}
        if kept != {self._kind(of) == "number"}:
            return None  # versions do not agree on what it is
        if (number := self._numbers.get(question.path)) is None:
            return false()  # nobody answered it yet
        there = select(Indexed.submission).where(
            Indexed.submission == Submission.number, Indexed.question_id == number, said
        )
        return there.correlate(Submission).exists()


def _compared(operator: str, kind: str, literal: Literal) -> ColumnElement[bool] | None:
    """What stands in the index of an answer of which the comparison may be true."""
    value = literal.value
    if value is None:
        return Indexed.text >= "" if operator == "ne" else None
    if operator == "ne":
        return None
    if kind == "number" and isinstance(value, int | Decimal):
        exact = float(value)
        return {
            "eq": Indexed.value == exact,
            "lt": Indexed.value <= exact, "le": Indexed.value <= exact,
            "gt": Indexed.value >= exact, "ge": Indexed.value >= exact,
        }[operator]  # fmt: skip
    if kind == "text" and operator == "eq":
        text = _text(literal).strip()[:LONGEST]
        return and_(Indexed.value == 0, Indexed.text == text) if text else None
    if kind in ("date", "instant") and isinstance(value, datetime):
        around = _ZONES if kind == "instant" else timedelta()
        first, last = ((value + step).date().isoformat() for step in (-around, around))
        from_there, until_there = Indexed.text >= first, Indexed.text <= last + _LAST
        within = {"eq": and_(from_there, until_there), "lt": until_there, "le": until_there}.get(
            operator, from_there
        )
        return or_(within, not_(Indexed.text.like("____-__-__%")))
    return None


def _begins(text: str) -> ColumnElement[bool] | None:
    begin = text.strip()[:LONGEST]
    return and_(Indexed.value == 0, Indexed.text >= begin, Indexed.text <= begin + _LAST) if begin else None


def _contains(text: str) -> ColumnElement[bool] | None:
    part = text.strip()
    cut = func.length(Indexed.text) >= LONGEST
    return or_(Indexed.text.contains(part, autoescape=True), cut) if part else None


def _text(literal: Literal) -> str:
    return literal.said if isinstance(literal.value, datetime) else str(literal.value or "")
