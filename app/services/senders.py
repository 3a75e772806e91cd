"""Who sends: the phone that a token or a user name names, and the forms that are put on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Connection, case, func, select

from app import problems
from app.keys import Keyring, KeyringError
from app.models import Assignment, Device, Form, Mission, now
from app.services import credentials


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a phone by its token, or a signed-in person. `forms`: form id → state of its assignment here.
    A test device has a `test_form_id`: it gets the draft of that form, and what it sends is a trial. `called_at`: when
    the phone last asked for its forms, to the hour."""

    mission_id: int
    actor: str
    device_id: int | None = None
    interviewer_id: int | None = None
    user_id: int | None = None
    group_id: int | None = None
    test_form_id: int | None = None
    forms: Mapping[str, str] = field(default_factory=dict)
    called_at: datetime | None = None


# A form may be assigned to everybody and to the phone's group: the more open of the two counts.
RANK: Final = case({"open": 2, "closing": 1}, value=Assignment.state, else_=0)
_STATES: Final = ("closed", "closing", "open")

_DEVICE: Final = (
    select(
        Device.id,
        Device.mission_id,
        Device.interviewer_id,
        Device.group_id,
        Device.test_form_id,
        Device.revoked_at,
        Device.ha1,
        Device.called_at,
        Mission.archived_at,
        Form.xml_form_id,
        func.max(RANK).label("rank"),
    )
    .join(Mission, Mission.id == Device.mission_id)
    .outerjoin(
        Assignment,
        (Assignment.mission_id == Device.mission_id)
        & (Assignment.group_id.is_(None) | (Assignment.group_id == Device.group_id)),
    )
    .outerjoin(Form, Form.id == Assignment.form_id)
    .group_by(Device.id, Mission.id, Form.id)
)
# A phone with a user name must use it: its password in an address would be written down on the way.
_BY_TOKEN: Final = _DEVICE.where(
    Device.token_digest == sqlalchemy.bindparam("digest"), Device.username.is_(None)
)
_BY_NAME: Final = _DEVICE.where(Device.username == sqlalchemy.bindparam("username"))
_BY_TICKET: Final = _DEVICE.where(Device.token_digest == sqlalchemy.bindparam("digest"))
_TICKET: Final = "ticket of a browser"
_INVITATION: Final = "invitation to a browser"
_OPEN_FOR: Final = timedelta(days=3)


def admit(connection: Connection, *, token: str, mission_id: int, keyring: Keyring) -> Sender:
    """The phone that holds the token, with the forms put on it: one SELECT, nothing remembered between requests.

    Raises Problem: unknown_device (also revoked, or of another mission), closed_mission.
    """
    rows = connection.execute(_BY_TOKEN, {"digest": keyring.token_digest(token)}).all()
    return _sender(rows, mission_id)


def invitation(device: Device, keyring: Keyring) -> bytes:
    """What makes a browser the device, within three days: of no use to a phone, and of none once the device is cut off
    or has another token. Browsers write down every address they open, so it must not be a key for long."""
    ends = int((now() + _OPEN_FOR).timestamp())
    return keyring.lock(ends.to_bytes(8, "big") + device.token_digest, _INVITATION)


def accept(connection: Connection, *, invitation: bytes, keyring: Keyring) -> tuple[Sender, bytes]:
    """The device whose invitation this is, and its ticket. Raises Problem: link_expired; else as `admit`."""
    plain = _unlocked(invitation, _INVITATION, keyring)
    if int.from_bytes(plain[:8], "big") < now().timestamp():
        raise problems.link_expired()
    made = ticket(plain[8:], keyring)
    return resume(connection, ticket=made, keyring=keyring), made


def ticket(token_digest: bytes, keyring: Keyring) -> bytes:
    """What a browser shows instead of the token or the password of the device it is: of no use to a phone, and of none
    once the device is cut off or has another token."""
    return keyring.lock(token_digest, _TICKET)


def resume(
    connection: Connection, *, ticket: bytes, mission_id: int | None = None, keyring: Keyring
) -> Sender:
    """The device whose ticket this is. Raises Problem as `admit`; what is no ticket is of no device."""
    digest = _unlocked(ticket, _TICKET, keyring)
    return _sender(connection.execute(_BY_TICKET, {"digest": digest}).all(), mission_id)


def _unlocked(locked: bytes, context: str, keyring: Keyring) -> bytes:
    try:
        return keyring.unlock(locked, context)
    except KeyringError:
        raise problems.unknown_device() from None


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that they are the phone of this name. Whoever knows the password to `ha1` is."""

    ha1: str
    _rows: Sequence[Any]

    def sender(self, mission_id: int | None = None) -> Sender:
        """The phone, once it has proved to be it. Raises Problem as `admit`."""
        return _sender(self._rows, mission_id)


def claim(connection: Connection, *, username: str, keyring: Keyring) -> Claim:
    """What there is to a user name: one SELECT. For a name nobody has, a claim that cannot be proved, so that neither
    the answer nor the time it takes tells which names there are."""
    rows = connection.execute(_BY_NAME, {"username": username}).all()
    return Claim(credentials.unlock(rows[0].ha1 if rows else None, keyring), rows)


def _sender(rows: Sequence[Any], mission_id: int | None) -> Sender:
    if not rows or rows[0].revoked_at is not None or mission_id not in (None, rows[0].mission_id):
        raise problems.unknown_device()
    device = rows[0]
    if device.archived_at is not None:
        raise problems.closed_mission()
    return Sender(
        mission_id=device.mission_id,
        actor=f"device:{device.id}",
        device_id=device.id,
        interviewer_id=device.interviewer_id,
        group_id=device.group_id,
        test_form_id=device.test_form_id,
        forms={row.xml_form_id: _STATES[row.rank] for row in rows if row.xml_form_id is not None},
        called_at=device.called_at,
    )
