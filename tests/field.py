"""A mission with a form and a phone, as tests of what phones do need it."""

import hashlib
import io
import mimetypes
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.db import writing
from app.keys import Keyring
from app.models import Assignment, Device, Form, FormMedia, FormVersion, Mission, now
from xlsforms.xform import read as read_xform

XFORM = """<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>{title}</h:title><model><instance><data id="{form_id}" version="{version}"><name/>
<meta><instanceID/></meta></data></instance><bind nodeset="/data/name" type="string"/>
<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/></model></h:head>
<h:body><input ref="/data/name"><label>Name</label></input></h:body></h:html>
"""


@dataclass
class Field:
    """A phone in a mission."""

    mission_id: int
    device_id: int
    token: str
    form_id: str = "visit"

    @property
    def path(self) -> str:
        return f"/v1/key/{self.token}/projects/{self.mission_id}"


def make_field(session: Session, keyring: Keyring, *, code: str = "MDCHI", form_id: str = "visit") -> Field:
    token = uuid.uuid4().hex
    with writing(session):
        mission = Mission(code=code, name="Chișinău & Bălți", country="MD")
        session.add(mission)
        session.flush()
        add_form(session, mission.id, form_id=form_id)
        device = add_device(session, mission.id, keyring, token)
        return Field(mission.id, device.id, token, form_id)


def add_device(session: Session, mission_id: int, keyring: Keyring, token: str, **columns: object) -> Device:
    device = Device(
        mission_id=mission_id,
        display_name="Phone 7",
        token_digest=keyring.token_digest(token),
        token_sealed=keyring.seal(token.encode(), f"device-token:{keyring.token_digest(token).hex()}"),
        **columns,
    )
    session.add(device)
    session.flush()
    return device


def add_form(
    session: Session,
    mission_id: int,
    *,
    form_id: str,
    version: str = "1",
    state: str = "open",
    **columns: object,
) -> FormVersion:
    form = Form(xml_form_id=form_id, mission_id=mission_id)
    session.add(form)
    session.flush()
    session.add(Assignment(form_id=form.id, mission_id=mission_id, state=state))
    return add_version(session, form, version, **columns)


def add_version(
    session: Session, form: Form, version: str, *, media: Mapping[str, bytes] | None = None, **columns: object
) -> FormVersion:
    title = f"Visit <{version}> & more"
    attributes = {"form_id": form.xml_form_id, "version": version}
    quoted = {name: escape(value, {'"': "&quot;"}) for name, value in attributes.items()}
    xform = XFORM.format(title=escape(title), **quoted)
    row = FormVersion(
        form_id=form.id,
        version=version,
        title=title,
        published=True,
        sha256=hashlib.sha256(xform.encode()).hexdigest(),
        md5=hashlib.md5(xform.encode()).hexdigest(),
        xform=xform.encode(),
        schema=read_xform(xform.encode()).to_json(),
        findings=[],
        published_at=now(),
        **columns,
    )
    session.add(row)
    session.flush()
    for name, content in (media or {}).items():
        md5 = hashlib.md5(content).hexdigest()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        session.add(FormMedia(version_id=row.id, name=name, md5=md5, content_type=kind, content=content))
    session.flush()
    return row


def submission(
    instance_id: str | None = None,
    *,
    form_id: str = "visit",
    version: str = "1",
    name: str = "Мария",
    deprecated_id: str | None = None,
) -> bytes:
    """A submission's XML as JavaRosa writes it."""
    deprecated = f"<deprecatedID>{deprecated_id}</deprecatedID>" if deprecated_id else ""
    return (
        f'<data id="{form_id}" version="{version}" xmlns:orx="http://openrosa.org/xforms"><name>{name}</name>'
        f"<orx:meta><orx:instanceID>{instance_id or f'uuid:{uuid.uuid4()}'}</orx:instanceID>{deprecated}</orx:meta></data>"
    ).encode()


def parts(xml: bytes, **files: bytes) -> dict[str, object]:
    """The parts of a submission request for Flask's test client."""
    sent: dict[str, object] = {"xml_submission_file": part(xml, "Visit_2026-11-22.xml", "text/xml")}
    sent |= {name: part(content, name, "image/jpeg") for name, content in files.items()}
    return sent


def part(content: bytes, name: str, content_type: str) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name, content_type=content_type)
