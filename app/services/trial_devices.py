"""Test devices: phones that get the draft of one form, and whose code shows that nobody is to be interviewed on them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import problems
from app.keys import Keyring
from app.models import Device, Form, Mission, Trial
from app.policy import Actor
from app.services import collect, devices

_LOUD: Final = "#d4006a"
"""The colour of a test project in Collect: none that a mission has."""
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class TrialDevice:
    """A test device, and when it last sent something that is still here."""

    device: Device
    last_received_at: datetime | None


def create(
    session: Session, *, actor: Actor, mission_id: int, form: Form, display_name: str, keyring: Keyring
) -> tuple[Device, str]:
    """Make a test device for a form that the mission sees. Returns it with its token."""
    return devices.create(
        session,
        actor=actor,
        mission_id=mission_id,
        display_name=display_name,
        keyring=keyring,
        test_form_id=form.id,
    )


def listing(session: Session, mission_id: int, form: Form) -> list[TrialDevice]:
    """The test devices of a form in a mission that are in use, in the order they were made."""
    last = (
        select(func.max(Trial.received_at))
        .where(Trial.device_id == Device.id)
        .correlate(Device)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Device, last)
        .where(Device.mission_id == mission_id, Device.test_form_id == form.id, Device.revoked_at.is_(None))
        .order_by(Device.id)
    )
    return [TrialDevice(*row) for row in rows]


def get(session: Session, mission_id: int, form: Form, device_id: int) -> Device:
    """A test device of the form in this mission that is in use. Raises the Problem `not_found`."""
    device = session.get(Device, device_id)
    if (
        device is None
        or (device.mission_id, device.test_form_id) != (mission_id, form.id)
        or device.revoked_at
    ):
        raise problems.not_found("test device")
    return device


def collect_settings(url: str, mission: Mission, title: str) -> dict[str, Any]:
    """The settings of ODK Collect for a test device: those of every phone, under a name and a colour that nobody takes
    for work."""
    project = {"name": f"TEST {title}"[:_LONGEST], "icon": "⚠", "color": _LOUD}
    return collect.settings(url, mission) | {"project": project}
