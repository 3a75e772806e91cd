"""A house with one mission and both forms, interviews filled by JavaRosa, and hand-made ones for the odd
cases."""

import copy
import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from lxml import etree
from sqlalchemy import JSON, Engine, Text, cast, event, select
from sqlalchemy.orm import Session

import xlsforms
from app import policy
from app.blobs import BlobStore
from app.db import writing
from app.keys import Keyring
from app.models import TABLES, CaseEntity, CaseState, Form, Mission, Model, Submission
from app.models.case_store import p3_context
from app.services import missions, normalise, plans, publish
from app.services.handout import Download
from app.services.receive import Inbox, Sender
from app.services.wanted import Wanted
from submissions import encryption
from tests import databases
from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from tests.services import interviews
from tests.services.interviews import Interview
from xlsforms import dictionary

FORMS = Path(xlsforms.__file__).parent / "forms"
MISSIONS = {"mission_id": "MDCHI", "other_mission_id": "KHPNH"}
_PAIRS = itertools.cycle(make() for make in (encryption.new_pair,) * 4)
_EVERY_ROW = {
    table.name: select(*(cast(one, Text) if isinstance(one.type, JSON) else one for one in table.c)).order_by(
        *table.primary_key
    )
    for table in Model.metadata.sorted_tables
}


@pytest.fixture(scope="session")
def checked() -> dict[str, publish.Checked]:
    """Both authored workbooks, compiled once."""
    return {
        name: publish.check((FORMS / f"{name}.xlsx").read_bytes(), f"{name}.xlsx")
        for name in ("screening", "assistance")
    }


@dataclass
class House:
    """A database with a mission, the forms published, and the services at hand."""

    engine: Engine
    keyring: Keyring
    blobs: BlobStore
    mission_id: int = 0
    other_mission_id: int = 0
    forms: dict[str, str] = field(default_factory=dict)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.engine, keyring=self.keyring, blobs=self.blobs, max_xml=5_000_000)

    def sender(self, **settings: Any) -> Sender:
        mission = settings.pop("mission_id", self.mission_id)
        return Sender(
            mission_id=mission, actor="device:1", forms=dict.fromkeys(self.known, "open"), **settings
        )

    @property
    def known(self) -> list[str]:
        return ["ct_screening", "ct_assistance", "fruit", *self.forms]

    def receive(self, xml: bytes, *, files: dict[str, bytes] | None = None, **sender: Any) -> uuid.UUID:
        inbox = self.inbox
        with ExitStack() as opened:
            incoming = []
            for name, content in (files or {}).items():
                file = inbox.file(name, "image/png")
                opened.callback(file.close)
                file.write(content)
                incoming.append(file)
            return inbox.receive(self.sender(**sender), xml=xml, files=incoming).submission_id

    def work(self, limit: int = 100) -> normalise.Batch:
        return normalise.run_until_empty(self.engine, keyring=self.keyring, blobs=self.blobs, limit=limit)

    def publish(self, checked: publish.Checked, *, mission_id: int | None = None) -> None:
        with Session(self.engine) as session, writing(session):
            version = publish.save_draft(session, checked, actor=policy.COMMAND, mission_id=mission_id)
            publish.publish(session, actor=policy.COMMAND, version=version)
            form = session.get_one(Form, version.form_id)
            for mission in (self.mission_id, self.other_mission_id) if mission_id is None else (mission_id,):
                publish.assign(session, actor=policy.COMMAND, form=form, mission_id=mission)

    def download(
        self, wanted: Wanted, *, actor: policy.Actor = policy.COMMAND, reason: str | None = None
    ) -> Download:
        with self.session() as session:
            prepared = wanted.prepare(
                session,
                keyring=self.keyring,
                blobs=self.blobs,
                actor=actor,
                mission_id=self.mission_id,
                reason=reason,
            )
            return prepared.begin()

    def session(self) -> Session:
        return Session(self.engine)

    def submission(self, instance_id: str) -> Submission:
        with self.session() as session:
            return session.scalars(select(Submission).where(Submission.instance_id == instance_id)).one()

    def states(self) -> dict[str, str]:
        with self.session() as session:
            return {
                row[0]: row[1] for row in session.execute(select(Submission.instance_id, Submission.state))
            }

    def codes(self, instance_id: str) -> set[str]:
        return {finding["code"] for finding in self.submission(instance_id).findings}

    def cases(self) -> set[uuid.UUID]:
        with self.session() as session:
            return set(session.scalars(select(CaseState.case_id)))

    def dump(self, *, without: tuple[str, ...] = ("ledger",)) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, sealed values as they are: equal dumps mean that nothing was touched."""
        with self.engine.connect() as connection:
            return {
                name: [tuple(row) for row in connection.execute(statement)]
                for name, statement in _EVERY_ROW.items()
                if name not in without
            }

    def rows(self, case_id: uuid.UUID) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows of a case in its tables, by table and id, opened; dates and ids as text."""
        tables = dictionary.load().tables
        found = {}
        with self.engine.connect() as connection:
            for name, table in TABLES.items():
                for row in connection.execute(select(table).where(table.c.case_id == case_id)).mappings():
                    key = row[tables[name].id_column]
                    said = {column: self.opened(name, key, column, value) for column, value in row.items()}
                    found[name, str(key)] = said
        return found

    def opened(self, table: str, key: uuid.UUID, column: str, value: Any) -> Any:
        field = dictionary.load().tables[table].fields.get(column)
        if field is not None and field.privacy == "P3" and value is not None:
            return self.keyring.decrypt(value, p3_context(table, column, key)).decode()
        return value if isinstance(value, bool | int | float | None) else str(value)

    def store(self) -> dict[str, Any]:
        """What the case store says, opened, without what depends on when it was written."""
        found: dict[str, Any] = {}
        with self.engine.connect() as connection:
            for name, table in TABLES.items():
                key = dictionary.load().tables[name].id_column
                found[name] = sorted(
                    json.dumps(
                        {
                            column: self.opened(name, row[key], column, value)
                            for column, value in row.items()
                            if column != "updated_at"
                        }
                    )
                    for row in connection.execute(select(table)).mappings()
                )
            for row in connection.execute(select(CaseState.__table__)).mappings():
                found[f"case {row['case_id']}"] = (
                    row["mission_id"], row["owner_id"], row["manifest"], row["findings"], row["reference"],
                )  # fmt: skip
            entities = select(
                *(CaseEntity.__table__.c[name] for name in ("case_id", "open", "label", "sex", "status"))
            )
            found["entities"] = sorted(
                map(str, connection.execute(entities.where(CaseEntity.open.is_(True))))
            )
            placed = select(
                Submission.instance_id, Submission.state, Submission.case_id, Submission.root_instance_id,
                Submission.held_on, Submission.findings,
            )  # fmt: skip
            found["submissions"] = sorted(map(str, connection.execute(placed)))
        return found


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed within."""
    said: list[str] = []

    def note(_connection, _cursor, statement, *_):
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def make_house(
    keyring: Keyring,
    checked: dict[str, publish.Checked],
    planned: Callable[[Session], None],
    attic: Path,
) -> Callable[..., House]:
    """A house in an empty database and a directory for its blobs. `lived_in` is what happened in it, by name: it happens
    once on each kind of database, and the houses of that name begin with it."""

    def make(
        engine: Engine, blobs: Path, name: str = "house", lived_in: Callable[[House], None] | None = None
    ) -> House:
        kept = attic / f"{name} on {engine.dialect.name}"
        if not kept.exists():
            if lived_in is None:
                made = furnished(House(engine, keyring, BlobStore(blobs.as_uri())), checked)
            else:
                lived_in(made := make(engine, blobs))
            databases.take(kept, engine, blobs)
            return made
        databases.put(kept, engine, blobs)
        made = House(engine, keyring, BlobStore(blobs.as_uri()))
        with made.session() as session:
            for attribute, code in MISSIONS.items():
                setattr(
                    made, attribute, session.scalars(select(Mission.id).where(Mission.code == code)).one()
                )
            planned(session)
        return made

    return make


@pytest.fixture
def house(make_house: Callable[..., House], engine: Engine, tmp_path: Path) -> House:
    return make_house(engine, tmp_path / "blobs")


@pytest.fixture(scope="module", autouse=True)
def _few_key_pairs() -> Iterator[None]:
    """Keys as always, but four pairs in turn: to make one takes a tenth of a second."""
    with mock.patch.object(encryption, "new_pair", side_effect=_PAIRS):
        yield


def furnished(house: House, checked: dict[str, publish.Checked]) -> House:
    plans.forget()
    with house.session() as session, writing(session):
        for name, code in MISSIONS.items():
            made = missions.create(session, actor=policy.COMMAND, code=code, name=code, country="MD")
            setattr(house, name, made.id)
    for one in checked.values():
        house.publish(one)
    return house


# --- interviews ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def xforms(checked: dict[str, publish.Checked], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled forms as files, with the media that both want."""
    folder = tmp_path_factory.mktemp("xforms")
    for name, one in checked.items():
        assert one.ok, one.findings
        (folder / f"{name}.xml").write_bytes(one.compiled.xform or b"")
    interviews.write_media(folder)
    return folder


@pytest.fixture(scope="session")
def filled(phone: Any, xforms: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Interview]]:  # noqa: F811 -- the fixture
    """Random interviews in several scripts: screenings, and assistance interviews about the cases they
    made."""
    lists = tmp_path_factory.mktemp("lists")
    (lists / "cases.csv").write_text(interviews.NO_CASES)
    return {
        "screening": list(interviews.screenings(phone, xforms, lists, count=10)),
        "assistance": list(interviews.assistances(phone, xforms, lists, count=10)),
    }


def edited(xml: bytes, new_id: str, **answers: str | None) -> bytes:
    """The same submission as edited in Collect: another instanceID, the old one deprecated, some answers
    changed."""
    root = etree.fromstring(xml)
    meta = next(node for node in root if etree.QName(node).localname == "meta")
    name = next(node for node in meta if etree.QName(node).localname == "instanceID")
    for old in [node for node in meta if etree.QName(node).localname == "deprecatedID"]:
        meta.remove(old)
    deprecated = copy.deepcopy(name)
    deprecated.tag = name.tag.replace("instanceID", "deprecatedID")
    meta.append(deprecated)
    name.text = new_id
    change(root, answers)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def altered(xml: bytes, instance_id: str | None = None, **answers: str | None) -> bytes:
    """Another submission like this one, with some answers changed."""
    root = etree.fromstring(xml)
    if instance_id:
        next(node for node in root.iter() if etree.QName(node).localname == "instanceID").text = instance_id
    change(root, answers)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def change(root: etree._Element, answers: dict[str, str | None]) -> None:
    for name, value in answers.items():
        for node in root.iter():
            if isinstance(node.tag, str) and etree.QName(node).localname == name and not len(node):
                node.text = value


def answer(xml: bytes, name: str) -> str | None:
    for node in etree.fromstring(xml).iter():
        if isinstance(node.tag, str) and etree.QName(node).localname == name:
            return node.text
    return None


def new_uid() -> str:
    return f"uuid:{uuid.uuid4()}"
