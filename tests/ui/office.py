"""An installation as `make run` leaves it, with the demo filled in: for tests of pages, and for pictures of them."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from sqlalchemy import URL
from sqlalchemy.orm import Session

from app import create_app, first_run
from app.config import Config
from app.db import writing
from app.models import Mission
from app.policy import COMMAND
from app.services import demo, missions, users
from app.state import State, open_state
from app.tasks import checks, keep_on, run_once

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Office:
    """Where it is, and who signs in there."""

    config: Config
    email: str
    password: str
    mission_id: int

    def app(self) -> Flask:
        return create_app(self.config)

    def moved(self, home: Path) -> "Office":
        """A copy of its own, to change what one likes; of blobs other names, since what is in them never changes."""
        shutil.copytree(self.config.home, home, ignore=shutil.ignore_patterns("blobs"), dirs_exist_ok=True)
        shutil.copytree(self.config.home / "blobs", home / "blobs", copy_function=os.link)
        return replace(self, config=config_of(home))


def config_of(home: Path) -> Config:
    return Config(
        home=home,
        database_url=URL.create("sqlite", database=str(home / "saif.db")),
        blob_url=(home / "blobs").as_uri(),
        keys=home / "keys",
    )


def open_office(home: Path) -> Office:
    """A first run: both forms published, a demo mission, an administrator who is its coordinator, nothing in it."""
    config = config_of(home)
    note = first_run.prepare(config)
    assert note is not None
    return Office(config, note["email"], note["password"], note["project_id"])


def fill(office: Office) -> None:
    """The demo, worked off; and people of every role."""
    state = open_state(office.config)
    with Session(state.engine) as session:
        mission = session.get_one(Mission, office.mission_id)
        demo.fill(session, inbox=state.inbox, mission=mission, actor=COMMAND)
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    hire(state, office.mission_id)
    state.engine.dispose()


def hire(state: State, mission_id: int) -> None:
    """Somebody for each role in the mission, somebody without one, and somebody in another mission."""
    with Session(state.engine) as session, writing(session):
        other = missions.create(session, actor=COMMAND, code="KHPNH", name="Phnom Penh", country="KH")
        for role, where in (
            ("coordinator", mission_id),
            ("form_designer", mission_id),
            ("administrator", mission_id),
            ("nobody", None),
            ("elsewhere", other.id),
        ):
            user, _ = users.create(
                session,
                actor=COMMAND,
                email=f"{role}@saif.example",
                display_name=role.replace("_", " ").capitalize(),
                password=PASSWORD,
            )
            if where is not None:
                held = "coordinator" if role == "elsewhere" else role
                users.grant(session, actor=COMMAND, user=user, role=held, mission_id=where)


@contextmanager
def checking(app: Flask) -> Iterator[None]:
    """A worker that checks what is uploaded, beside an application that is served."""
    stop = threading.Event()
    engine = app.extensions["saif"].engine
    worker = threading.Thread(target=keep_on, args=(checks(engine),), kwargs={"stop": stop, "idle": 0.5})
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
