"""Many interviews of many people, for measuring: the demo's sixty, again and again, each round about new people."""

import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, insert
from sqlalchemy.orm import Session

import app
import xlsforms
from app import policy
from app.db import writing
from app.keys import Keyring
from app.models import Device, Form, Model, Submission, new_id, now
from app.services import missions, publish
from submissions import envelope
from tests.postgresql import PostgreSQL

FORMS = Path(xlsforms.__file__).parent / "forms"
INSTANCES = Path(app.__file__).parent / "demo" / "instances"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REFERENCE = re.compile(r"-([0-9a-f]{8})\b")


def interviews(seed: int = 1) -> Iterator[bytes]:
    """Without end. Every identifier of a round is new, and the same wherever it stood in the round."""
    templates = [path.read_text(encoding="utf-8") for path in sorted(INSTANCES.glob("*.xml"))]
    choose = random.Random(seed)
    while True:
        new: dict[str, str] = {}

        def fresh(match: re.Match[str], new: dict[str, str] = new) -> str:
            made = new.setdefault(match[0], str(uuid.UUID(int=choose.getrandbits(128), version=4)))
            new.setdefault(match[0][:8], made[:8])
            return made

        for template in templates:
            text = _UUID.sub(fresh, template)
            yield _REFERENCE.sub(lambda match, new=new: f"-{new.get(match[1], match[1])}", text).encode()


@contextmanager
def database(kind: str, home: Path) -> Iterator[URL]:
    """A new database, durable."""
    if kind == "sqlite":
        yield URL.create("sqlite", database=str(home / "saif.db"))
        return
    server = PostgreSQL(fsync="on")
    try:
        server.execute("CREATE DATABASE saif")
        yield server.url("saif")
    finally:
        server.stop()


def furnish(engine: Engine) -> int:
    """The tables, a mission, both forms published, a phone. Returns the mission's id."""
    Model.metadata.create_all(engine)
    with Session(engine) as session, writing(session):
        mission = missions.create(session, actor=policy.COMMAND, code="MDCHI", name="Chisinau", country="MD")
        session.add(Device(mission_id=mission.id, display_name="Phone", token_digest=b"1", token_sealed=b"1"))
        for name in ("screening", "assistance"):
            checked = publish.check((FORMS / f"{name}.xlsx").read_bytes(), f"{name}.xlsx")
            version = publish.save_draft(session, checked, actor=policy.COMMAND, mission_id=None)
            publish.publish(session, actor=policy.COMMAND, version=version)
            form = session.get_one(Form, version.form_id)
            publish.assign(session, actor=policy.COMMAND, form=form, mission_id=mission.id)
        return mission.id


def receive(engine: Engine, keyring: Keyring, mission_id: int, source: Iterator[bytes], count: int) -> None:
    """Put submissions into the queue as the receiver leaves them, a thousand in a transaction."""
    while count > 0:
        rows = []
        for _ in range(min(count, 1000)):
            xml, key = next(source), new_id()
            said = envelope.read(xml, max_bytes=5_000_000)
            rows.append(
                {
                    "id": key,
                    "mission_id": mission_id,
                    "device_id": 1,
                    "xml_form_id": said.form_id,
                    "form_version": said.version,
                    "instance_id": said.instance_id,
                    "deprecated_id": said.deprecated_id,
                    "received_at": now(),
                    "xml": keyring.seal(xml, f"submission:{key}"),
                    "xml_digest": keyring.digest(xml),
                }
            )
        with Session(engine) as session, writing(session):
            session.execute(insert(Submission.__table__), rows)
        count -= len(rows)
