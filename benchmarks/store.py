"""A large store, quickly: interviews of a form of so many questions, stored as the worker leaves them."""

import random
import uuid
from collections.abc import Iterator

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from app import policy
from app.db import writing
from app.keys import Keyring
from app.models import Device, Form, FormVersion, Model, Packed, Submission, new_id, now
from app.services import missions, packing, publish

FORM = "large"
_KINDS = (
    "select_one code",
    "integer",
    "text",
    "date",
    "select_multiple code",
    "decimal",
    "select_one code",
    "text",
)
_CODES = [f"code_{number}" for number in range(12)]
_WORDS = ["a word", "some longer answer", "Chisinau", "no", "somebody & others", "0612345"]


def form(questions: int) -> str:
    """A form in Markdown: groups of ten questions of all kinds, in two languages."""
    lines = ["| survey | | | | |", "| | type | name | label::English (en) | label::Français (fr) |"]
    for number in range(questions):
        if number % 10 == 0:
            lines += ["| | end_group | | | |"] if number else []
            lines.append(
                f"| | begin_group | part{number // 10} | Part {number // 10} | Partie {number // 10} |"
            )
        lines.append(f"| | {_KINDS[number % 8]} | q{number} | Question {number} | Question {number} (fr) |")
    lines += [
        "| | end_group | | | |",
        "| choices | | | | |",
        "| | list_name | name | label::English (en) | label::Français (fr) |",
    ]
    lines += [f"| | code | {code} | {code} in English | {code} en français |" for code in _CODES]
    lines += [
        "| settings | | | |",
        "| | form_id | version | default_language |",
        f"| | {FORM} | 1 | English (en) |",
    ]
    return "\n".join(lines)


def interviews(questions: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """instanceID and XML, without end; nine of ten questions are answered."""
    choose = random.Random(seed)
    given = {
        "integer": lambda: str(choose.randrange(100)),
        "text": lambda: choose.choice(_WORDS).replace("&", "&amp;"),
        "date": lambda: f"2026-{choose.randrange(1, 13):02}-{choose.randrange(1, 29):02}",
        "decimal": lambda: f"{choose.randrange(1000) / 10}",
        "select_one code": lambda: choose.choice(_CODES),
        "select_multiple code": lambda: " ".join(choose.sample(_CODES, 3)),
    }
    while True:
        instance_id = f"uuid:{uuid.UUID(int=choose.getrandbits(128), version=4)}"
        parts = []
        for number in range(questions):
            if number % 10 == 0:
                parts.append(f"</part{number // 10 - 1}><part{number // 10}>" if number else "<part0>")
            if choose.random() < 0.9:
                parts.append(f"<q{number}>{given[_KINDS[number % 8]]()}</q{number}>")
        body = f"{''.join(parts)}</part{(questions - 1) // 10}>"
        meta = f"<meta><instanceID>{instance_id}</instanceID></meta>"
        yield instance_id, f'<data id="{FORM}" version="1">{body}{meta}</data>'.encode()


def furnish(engine: Engine, questions: int) -> int:
    """The tables, a mission, the form published, a phone. Returns the mission's id."""
    Model.metadata.create_all(engine)
    with Session(engine) as session, writing(session):
        mission = missions.create(session, actor=policy.COMMAND, code="MDCHI", name="Chisinau", country="MD")
        session.add(Device(mission_id=mission.id, display_name="Phone", token_digest=b"1", token_sealed=b"1"))
        checked = publish.check(form(questions).encode(), "large.md")
        version = publish.save_draft(session, checked, actor=policy.COMMAND, mission_id=None)
        publish.publish(session, actor=policy.COMMAND, version=version)
        publish.assign(
            session, actor=policy.COMMAND, form=session.get_one(Form, version.form_id), mission_id=mission.id
        )
        return mission.id


def fill(
    engine: Engine, keyring: Keyring, mission_id: int, count: int, questions: int, *, seed: int = 1
) -> None:
    """Put interviews in, a thousand in a transaction, and pack their answers."""
    source = interviews(questions, seed)
    with Session(engine) as session:
        version = session.scalars(select(FormVersion.id).where(FormVersion.title.is_not(None))).first()
    for start in range(0, count, 1000):
        rows = []
        for _ in range(min(1000, count - start)):
            (instance_id, xml), key = next(source), new_id()
            rows.append(
                {
                    "id": key, "mission_id": mission_id, "device_id": 1, "xml_form_id": FORM, "form_version": "1",
                    "instance_id": instance_id, "root_instance_id": instance_id, "received_at": now(),
                    "version_id": version, "state": "normalised", "findings": [], "normalised_at": now(),
                    "xml": keyring.seal(xml, f"submission:{key}"), "xml_digest": keyring.digest(xml),
                }
            )  # fmt: skip
        waiting = [
            {"submission_id": row["id"], "mission_id": mission_id, "xml_form_id": FORM} for row in rows
        ]
        with Session(engine) as session, writing(session):
            session.execute(insert(Submission.__table__), rows)
            session.execute(insert(Packed.__table__), waiting)
    while packing.pack_next(engine, keyring=keyring):
        pass
