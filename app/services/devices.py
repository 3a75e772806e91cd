"""Devices: the revocable access by which phones receive forms and send interviews."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, Select, func, or_, select, update
from sqlalchemy.orm import Session

from app import ledger, problems
from app.db import connect_to_write
from app.keys import Keyring
from app.language import _
from app.models import Device, DeviceGroup, Interviewer, Submission, now
from app.policy import Actor
from app.services import credentials, naming

LANGUAGES: Final = ("en", "fr", "es", "ar")
"""Languages a phone is set up in, and its sheet printed."""
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device in the list of devices."""

    device: Device
    interviewer: Interviewer | None
    group: DeviceGroup | None
    last_received_at: datetime | None

    @property
    def last_contact_at(self) -> datetime | None:
        """When it last sent something, or asked for its forms; the latter to the hour."""
        return max(filter(None, (self.last_received_at, self.device.called_at)), default=None)


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
    by_name: bool = False,
    managed: bool = True,
    language: str = "en",
) -> tuple[Device, str]:
    """Add a device to a mission. Returns it with its token: 64 characters that need no encoding in a URL; or, if it is
    to be known by a user name, with its password.

    With `test_form_id` it is a test device (`trial_devices`), which is no phone of the mission. Raises Problem
    for an empty name, an interviewer or group of another mission, or a language no phone is set up in.
    """
    device = Device(
        mission_id=mission_id,
        test_form_id=test_form_id,
        created_by=actor.user_id,
        username=credentials.new_username() if by_name else None,
    )
    _describe(
        session,
        device,
        display_name=display_name,
        interviewer_id=interviewer_id,
        group_id=group_id,
        managed=managed,
        language=language,
    )
    token = _give_token(device, keyring)
    session.add(device)
    session.flush()
    _write(session, actor, "device.create", device)
    return device, token


def edit(session: Session, *, actor: Actor, device: Device, **changed: Any) -> None:
    """Rename a device, or give it to another interviewer or group. The names are those of `create`, what is not given
    stays, and what it sent before stays the former interviewer's. Raises Problem as `create`."""
    before = {name: getattr(device, name) for name in _DESCRIBED}
    _describe(session, device, **(before | changed))
    session.flush()
    # Which, not what: a name people give is theirs.
    names = [name for name in _DESCRIBED if getattr(device, name) != before[name]]
    if names:
        _write(session, actor, "device.update", device, detail={"changed": names})


def rotate(session: Session, *, actor: Actor, device: Device, keyring: Keyring) -> str:
    """Give a device a new token, or a new password to its user name: the old one is cut off at once, and a revoked
    device is back in use."""
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
    return [DeviceLine(*row) for row in session.execute(_lines(mission_id).order_by(Device.id))]


def line(session: Session, mission_id: int, device_id: int) -> DeviceLine:
    """A device of this mission, and no test device, with whom it belongs to. Raises the Problem `not_found`."""
    row = session.execute(_lines(mission_id).where(Device.id == device_id)).first()
    if row is None:
        raise problems.not_found("device")
    return DeviceLine(*row)


def get(session: Session, mission_id: int, device_id: int) -> Device:
    """A device of this mission, and no test device. Raises the Problem `not_found`."""
    device = session.get(Device, device_id)
    if device is None or device.mission_id != mission_id or device.test_form_id is not None:
        raise problems.not_found("device")
    return device


def note_call(engine: Engine, device_id: int, called_at: datetime | None) -> None:
    """Remember that a phone asked for its forms: at most once an hour, as far as `called_at` tells. Sending writes
    nothing of the kind: there no row may be written that others write too, and when a phone sent is known anyway."""
    at = now()
    if called_at is not None and at - called_at < _HOUR:
        return
    with connect_to_write(engine) as connection:
        # Asked again here: of several requests at once, one writes.
        stale = or_(Device.called_at.is_(None), Device.called_at < at - _HOUR)
        connection.execute(update(Device).where(Device.id == device_id, stale).values(called_at=at))


def token(device: Device, keyring: Keyring) -> str:
    """The token of a device, or its password, to print its code again. Needs the private keys."""
    return keyring.open(device.token_sealed, _context(device)).decode()


def server_url(base: str, mission_id: int, token: str | None) -> str:
    """The server root a phone is pointed at (OpenRosa below it); without a token that of phones with a user name.
    Never write it to a log: it holds the token."""
    key = f"key/{quote(token, safe='')}" if token is not None else "phone"
    return f"{base.rstrip('/')}/v1/{key}/projects/{mission_id}"


def _give_token(device: Device, keyring: Keyring) -> str:
    if device.username is None:
        token = secrets.token_urlsafe(48)
    else:
        token = credentials.new_password()
        device.ha1 = credentials.lock(device.username, token, keyring)
    device.token_digest = keyring.token_digest(token)
    device.token_sealed = keyring.seal(token.encode(), _context(device))
    return token


def _context(device: Device) -> str:
    # Bound to the digest: a token moved to another row, to hand out another phone's code, does not open.
    return f"device-token:{device.token_digest.hex()}"


def _lines(mission_id: int) -> Select[Device, Interviewer, DeviceGroup, datetime | None]:
    last = (
        select(func.max(Submission.received_at))
        .where(Submission.device_id == Device.id)
        .correlate(Device)
        .scalar_subquery()
    )
    return (
        select(Device, Interviewer, DeviceGroup, last)
        .outerjoin(Interviewer, Interviewer.id == Device.interviewer_id)
        .outerjoin(DeviceGroup, DeviceGroup.id == Device.group_id)
        .where(Device.mission_id == mission_id, Device.test_form_id.is_(None))
    )


_DESCRIBED: Final = ("display_name", "interviewer_id", "group_id", "managed", "language")


def _describe(
    session: Session,
    device: Device,
    *,
    display_name: str,
    interviewer_id: int | None,
    group_id: int | None,
    managed: bool,
    language: str,
) -> None:
    name = naming.clean(display_name, what="A device")
    _in_mission(session, Interviewer, interviewer_id, device.mission_id, "interviewer")
    _in_mission(session, DeviceGroup, group_id, device.mission_id, "group of devices")
    if language not in LANGUAGES:
        raise problems.invalid(
            _("Phones are not set up in this language."),
            _("Take one of: %(these)s.", these=", ".join(LANGUAGES)),
        )
    device.display_name, device.interviewer_id, device.group_id = name, interviewer_id, group_id
    device.managed, device.language = managed, language


def _in_mission(session: Session, model: Any, row_id: int | None, mission_id: int, what: str) -> None:
    if row_id is None:
        return
    row = session.get(model, row_id)
    if row is None or row.mission_id != mission_id:
        raise problems.not_found(what)


def _write(
    session: Session, actor: Actor, action: str, device: Device, detail: dict[str, Any] | None = None
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=device.mission_id,
        object=f"device:{device.id}",
        detail=detail,
    )
