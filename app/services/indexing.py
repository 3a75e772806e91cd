"""The index of answers: kept by the worker, some time after a submission was read into its case.

What is in it: the present version of each submission, with its answers of the classes P0 to P2. What was replaced,
deleted or refused is taken out. `submission.indexed` says of which the index is not up to date; the index itself can
be made again from nothing.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, cast

import structlog
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Table,
    TextClause,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from app.db import connect_to_write
from app.keys import Keyring
from app.log import describe
from app.models import Answer, IndexedQuestion, Submission
from app.models.answer import LONGEST
from app.services import plans, stored
from submissions import record
from submissions.record import Record
from xlsforms.schema import Question

_TABLE: Final = cast("Table", Submission.__table__)
_ANSWER: Final = cast("Table", Answer.__table__)
_QUESTION: Final = cast("Table", IndexedQuestion.__table__)
_COLUMNS: Final = tuple(
    _TABLE.c[name]
    for name in (
        "id", "mission_id", "xml_form_id", "form_version", "state", "version_id", "number", "xml", "plain",
    )
)  # fmt: skip
DUE: Final = {
    "sqlite": text("submission.indexed = 0 AND submission.state <> 'received'"),
    "postgresql": text("NOT submission.indexed AND submission.state <> 'received'"),
}
"""What the index has to look at, in each dialect: word for word the condition of the index that finds it."""
CLASSES: Final = frozenset({"P0", "P1", "P2"})
"""What may stand here in clear."""
NUMBERS: Final = frozenset({"integer", "decimal", "range"})
"""Types, of a question or of its bind, whose answers are sorted as numbers."""
LEFT_OUT: Final = frozenset({"instanceID", "deprecatedID"})
"""Types that are not in it."""
GONE: Final = ("superseded", "deleted")
"""States of versions that are in no table."""
PIECE: Final = 25
"""Submissions indexed in one transaction on SQLite: so long a phone may have to wait."""
# Any number that nothing else locks.
_LOCK: Final = 0x5A1E

_log = structlog.get_logger()
_Answers = dict[tuple[str, str], tuple[float, str]]
"""(path, position) → value and text."""


def take_up(engine: Engine, *, keyring: Keyring, limit: int = 100) -> int:
    """Bring up to `limit` submissions into the index, the oldest first. Returns how many. Looks before it writes."""
    done = 0
    while done < limit:
        piece = min(PIECE, limit - done)
        with engine.connect() as connection:
            claimed = _claim(connection, piece)
            if not claimed:
                break
            said = {row.id: _read(connection, row, keyring) for row in claimed}
        with connect_to_write(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            # What somebody changed since it was read is left to the next look.
            same = [row for row in _claim(connection, piece, [row.id for row in claimed]) if row in claimed]
            _write(connection, same, said)
        done += len(claimed)
    return done


def run_until_empty(engine: Engine, *, keyring: Keyring) -> int:
    """All there is to index."""
    total = 0
    while done := take_up(engine, keyring=keyring):
        total += done
    return total


def remove(session: Session | Connection, ids: Collection[uuid.UUID]) -> None:
    """Take submissions out, at once: what was deleted must not wait for the worker."""
    numbers = session.scalars(
        select(_TABLE.c.number).where(_TABLE.c.id.in_(ids), _TABLE.c.number.is_not(None))
    ).all()
    session.execute(delete(_ANSWER).where(_ANSWER.c.submission.in_(numbers)))
    session.execute(update(_TABLE).where(_TABLE.c.id.in_(ids)).values(number=None, indexed=True))


def renew(session: Session | Connection, ids: Collection[uuid.UUID]) -> None:
    """Have the worker read these submissions again."""
    session.execute(update(_TABLE).where(_TABLE.c.id.in_(ids), _TABLE.c.indexed).values(indexed=False))


def due(session: Session | Connection) -> TextClause:
    """For `.where(...)`: what the index has to look at."""
    bind = session.get_bind() if isinstance(session, Session) else session
    return DUE[bind.dialect.name]


def numbers_of(session: Session, mission_id: int, xml_form_id: str) -> dict[str, int]:
    """The questions of a form that the index knows: path → number."""
    statement = select(_QUESTION.c.path, _QUESTION.c.id).where(
        _QUESTION.c.mission_id == mission_id, _QUESTION.c.xml_form_id == xml_form_id
    )
    return {row.path: row.id for row in session.execute(statement)}


def is_number(question: Question) -> bool:
    """Whether the answers of a question are kept as numbers."""
    return question.type in NUMBERS or question.data_type in ("int", "decimal")


# --- within ------------------------------------------------------------------------------------------------------


def _claim(
    connection: Connection, limit: int, ids: Collection[uuid.UUID] | None = None
) -> Sequence[Row[Any]]:
    statement = select(*_COLUMNS).where(due(connection)).order_by(_TABLE.c.id).limit(limit)
    if ids is not None:
        # Nobody may delete or replace one of them before it is in the index.
        statement = statement.where(_TABLE.c.id.in_(ids)).with_for_update(key_share=True)
    return connection.execute(statement).all()


def _read(connection: Connection, row: Row[Any], keyring: Keyring) -> _Answers:
    """What of a submission belongs into the index; nothing of one whose answers cannot be read."""
    if row.state in GONE or row.version_id is None or row.state in ("failed", "opaque"):
        return {}
    try:
        plan = plans.get(connection, row.version_id)
        return dict(_answers(plan, record.read(stored.xml(row, keyring), plan.form)))
    except Exception as error:  # noqa: BLE001 -- one submission must not hold up the others, whatever it holds
        _log.error("a submission could not be indexed", submission_id=str(row.id), exception=describe(error))
        return {}


def _answers(plan: plans.Plan, said: Record) -> Iterator[tuple[tuple[str, str], tuple[float, str]]]:
    seen = set()
    for answer in said.answers:
        question = plan.questions.get(answer.path) if answer.known else None
        if question is None or plan.privacy.get(answer.path) not in CLASSES or question.type in LEFT_OUT:
            continue
        key = (answer.path, ".".join(map(str, answer.row))[:40])
        content = answer.text.strip()[:LONGEST].replace("\0", "")
        if content and key not in seen:
            seen.add(key)
            yield key, (_number(content) if is_number(question) else 0.0, content)


def _number(content: str) -> float:
    try:
        value = float(content)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e300 else 0.0  # neither infinite nor NaN


def _write(connection: Connection, rows: Sequence[Row[Any]], said: dict[uuid.UUID, _Answers]) -> None:
    questions = _questions(
        connection, {(row.mission_id, row.xml_form_id, path) for row in rows for path, _ in said[row.id]}
    )
    known = [row.number for row in rows if row.number is not None]
    connection.execute(delete(_ANSWER).where(_ANSWER.c.submission.in_(known)))
    last = connection.scalar(select(func.max(_TABLE.c.number)).where(_TABLE.c.number.is_not(None))) or 0
    answers, marks = [], []
    for row in rows:
        number = None
        if row.state not in GONE:
            number = row.number or (last := last + 1)
        marks.append({"key": row.id, "as_number": number})
        answers += [
            {
                "question_id": questions[row.mission_id, row.xml_form_id, path],
                "value": value,
                "text": content,
                "submission": number,
                "position": position,
            }
            for (path, position), (value, content) in said[row.id].items()
        ]
    if answers:
        connection.execute(insert(_ANSWER), answers)
    if marks:
        connection.execute(_MARK, marks)


_MARK: Final = (
    update(_TABLE).where(_TABLE.c.id == bindparam("key")).values(number=bindparam("as_number"), indexed=True)
)


def _questions(
    connection: Connection, wanted: Collection[tuple[int, str, str]]
) -> dict[tuple[int, str, str], int]:
    """Numbers of questions, new ones included."""
    key = (_QUESTION.c.mission_id, _QUESTION.c.xml_form_id, _QUESTION.c.path)
    forms = {(mission, form) for mission, form, _ in wanted}
    found: dict[tuple[int, str, str], int] = {}
    for mission, form in sorted(forms):
        here = (_QUESTION.c.mission_id == mission, _QUESTION.c.xml_form_id == form)
        new = sorted({path for one, other, path in wanted if (one, other) == (mission, form)})
        there = set(connection.scalars(select(_QUESTION.c.path).where(*here)))
        rows = [
            {"mission_id": mission, "xml_form_id": form, "path": path} for path in new if path not in there
        ]
        if rows:
            connection.execute(insert(_QUESTION), rows)
        found |= {
            tuple(row[:3]): row.id for row in connection.execute(select(*key, _QUESTION.c.id).where(*here))
        }
    return found
