"""Conditions on answers, asked of the rows of a table as they are read.

An answer is compared by its type in the newest version of the form: numbers as numbers, dates as dates, dateTimes as
moments, everything else as text. One that its type does not read is null, as it is in the feed.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from app.services.condition import (
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
from submissions import odata, values
from submissions.record import Record
from submissions.tables import Delivery
from xlsforms.schema import Form, Question


@dataclass(frozen=True, slots=True)
class Read:
    """A submission: the texts of its answers by path and positions, and what the server knows of it."""

    texts: Mapping[tuple[str, tuple[int, ...]], str]
    delivery: Delivery


Reader = Callable[[Read, odata.Row], Any]
"""From a row of a submission to a value: None, a text, a number, True or False, or a moment."""


@dataclass(frozen=True, slots=True)
class Column:
    """Something of a row that can be compared. `kind`: text, number, boolean, instant, date or place; null for what
    is always null."""

    kind: str
    read: Reader


_ORDERS: Final = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}
_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_TEXTS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "length": ("number", len),
    "tolower": ("text", str.lower),
    "toupper": ("text", str.upper),
    "trim": ("text", str.strip),
}
_KINDS: Final = {
    "int": "number", "decimal": "number", "boolean": "boolean", "date": "date", "dateTime": "instant",
    "geopoint": "place", "geotrace": "place", "geoshape": "place",
}  # fmt: skip


def read(said: Record, delivery: Delivery) -> Read:
    """A submission, made ready for its rows to be asked."""
    return Read({(one.path, one.row): one.text for one in said.answers if one.known}, delivery)


class Columns:
    """What of a table's rows can be asked: the answers that are shown in it, those of the submission around it, and
    fields of `__system`. `leaves_out` tells of a question's path whether it is not shown."""

    def __init__(self, form: Form, table: odata.Table, leaves_out: Callable[[str], bool]) -> None:
        self._leaves_out = leaves_out
        self._own = odata.named(form, table)
        self._whole = odata.named(form, odata.table(form, odata.ROOT))

    def condition(self, term: Term) -> Callable[[Read, odata.Row], bool]:
        """Whether the term is true of a row. Raises the Problem `invalid` where it asks for what is not there, or
        compares what cannot be compared."""
        match term:
            case Not():
                inner = self.condition(term.term)
                return lambda said, row: not inner(said, row)
            case Joined():
                terms = [self.condition(one) for one in term.terms]
                joined = all if term.operator == "and" else any
                return lambda said, row: joined(one(said, row) for one in terms)
            case Call():
                told = self.column(term)
                return lambda said, row: told.read(said, row) is True
            case Comparison():
                return self._compare(term)

    def column(self, operand: Operand) -> Column:
        """Something to compare, or to sort by. Raises the Problem `invalid`."""
        match operand:
            case Literal(value):
                return _literal(value)
            case Field(name):
                return _system(name)
            case Answer():
                return self._answer(operand)
            case Part(name, of):
                inner = self.column(of)
                if inner.kind not in ("instant", "date"):
                    raise refused("It asks for the year of something that is no date.")
                part = operator.attrgetter(name)
                return Column("number", _of(inner.read, part))
            case Call(name, of) if name in _TESTS:
                one, other = map(self._text, of)
                test = _TESTS[name]
                return Column(
                    "boolean", lambda said, row: _both(test, one(said, row), other(said, row)) or False
                )
            case Call(name, of):
                kind, made = _TEXTS[name]
                return Column(kind, _of(self._text(of[0]), made))

    def question(self, operand: Answer) -> Question | None:
        """The question of an answer; None where it is not shown, or there is none."""
        node = (self._whole if operand.whole else self._own).get(operand.name)
        return node if isinstance(node, Question) and not self._leaves_out(node.path) else None

    def _text(self, operand: Operand) -> Reader:
        column = self._meant("text", operand)
        if column.kind not in ("text", "null"):
            raise refused("It asks of something that is no text what only texts have.")
        return column.read

    def _meant(self, kind: str, operand: Operand) -> Column:
        """A literal as what it is compared with: `'2026-11-01'` may be a text, a day or a moment."""
        if isinstance(operand, Literal) and isinstance(operand.value, datetime) and operand.said:
            if kind == "text":
                return _literal(operand.said)
            if kind == "date":
                day = operand.value.replace(hour=0, minute=0, second=0, microsecond=0)
                return Column("date", lambda _said, _row: day)
        return self.column(operand)

    def _compare(self, term: Comparison) -> Callable[[Read, odata.Row], bool]:
        left, right = self.column(term.left), self.column(term.right)
        left, right = self._meant(right.kind, term.left), self._meant(left.kind, term.right)
        kinds = {left.kind, right.kind} - {"null"}
        if kinds == {"number", "text"} and Field("submitterId") in (term.left, term.right):
            left, right = _as_text(left), _as_text(right)  # Central writes submitterId as a text
        elif len(kinds) > 1 and kinds != {"date", "instant"}:
            raise refused("It compares things of different kinds.")
        one, other = left.read, right.read
        # OData's null is a value like another (section 5.1.1.1): null eq null, and null ne 'approved'.
        if term.operator == "eq":
            return lambda said, row: bool(one(said, row) == other(said, row))
        if term.operator == "ne":
            return lambda said, row: bool(one(said, row) != other(said, row))
        if kinds & {"place", "boolean"}:
            raise refused("Places, and what is true or false, have no order.")
        order = _ORDERS[term.operator]
        return lambda said, row: _both(order, one(said, row), other(said, row)) or False

    def _answer(self, operand: Answer) -> Column:
        if operand.name == "__id":
            depth = 0 if operand.whole else -1
            return Column("text", lambda _said, row: row.keys[depth])
        node = self.question(operand)
        if node is None:
            raise refused("It asks for a question that this table does not have.")
        path, whole = node.path, operand.whole
        made = _made(node)
        return Column(
            _KINDS.get(node.data_type, "text"),
            lambda said, row: made(said.texts.get((path, () if whole else row.positions))),
        )


def _made(question: Question) -> Callable[[str | None], Any]:
    """From the text of an answer to what is compared."""
    made: Callable[[str], Any] = {
        "int": lambda text: Decimal(values.integer(text)),
        "decimal": lambda text: Decimal(values.decimal(text)),
        "boolean": values.boolean,
        "date": lambda text: _moment(values.day(text)),
        "dateTime": _moment,
    }.get(question.data_type, str)

    def make(text: str | None) -> Any:
        try:
            return None if text is None else made(text)
        except (ValueError, OverflowError):  # the ends of time cannot be moved
            return None

    return make


def _literal(value: Any) -> Column:
    if value is None:
        return Column("null", lambda _said, _row: None)
    if isinstance(value, bool):
        return Column("boolean", lambda _said, _row: value)
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return Column("number", lambda _said, _row: number)
    if isinstance(value, datetime):
        moment = _whole_milliseconds(value)
        return Column("instant", lambda _said, _row: moment)
    return Column("text", lambda _said, _row: value)


def _system(name: str) -> Column:
    match name:
        case "submissionDate":
            return Column("instant", lambda said, _row: _moment(said.delivery.submitted_at))
        case "updatedAt":
            return Column("instant", lambda said, _row: _moment(said.delivery.updated_at))
        case "submitterId":
            return Column("number", lambda said, _row: said.delivery.submitter_id)
    return Column("text", lambda said, _row: said.delivery.review_state)


def _as_text(column: Column) -> Column:
    return Column("text", _of(column.read, str))


def _of(reader: Reader, made: Callable[[Any], Any]) -> Reader:
    """What is made of a value; of null, null."""

    def read(said: Read, row: odata.Row) -> Any:
        value = reader(said, row)
        return None if value is None else made(value)

    return read


def _both(test: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    return one is not None and other is not None and bool(test(one, other))


def _moment(text: str | None) -> datetime | None:
    """A date or dateTime as a moment in UTC; without an offset it is of UTC."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text.strip())
    return _whole_milliseconds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC))


def _whole_milliseconds(moment: datetime) -> datetime:
    """As instants are shown."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
