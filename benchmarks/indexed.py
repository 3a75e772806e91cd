"""A store of very many interviews, written straight into the tables: for measuring what reads them.

    with crowd.database(kind, home) as url: ...
        made = indexed.fill(engine, keyring, count=100_000)

One mission, one form of 150 questions of all types and a short repeat, every interview its own answers, sealed as the
receiver seals it and indexed as the worker indexes it. It is in no case: what reads cases is measured with `crowd`.
100,000 take about three minutes.
"""

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import openpyxl
from sqlalchemy import Connection, Engine, Table, insert
from sqlalchemy.orm import Session

from app import policy
from app.db import connect_to_write, writing
from app.keys import Keyring
from app.models import Answer, Device, Form, IndexedQuestion, Interviewer, Model, Submission, now
from app.services import missions, plans, publish
from app.services.indexing import CLASSES, NUMBERS, numbers_of

FORM_ID: Final = "many_questions"
_KINDS: Final = (
    ("select_one five", 50), ("select_one thirty", 20), ("select_multiple five", 10), ("integer", 20),
    ("decimal", 10), ("date", 20), ("text", 20),
)  # fmt: skip
_WORDS: Final = ("the", "road", "was", "long", "and", "they", "took", "a", "bus", "at", "night", "to", "town")
_BY_SUBMISSION: Final = "ix_answer_submission_question_id"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was made: where, and the path of each question by its name."""

    mission_id: int
    paths: dict[str, str]


def workbook() -> bytes:
    """The form: 150 questions outside of a repeat, three within."""
    book = openpyxl.Workbook()
    survey = book.active
    assert survey is not None
    survey.title = "survey"
    survey.append(["type", "name", "label::English (en)", "label::Français (fr)"])
    for kind in ("start", "end"):
        survey.append([kind, kind])
    for name, kind in _questions():
        survey.append([kind, name, f"Question {name}", f"La question {name}"])
    survey.append(["begin_repeat", "journey", "Journey", "Trajet"])
    for kind, name in (("select_one thirty", "country"), ("date", "left_on"), ("integer", "days")):
        survey.append([kind, name, f"Of a journey: {name}", f"D'un trajet : {name}"])
    survey.append(["end_repeat"])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", "label::English (en)", "label::Français (fr)"])
    for listed, many in (("five", 5), ("thirty", 30)):
        for number in range(1, many + 1):
            choices.append([listed, f"c{number}", f"Choice {number} of {listed}", f"Choix {number}"])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version", "default_language"])
    settings.append(["Many questions", FORM_ID, "1", "English (en)"])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def fill(engine: Engine, keyring: Keyring, *, count: int, seed: int = 1) -> Stored:
    """The tables, and so many interviews in them."""
    Model.metadata.create_all(engine)
    with Session(engine) as session, writing(session):
        mission = missions.create(session, actor=policy.COMMAND, code="STORE", name="Store", country="MD")
        interviewers = [
            Interviewer(mission_id=mission.id, code=f"I{number}", display_name=f"I {number}")
            for number in range(1, 20)
        ]
        devices = [
            Device(
                mission_id=mission.id,
                display_name=f"Phone {number}",
                token_digest=f"store {number}".encode(),
                token_sealed=b"1",
            )
            for number in range(1, 21)
        ]
        session.add_all([*interviewers, *devices])
        session.flush()
        carriers = [(one.id, interviewers[number % 19].id) for number, one in enumerate(devices)]
        checked = publish.check(workbook(), "many_questions.xlsx")
        version = publish.save_draft(session, checked, actor=policy.COMMAND, mission_id=None)
        publish.publish(session, actor=policy.COMMAND, version=version)
        form = session.get_one(Form, version.form_id)
        publish.assign(session, actor=policy.COMMAND, form=form, mission_id=mission.id)
        mission_id, version_id = mission.id, version.id
    with engine.connect() as connection:
        plan = plans.get(connection, version_id)
    choose = random.Random(seed)
    paths = {question.name: question.path for question in plan.form.questions()}
    columns = {paths[name]: _column(choose, kind, count) for name, kind in _questions()}
    repeated = {
        paths[name]: [_column(choose, kind, count) for _ in range(2)]
        for name, kind in (("country", "select_one thirty"), ("left_on", "date"), ("days", "integer"))
    }
    _submissions(engine, keyring, mission_id, version_id, carriers, columns, repeated, choose)
    _index(engine, mission_id, plan, columns, repeated)
    return Stored(mission_id, paths)


def _questions() -> Iterator[tuple[str, str]]:
    number = 0
    for kind, many in _KINDS:
        for _ in range(many):
            number += 1
            yield f"q{number:03}", kind


def _column(choose: random.Random, kind: str, count: int) -> list[str]:
    """The answers to one question, one in ten missing."""
    if kind.startswith("select_one"):
        codes = [f"c{number}" for number in range(1, (30 if kind.endswith("thirty") else 5) + 1)]
        weights = [1 / number for number in range(1, len(codes) + 1)]
        return choose.choices([*codes, ""], [*weights, sum(weights) / 9], k=count)
    if kind.startswith("select_multiple"):
        some = [" ".join(f"c{bit + 1}" for bit in range(5) if number >> bit & 1) for number in range(1, 32)]
        return choose.choices([*some, ""], [1] * 31 + [3], k=count)
    if kind == "integer":
        return choose.choices([*map(str, range(100)), ""], [1] * 100 + [11], k=count)
    if kind == "decimal":
        return [f"{choose.random() * 1000:.2f}" if choose.random() < 0.9 else "" for _ in range(count)]
    if kind == "date":
        days = [(date(2024, 1, 1) + timedelta(number)).isoformat() for number in range(1000)]
        return choose.choices([*days, ""], [1] * 1000 + [111], k=count)
    return [" ".join(choose.choices(_WORDS, k=12)) for _ in range(count)]


def _submissions(
    engine: Engine,
    keyring: Keyring,
    mission_id: int,
    version_id: UUID,
    carriers: Sequence[tuple[int, int]],
    columns: dict[str, list[str]],
    repeated: dict[str, list[list[str]]],
    choose: random.Random,
) -> None:
    names = [path.rpartition("/")[2] for path in columns]
    inner = [path.rpartition("/")[2] for path in repeated]
    count = len(next(iter(columns.values())))
    table: Any = Submission.__table__
    begin = now() - timedelta(days=365)
    reviews = (None, None, None, None, "approved", "approved", "hasIssues", "rejected")
    rows: list[dict[str, Any]] = []
    for number, answers in enumerate(zip(*columns.values(), strict=True), 1):
        at = begin + timedelta(seconds=300) * number
        key = UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | choose.getrandbits(60))
        body = _elements(names, answers)
        for row in range(2):
            said = [repeated[path][row][number - 1] for path in repeated]
            body += f"<journey>{_elements(inner, said)}</journey>"
        instance_id = f"uuid:{UUID(int=choose.getrandbits(128), version=4)}"
        xml = (
            f'<data id="{FORM_ID}" version="1"><start>{at.isoformat()}</start>{body}'
            f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
        ).encode()
        rows.append(
            {
                "id": key,
                "mission_id": mission_id,
                "device_id": carriers[number % 20][0],
                "interviewer_id": carriers[number % 20][1],
                "xml_form_id": FORM_ID,
                "form_version": "1",
                "instance_id": instance_id,
                "root_instance_id": instance_id,
                "received_at": at,
                "xml_digest": keyring.digest(xml),
                "state": "normalised",
                "version_id": version_id,
                "held_on": at.date().isoformat(),
                "findings": [],
                "flagged": number % 50 == 0,
                "review_state": choose.choice(reviews),
                "normalised_at": at,
                "number": number,
                "indexed": True,
                "xml": keyring.seal(xml, f"submission:{key}"),
            }
        )
        if len(rows) == 2000 or number == count:
            with connect_to_write(engine) as connection:
                connection.execute(insert(table), rows)
            rows = []


def _elements(names: Sequence[str], texts: Sequence[str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in zip(names, texts, strict=True) if text)


def _index(
    engine: Engine,
    mission_id: int,
    plan: plans.Plan,
    columns: dict[str, list[str]],
    repeated: dict[str, list[list[str]]],
) -> None:
    """As the worker would, question by question in the order of the key, which is much faster."""
    index = next(one for one in Answer.__table__.indexes if one.name == _BY_SUBMISSION)  # type: ignore[attr-defined]  # a Table
    indexed = [path for path in (*columns, *repeated) if plan.privacy[path] in CLASSES]
    with connect_to_write(engine) as connection:
        questions: Any = IndexedQuestion.__table__
        connection.execute(
            insert(questions),
            [{"mission_id": mission_id, "xml_form_id": FORM_ID, "path": path} for path in indexed],
        )
        index.drop(connection)
    with Session(engine) as session:
        numbers = numbers_of(session, mission_id, FORM_ID)
    for path in indexed:
        question, numeric = numbers[path], plan.questions[path].type in NUMBERS
        several = [("", columns[path])] if path in columns else list(zip("12", repeated[path], strict=True))
        rows = sorted(
            (question, float(text) if numeric else 0.0, text, number, position)
            for position, texts in several
            for number, text in enumerate(texts, 1)
            if text
        )
        with connect_to_write(engine) as connection:
            _copy(connection, Answer.__table__, rows)  # type: ignore[arg-type]
    with connect_to_write(engine) as connection:
        index.create(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA optimize = 0x10002"
        )


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", list(rows))
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as into:
        for row in rows:
            into.write_row(row)
