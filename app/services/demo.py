"""Fiction for the demo mission: interviews that JavaRosa filled in, taken in as if a phone had sent them."""

import mimetypes
from contextlib import ExitStack
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import problems
from app.language import _
from app.models import Device, Mission
from app.policy import Actor
from app.services import forms
from app.services.receive import Inbox, Receipt, Sender


def instances() -> list[Traversable]:
    """The instance files that come with SAIF, by name; a folder of the same name holds the files sent along."""
    folder = files("app").joinpath("demo", "instances")
    found = folder.iterdir() if folder.is_dir() else iter(())
    return sorted((one for one in found if one.name.endswith(".xml")), key=lambda one: one.name)


def available() -> bool:
    """Whether there is anything to fill a mission with."""
    return bool(instances())


def fill(session: Session, *, inbox: Inbox, mission: Mission, actor: Actor) -> int:
    """Receive the demo interviews into a demo mission; the worker does the rest. Returns how many were new.

    They come from the mission's first device, if it has one. Call it outside any transaction: each interview
    is one of its own, and a second call finds them there. Raises the Problem `conflict` for a mission that is
    real.
    """
    if not mission.demo:
        raise problems.conflict(
            _("Fiction does not go into a mission that is real."), _("Take the demo mission.")
        )
    sender = _sender(session, mission, actor)
    session.rollback()
    return sum(_receive(inbox, sender, one).new for one in instances())


def _receive(inbox: Inbox, sender: Sender, instance: Traversable) -> Receipt:
    folder = files("app").joinpath("demo", "instances", instance.name.removesuffix(".xml"))
    with ExitStack() as spooled:
        sent = []
        for file in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
            content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            incoming = inbox.file(file.name, content_type)
            spooled.callback(incoming.close)
            incoming.write(file.read_bytes())
            sent.append(incoming)
        return inbox.receive(sender, xml=instance.read_bytes(), files=sent)


def _sender(session: Session, mission: Mission, actor: Actor) -> Sender:
    device = session.scalar(
        select(Device)
        .where(Device.mission_id == mission.id, Device.revoked_at.is_(None), Device.test_form_id.is_(None))
        .order_by(Device.id)
        .limit(1)
    )
    states = {line.form.xml_form_id: line.state for line in forms.listing(session, mission.id)}
    if device is None:
        return Sender(mission_id=mission.id, actor=actor.ref, user_id=actor.user_id, forms=states)
    return Sender(
        mission_id=mission.id,
        actor=f"device:{device.id}",
        device_id=device.id,
        interviewer_id=device.interviewer_id,
        group_id=device.group_id,
        forms=states,
    )
