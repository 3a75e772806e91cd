"""A table of the submissions to one form: its own columns beside what is known of each, filtered, sorted, page by page.

It is read from the index of answers, so it holds what the worker has read, and nothing of class P3. Sorted by an
answer, those without one come last. A page is a walk from a row on, in either direction; where a row stands is looked
up, so that no answer is in the address of a page.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from app import policy, problems
from app.language import _
from app.models import Answer, Conflict, Device, Interviewer, Submission
from app.services import condition_sql, indexing, paging, submission_list, table_filter
from app.services.form_columns import Column, Columns, columns
from app.services.indexing import GONE
from app.services.submission_list import SubmissionLine
from app.services.table_filter import AnswerFilter, Meant, among

SHOWN: Final = 20
"""Columns of questions a table has at most."""
_MANY: Final = 1000
_CELL: Final = 12
"""Rows of a repeat that a cell tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a table is to show. `columns` are keys, none: the default. `sort` is a key of METADATA or of a column, with
    `-` before it the other way round. `review`: received, edited, hasIssues, approved or rejected."""

    columns: tuple[str, ...] = ()
    sort: str = "-received"
    answers: tuple[AnswerFilter, ...] = ()
    search: str = ""
    state: str | None = None
    attention: str | None = None
    review: str | None = None
    version_id: uuid.UUID | None = None
    device_id: int | None = None
    interviewer_id: int | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    case_ref: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A submission in a table: its line, and the shown answer to each column's question."""

    line: SubmissionLine
    interviewer: str | None
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page. `before` and `after` are the rows at which the neighbouring pages begin, None where there is none.
    `unread`: submissions the worker has still to read."""

    of: Columns
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    before: uuid.UUID | None
    after: uuid.UUID | None
    unread: int


@dataclass(frozen=True, slots=True)
class _Leg:
    """A stretch of a table's rows, as the numbers of submissions: which, and by which columns they are sorted, all in
    one direction. `number` is the column that conditions on answers look at."""

    rows: Select[Any]
    keys: tuple[Any, ...]
    descending: bool
    number: Any
    without: Select[int] | None = None
    """Submissions that are not in it."""


_RECEIVED: Final = "received"
METADATA: Final[Mapping[str, tuple[Any, ...]]] = {
    _RECEIVED: (),
    "held": (func.coalesce(Submission.held_on, ""),),
    "state": (Submission.state,),
    "review": (func.coalesce(condition_sql.review_state(), ""),),
    "device": (func.coalesce(Device.display_name, ""),),
    "interviewer": (func.coalesce(Interviewer.code, ""),),
    "findings": (Submission.flagged,),
}
"""What a table can be sorted by beside answers; the order of arrival decides between equals."""


def read_page(
    session: Session,
    *,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    asked: Asked,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    limit: int = 50,
) -> TablePage:
    """The rows after a row, or before one; without either the first. Raises Problem: not_found, invalid."""
    of = columns(
        session, actor=actor, mission_id=mission_id, xml_form_id=xml_form_id, language=asked.language
    )
    shown = tuple(of.by_key[key] for key in asked.columns or of.default if key in of.by_key)[:SHOWN]
    here = [
        Submission.mission_id == mission_id,
        Submission.xml_form_id == xml_form_id,
        Submission.number.is_not(None),
        Submission.state.not_in(GONE),
    ]
    legs = _legs(asked.sort, of, here)
    at, position = _position(session, legs, after or before)
    if session.get_bind().dialect.name == "postgresql":
        # What is looked up in memory stays there: some hundred thousand numbers.
        session.execute(text("SET LOCAL work_mem = '64MB'"))
    limit, back = paging.size(limit), before is not None
    answers = table_filter.meant(session, asked.answers, of.by_key)
    found: list[int] = []
    if all(one.many or one.negated for one in answers):
        said = _metadata(asked)
        if asked.case_ref:
            said.append(submission_list.of_case(actor, asked.case_ref, mission_id))
        if asked.search:
            said.append(_searched(session, actor, mission_id, asked.search, shown))
        narrowed = [_narrowed(one, here, answers, said) for one in legs]
        found = _walk(session, narrowed, at, position, back=back, count=limit + 1)
    more, numbers = len(found) > limit, found[:limit]
    rows = _rows(session, numbers[::-1] if back else numbers, shown)
    first, last = (rows[0].line.id, rows[-1].line.id) if rows else (None, None)
    return TablePage(
        of=of,
        columns=shown,
        rows=rows,
        before=first if (more if before is not None else after is not None) else None,
        after=last if (before is not None or more) else None,
        unread=_unread(session, mission_id, xml_form_id),
    )


# --- which rows, in which order ----------------------------------------------------------------------------------


def _legs(sort: str, of: Columns, here: Sequence[ColumnElement[bool]]) -> list[_Leg]:
    descending, key = sort.startswith("-"), sort.removeprefix("-")
    plain = select(Submission.number).where(*here)
    if key in METADATA:
        if key == "device":
            plain = plain.outerjoin(Device, Device.id == Submission.device_id)
        if key == "interviewer":
            plain = plain.outerjoin(Interviewer, Interviewer.id == Submission.interviewer_id)
        return [_Leg(plain, (*METADATA[key], Submission.id), descending, Submission.number)]
    column = of.by_key.get(key)
    if column is None or column.repeated:
        raise problems.invalid(_("The table cannot be sorted by that."), _("Choose a column to sort by."))
    answered = select(Answer.submission).where(
        Answer.question_id == (column.number or 0), Answer.position == ""
    )
    return [
        # A walk along the key of the answers.
        _Leg(answered, (Answer.value, Answer.text, Answer.submission), descending, Answer.submission),
        _Leg(plain, (Submission.id,), descending, Submission.number, without=answered),
    ]


def _narrowed(
    leg: _Leg,
    here: Sequence[ColumnElement[bool]],
    answers: Sequence[Meant],
    said: Sequence[ColumnElement[bool]],
) -> _Leg:
    """The leg with the conditions of the table. A walk along answers asks those on submissions of all at once, of an
    index of their own: to look at each submission it comes by would be slow where few fit."""
    if leg.number is Submission.number:
        conditions = list(said)
    else:
        conditions = [among(leg.number, select(Submission.number).where(*here, *said))] if said else []
    conditions += [one.holds(leg.number) for one in answers]
    # The largest set last: where the others leave nothing, it is not made.
    if leg.without is not None:
        conditions.append(leg.number.not_in(leg.without))
    return replace(leg, rows=leg.rows.where(*conditions))


def _metadata(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    state = asked.attention if asked.attention in ("failed", "waiting") else asked.state
    for column, wanted in (
        (Submission.state, state),
        (Submission.version_id, asked.version_id),
        (Submission.device_id, asked.device_id),
        (Submission.interviewer_id, asked.interviewer_id),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if asked.attention is not None:
        found.append(or_(Submission.review_state.is_(None), Submission.review_state != "approved"))
    if asked.attention == "conflict":
        found.append(Submission.id.in_(select(Conflict.submission_id)))
    if asked.attention == "finding":
        found.append(Submission.flagged.is_(True))
    if asked.review is not None:
        found.append(func.coalesce(condition_sql.review_state(), "received") == asked.review)
    if asked.received_from is not None:
        found.append(Submission.received_at >= asked.received_from)
    if asked.received_to is not None:
        found.append(Submission.received_at < asked.received_to)
    return found


def _searched(
    session: Session, actor: policy.Actor, mission_id: int, typed: str, shown: Sequence[Column]
) -> ColumnElement[bool]:
    """What was typed: an answer in a column that is shown, a case reference, a device, an interviewer."""
    words = typed.strip()[: table_filter.LONGEST].replace("\0", "")
    named = func.lower(Device.display_name).contains(words.lower(), autoescape=True)
    devices = session.scalars(select(Device.id).where(named)).all()
    coded = func.lower(Interviewer.code) == words.lower()
    interviewers = session.scalars(select(Interviewer.id).where(coded)).all()
    either = [
        submission_list.of_case(actor, words, mission_id),
        Submission.device_id.in_(devices),
        Submission.interviewer_id.in_(interviewers),
    ]
    answers = table_filter.searched(words, shown)
    if answers is not None:
        either.append(Submission.number.in_(answers))
    return or_(*either)


def _position(session: Session, legs: Sequence[_Leg], start: uuid.UUID | None) -> tuple[int, Any]:
    """In which leg a row stands and with which keys, whether it fits by now or not."""
    if start is None:
        return 0, None
    number = session.scalar(select(Submission.number).where(Submission.id == start))
    for at, leg in enumerate(legs):
        place = leg.rows.with_only_columns(*leg.keys).where(
            leg.keys[-1] == (start if at or len(legs) == 1 else number)
        )
        if number is not None and (found := session.execute(place.limit(1)).first()) is not None:
            return at, tuple(found)
    raise problems.invalid(
        _("The row this page begins at is not in the table any more."), _("Begin again at the first page.")
    )


def _walk(
    session: Session, legs: Sequence[_Leg], at: int, position: Any, *, back: bool, count: int
) -> list[int]:
    """Up to so many rows from a position on, or from the first leg's beginning."""
    found: list[int] = []
    for leg in reversed(legs[: at + 1]) if back else legs[at:]:
        descending, rows = leg.descending != back, leg.rows
        if position is not None:
            keys = tuple_(*leg.keys)
            rows = rows.where(keys < position if descending else keys > position)
            position = None
        order = [key.desc() if descending else key.asc() for key in leg.keys]
        found += session.scalars(rows.order_by(*order).limit(count - len(found)))
        if len(found) == count:
            break
    return found


# --- what they say -----------------------------------------------------------------------------------------------


def _rows(session: Session, numbers: Sequence[int], shown: Sequence[Column]) -> tuple[TableRow, ...]:
    wanted = select(Submission.id, Submission.number, Interviewer.code).outerjoin(
        Interviewer, Interviewer.id == Submission.interviewer_id
    )
    also = {row.number: row for row in session.execute(wanted.where(Submission.number.in_(numbers)))}
    ids = [row.id for row in also.values()]
    found = session.execute(submission_list.select_lines([Submission.id.in_(ids)])).all()
    by_id = {line.id: line for line in submission_list.lines(session, found)}
    questions = [one.number for one in shown if one.number is not None]
    said: dict[tuple[int, int], list[tuple[list[int], str]]] = {}
    if questions:
        answers = select(Answer.submission, Answer.question_id, Answer.position, Answer.text).where(
            Answer.submission.in_(numbers), Answer.question_id.in_(questions)
        )
        for row in session.execute(answers):
            place = [int(step) for step in row.position.split(".") if step.isdigit()]
            said.setdefault((row.submission, row.question_id), []).append((place, row.text))
    return tuple(
        TableRow(
            by_id[also[number].id],
            also[number].code,
            tuple(_cell(one, said.get((number, one.number or 0), [])) for one in shown),
        )
        for number in numbers
        if number in also
    )


def _cell(column: Column, answers: list[tuple[list[int], str]]) -> str:
    told = [column.shown(text) for _, text in sorted(answers)]
    return "; ".join(told[:_CELL]) + (" …" if len(told) > _CELL else "")


def _unread(session: Session, mission_id: int, xml_form_id: str) -> int:
    """Submissions in the worker's queue, and those it has not brought into the index: among the first thousand of
    each, of whatever form, because that is what their indexes find at once."""
    count = 0
    for waits in ((Submission.state == "received",), (indexing.due(session), Submission.state.not_in(GONE))):
        first = select(Submission.mission_id, Submission.xml_form_id).where(*waits).order_by(Submission.id)
        some = first.limit(_MANY).subquery()
        mine = select(func.count()).where(some.c.mission_id == mission_id, some.c.xml_form_id == xml_form_id)
        count += session.scalar(mine) or 0
    return count
