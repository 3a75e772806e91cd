"""A house with two missions, a person of every kind, a phone, and two demo interviews; and a client for each."""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import writing
from app.models import Mission, Submission, User
from app.policy import COMMAND
from app.services import demo, devices, missions, normalise, plans, publish, sign_in, users
from app.services.receive import Inbox
from tests import databases

ROLES = ("administrator", "coordinator", "form_designer")
MEDIA = b"""
| survey |
|        | type                          | name   | label | media::image |
|        | select_one_from_file town.csv | town   | Town  |              |
|        | note                          | n      | Look  | map.png      |
| settings |
|        | form_id | version |
|        | places  | 1       |
"""


@dataclass
class World:
    """Ids and tokens of what there is."""

    mission: int
    other: int
    tokens: dict[str, str]
    device: int
    device_token: str
    instances: list[str]


class Caller:
    """Calls the interface with somebody's token; paths are relative to /v1."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client = client
        self.head = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, **more: Any):
        headers = {**self.head, **more.pop("headers", {})}
        return self.client.open(f"/v1{path}", method=method, headers=headers, **more)

    def get(self, path, **more):
        return self("GET", path, **more)

    def post(self, path, **more):
        return self("POST", path, **more)


@pytest.fixture(scope="session")
def screening():
    """The screening form, compiled once."""
    workbook = files("xlsforms").joinpath("forms", "screening.xlsx")
    return publish.check(workbook.read_bytes(), workbook.name)


@pytest.fixture(scope="session")
def places():
    """A form that wants files."""
    return publish.check(MEDIA, "places.md")


@pytest.fixture
def world(session, engine, keyring, blobs, screening, places, planned, attic, tmp_path, monkeypatch) -> World:
    monkeypatch.setattr(demo, "instances", lambda every=demo.instances: every()[:3])
    kept = attic / f"world on {engine.dialect.name}"
    if kept.exists():
        databases.put(kept, engine, tmp_path / "blobs")
        planned(session)
        return World(**json.loads((kept / "world.json").read_text()))
    plans.forget()
    world = _create(session, engine, keyring, blobs, screening, places)
    databases.take(kept, engine, tmp_path / "blobs")
    (kept / "world.json").write_text(json.dumps(asdict(world)))
    return world


def _create(session, engine, keyring, blobs, screening, places) -> World:
    with writing(session):
        here = missions.create(session, actor=COMMAND, code="DEMO1", name="Here", country="CH", demo=True)
        there = missions.create(session, actor=COMMAND, code="KHPNH", name="There", country="KH")
        for checked in (screening, places):
            version = publish.save_draft(session, checked, actor=COMMAND, mission_id=here.id)
            publish.publish(session, actor=COMMAND, version=version)
        device, device_token = devices.create(
            session, actor=COMMAND, mission_id=here.id, display_name="Phone 7", keyring=keyring
        )
        tokens = {role: _somebody(session, role, here) for role in ROLES}
        tokens["administrator of one mission"] = _somebody(session, "administrator", here, everywhere=False)
        tokens["coordinator elsewhere"] = _somebody(session, "coordinator", there, name="elsewhere")
        tokens["nobody in particular"] = _somebody(session, None, here, name="nobody")
        world = World(here.id, there.id, tokens, device.id, device_token, [])
    inbox = Inbox(engine, keyring=keyring, blobs=blobs, max_xml=5_000_000)
    assert demo.fill(session, inbox=inbox, mission=here, actor=COMMAND) == 3
    world.instances = list(session.scalars(select(Submission.instance_id).order_by(Submission.id)))
    session.rollback()
    normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    return world


def _somebody(session, role, mission: Mission, *, name=None, everywhere=None) -> str:
    everywhere = role == "administrator" if everywhere is None else everywhere
    name = name or f"{role}{'' if everywhere else mission.id}"
    # No Argon2 for people who sign in by a session made for them.
    user = User(email=f"{name}@example.org", display_name=name, password_hash="none")
    session.add(user)
    session.flush()
    if role:
        users.grant(
            session, actor=COMMAND, user=user, role=role, mission_id=None if everywhere else mission.id
        )
    return sign_in.begin(session, user).token


@pytest.fixture
def callers(world, client) -> dict[str, Caller]:
    return {name: Caller(client, token) for name, token in world.tokens.items()} | {
        "anonymous": Caller(client, None)
    }


@pytest.fixture
def coordinator(callers) -> Caller:
    return callers["coordinator"]


@pytest.fixture
def administrator(callers) -> Caller:
    return callers["administrator"]


@pytest.fixture
def designer(callers) -> Caller:
    return callers["form_designer"]
