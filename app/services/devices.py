"""Devices: the revocable tokens by which phones receive forms and send interviews, and the code that sets one
up."""

import base64
import io
import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import segno
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import ledger, problems
from app.keys import Keyring
from app.models import Device, DeviceGroup, Interviewer, Mission, Submission, now
from app.policy import Actor
from app.services import naming


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device in the list of devices. Nothing is written when a phone calls: `last_received_at` is looked
    up."""

    device: Device
    interviewer: Interviewer | None
    group: DeviceGroup | None
    last_received_at: datetime | None


def create(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    display_name: str,
    keyring: Keyring,
    interviewer_id: int | None = None,
    group_id: int | None = None,
    test_form_id: int | None = None,
) -> tuple[Device, str]:
    """Add a device to a mission. Returns it with its token: 64 characters that need no encoding in a URL.

    With `test_form_id` it is a test device (`trial_devices`), which is no phone of the mission. Raises Problem
    for an empty name, or an interviewer or group of another mission.
    """
    name = naming.clean(display_name, what="A device")
    _in_mission(session, Interviewer, interviewer_id, mission_id, "interviewer")
    _in_mission(session, DeviceGroup, group_id, mission_id, "group of devices")
    device = Device(
        mission_id=mission_id,
        interviewer_id=interviewer_id,
        group_id=group_id,
        test_form_id=test_form_id,
        display_name=name,
        created_by=actor.user_id,
    )
    token = _give_token(device, keyring)
    session.add(device)
    session.flush()
    _write(session, actor, "device.create", device)
    return device, token


def rotate(session: Session, *, actor: Actor, device: Device, keyring: Keyring) -> str:
    """Give a device a new token: the old one is cut off at once, and a revoked device is back in use."""
    token = _give_token(device, keyring)
    device.revoked_at = None
    session.flush()
    _write(session, actor, "device.rotate", device)
    return token


def revoke(session: Session, *, actor: Actor, device: Device) -> None:
    """Cut a device off at its next request. What it sent stays. Doing it again changes nothing."""
    if device.revoked_at is not None:
        return
    device.revoked_at = now()
    session.flush()
    _write(session, actor, "device.revoke", device)


def listing(session: Session, mission_id: int) -> list[DeviceLine]:
    """The devices of a mission in the order they were added, revoked ones included, without test devices."""
    last = (
        select(func.max(Submission.received_at))
        .where(Submission.device_id == Device.id)
        .correlate(Device)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Device, Interviewer, DeviceGroup, last)
        .outerjoin(Interviewer, Interviewer.id == Device.interviewer_id)
        .outerjoin(DeviceGroup, DeviceGroup.id == Device.group_id)
        .where(Device.mission_id == mission_id, Device.test_form_id.is_(None))
        .order_by(Device.id)
    )
    return [DeviceLine(*row) for row in rows]


def get(session: Session, mission_id: int, device_id: int) -> Device:
    """A device of this mission, and no test device. Raises the Problem `not_found`."""
    device = session.get(Device, device_id)
    if device is None or device.mission_id != mission_id or device.test_form_id is not None:
        raise problems.not_found("device")
    return device


def token(device: Device, keyring: Keyring) -> str:
    """The token of a device, to print its code again. Needs the private keys."""
    return keyring.open(device.token_sealed, _context(device)).decode()


def server_url(base: str, mission_id: int, token: str) -> str:
    """The server root a phone is pointed at (OpenRosa below it). It holds the token: never write it to a
    log."""
    return f"{base.rstrip('/')}/v1/key/{token}/projects/{mission_id}"


def collect_settings(url: str, mission: Mission) -> dict[str, Any]:
    """The settings of ODK Collect for a device: exactly our forms, kept up to date, sent when there is a
    network.

    What was sent is deleted from the phone, and Collect tells its makers nothing: phones get lost and
    searched.
    """
    return {
        "general": {
            "protocol": "odk_default",
            "server_url": url,
            "form_update_mode": "match_exactly",
            "automatic_update": True,
            "autosend": "wifi_and_cellular",
            "delete_send": True,
            "analytics": False,
        },
        "admin": {},
        "project": {"name": mission.name, "icon": mission.code[:1], "color": "#0033a0"},
    }


def qr(settings: dict[str, Any], *, kind: Literal["svg", "png"] = "svg") -> bytes:
    """The settings as the QR code Collect scans: Base64 of zlib-compressed JSON."""
    plain = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()
    code = segno.make(
        base64.b64encode(zlib.compress(plain, 9)).decode(), error="l", micro=False, boost_error=True
    )
    image = io.BytesIO()
    if kind == "svg":
        code.save(image, kind="svg", scale=4, border=4, xmldecl=False, light="#fff", omitsize=True)
    else:
        code.save(image, kind="png", scale=6, border=4)
    return image.getvalue()


def _give_token(device: Device, keyring: Keyring) -> str:
    token = secrets.token_urlsafe(48)
    device.token_digest = keyring.token_digest(token)
    device.token_sealed = keyring.seal(token.encode(), _context(device))
    return token


def _context(device: Device) -> str:
    # Bound to the digest: a token moved to another row, to hand out another phone's code, does not open.
    return f"device-token:{device.token_digest.hex()}"


def _in_mission(session: Session, model: Any, row_id: int | None, mission_id: int, what: str) -> None:
    if row_id is None:
        return
    row = session.get(model, row_id)
    if row is None or row.mission_id != mission_id:
        raise problems.not_found(what)


def _write(session: Session, actor: Actor, action: str, device: Device) -> None:
    ledger.write(
        session, actor=actor.ref, action=action, mission_id=device.mission_id, object=f"device:{device.id}"
    )
