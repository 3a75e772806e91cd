"""Who sends: the phone that a token names, and the forms that are put on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy
from sqlalchemy import Connection, case, func, select

from app import problems
from app.keys import Keyring
from app.models import Assignment, Device, Form, Mission


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a phone by its token, or a signed-in person. `forms`: form id → state of its assignment here.
    A test device has a `test_form_id`: it gets the draft of that form, and what it sends is a trial."""

    mission_id: int
    actor: str
    device_id: int | None = None
    interviewer_id: int | None = None
    user_id: int | None = None
    group_id: int | None = None
    test_form_id: int | None = None
    forms: Mapping[str, str] = field(default_factory=dict)


# A form may be assigned to everybody and to the phone's group: the more open of the two counts.
RANK: Final = case({"open": 2, "closing": 1}, value=Assignment.state, else_=0)
_STATES: Final = ("closed", "closing", "open")

_ADMIT: Final = (
    select(
        Device.id,
        Device.mission_id,
        Device.interviewer_id,
        Device.group_id,
        Device.test_form_id,
        Device.revoked_at,
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
    .where(Device.token_digest == sqlalchemy.bindparam("digest"))
    .group_by(Device.id, Mission.id, Form.id)
)


def admit(connection: Connection, *, token: str, mission_id: int, keyring: Keyring) -> Sender:
    """The phone that holds the token, with the forms put on it: one SELECT, nothing remembered between requests.

    Raises Problem: unknown_device (also revoked, or of another mission), closed_mission.
    """
    rows = connection.execute(_ADMIT, {"digest": keyring.token_digest(token)}).all()
    if not rows or rows[0].revoked_at is not None or rows[0].mission_id != mission_id:
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
    )
