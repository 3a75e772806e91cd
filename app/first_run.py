"""What there must be before the first request: keys, tables, and on a new installation a demo mission to
try."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db, keys
from app.config import Config
from app.models import Form, User
from app.policy import COMMAND
from app.services import devices, missions, publish, users
from app.state import open_state

EMAIL = "admin@saif.example"
MISSION = "DEMO1"


def prepare(config: Config) -> dict[str, Any] | None:
    """Make what is missing. Returns what `first-run.json` holds, if this installation began with a demo
    mission.

    Quick when there is nothing to make: no form is compiled again.
    """
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (config.keys / "public.json").exists():
        keys.generate(config.keys)
    upgrade(config)
    note = config.home / "first-run.json"
    state = open_state(config)
    try:
        with Session(state.engine) as session:
            if session.scalar(select(User.id).limit(1)) is None:
                return _make(config, session, state.keyring, note)
    finally:
        state.engine.dispose()
    return _moved(config, note) if note.exists() else None


def upgrade(config: Config) -> None:
    """Bring the database to the newest migration. Needs no keys."""
    app = Flask("app")
    engine = db.init_app(app, config.database_url)
    db.upgrade(app)
    engine.dispose()


def _make(config: Config, session: Session, keyring: keys.Keyring, note: Path) -> dict[str, Any]:
    """The demo mission with both forms, somebody who may do everything there, and a phone: all of it or
    nothing."""
    folder = files("xlsforms").joinpath("forms")
    workbooks = sorted(
        (one for one in folder.iterdir() if one.name.endswith(".xlsx")), key=lambda one: one.name
    )
    checked = [publish.check(one.read_bytes(), one.name) for one in workbooks]
    session.rollback()
    with db.writing(session):
        mission = missions.create(
            session,
            actor=COMMAND,
            code=MISSION,
            name="Demo mission",
            country="MD",
            time_zone="Europe/Chisinau",
            demo=True,
        )
        for one in checked:
            version = publish.save_draft(session, one, actor=COMMAND, mission_id=None)
            publish.publish(session, actor=COMMAND, version=version)
            form = session.get_one(Form, version.form_id)
            publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id)
        user, password = users.create(session, actor=COMMAND, email=EMAIL, display_name="Administrator")
        users.grant(session, actor=COMMAND, user=user, role="administrator")
        users.grant(session, actor=COMMAND, user=user, role="coordinator", mission_id=mission.id)
        _, token = devices.create(
            session, actor=COMMAND, mission_id=mission.id, display_name="Demo phone", keyring=keyring
        )
        url = _url(config)
        made = {
            "url": url,
            "email": EMAIL,
            "password": password,
            "project_id": mission.id,
            "device_url": devices.server_url(url, mission.id, token),
        }
        # Before the commit: a password nobody can read would be worse than a note about nothing.
        _write(note, made)
    return made


def _moved(config: Config, note: Path) -> dict[str, Any]:
    """The note of the first run, with the address SAIF has now."""
    held: dict[str, Any] = json.loads(note.read_bytes())
    url = _url(config)
    if held["url"] != url:
        held["device_url"] = url + held["device_url"].removeprefix(held["url"])
        held["url"] = url
        _write(note, held)
    return held


def _url(config: Config) -> str:
    return config.url or f"http://127.0.0.1:{config.port}"


def _write(path: Path, content: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
