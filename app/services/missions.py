"""Missions, and the interviewers and groups of devices that belong to them."""

import re
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.language import N_, _
from app.models import (
    Assignment,
    CaseEntity,
    Device,
    DeviceGroup,
    Interviewer,
    Mission,
    Submission,
    now,
)
from app.policy import Actor
from app.services import naming

_CODE: Final = re.compile(r"[A-Z0-9]{2,16}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_RENAME: Final = N_("Give it another name, if it is to mean something else.")
_INTERVIEWER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,11}")


def create(
    session: Session,
    *,
    actor: Actor,
    code: str,
    name: str,
    country: str,
    time_zone: str = "UTC",
    demo: bool = False,
) -> Mission:
    """Open a mission. Raises Problem for a code that is taken or malformed, an unknown zone, an empty
    name."""
    code, country, name = (
        code.strip().upper(),
        country.strip().upper(),
        naming.clean(name, what="A mission"),
    )
    if not _CODE.fullmatch(code):
        raise problems.invalid(
            _("A mission's code is 2 to 16 letters and digits."),
            _("Take the UN/LOCODE without the blank, like MDCHI."),
        )
    if not _COUNTRY.fullmatch(country):
        raise problems.invalid(_("A country is two letters."), _("Take the code of ISO 3166-1, like MD."))
    if find(session, code) is not None:
        raise problems.conflict(_("There is a mission with this code already."), _("Choose another code."))
    mission = Mission(code=code, name=name, country=country, time_zone=_zone(time_zone), demo=demo)
    session.add(mission)
    session.flush()
    ledger.write(
        session,
        actor=actor.ref,
        action="mission.create",
        mission_id=mission.id,
        object=f"mission:{mission.id}",
        detail={"code": code},
    )
    return mission


def listing(session: Session, actor: Actor) -> list[Mission]:
    """The missions somebody holds any role in, by name."""
    condition = policy.within(actor, "mission.list", Mission.id)
    return list(session.scalars(select(Mission).where(condition).order_by(Mission.name, Mission.id)))


def get(session: Session, mission_id: int) -> Mission:
    """The mission with this id. Raises the Problem `not_found`."""
    mission = session.get(Mission, mission_id)
    if mission is None:
        raise problems.not_found("mission")
    return mission


def find(session: Session, code: str) -> Mission | None:
    """The mission with this code, however it is capitalised."""
    return session.scalar(select(Mission).where(Mission.code == code.strip().upper()))


def update(
    session: Session,
    *,
    actor: Actor,
    mission: Mission,
    name: str | None = None,
    time_zone: str | None = None,
    log_places: bool | None = None,
) -> None:
    """Change what a mission is called, what decides its 'today', or whether logs of interviews may tell where phones
    were."""
    if name is not None:
        mission.name = naming.clean(name, what="A mission")
    if time_zone is not None:
        mission.time_zone = _zone(time_zone)
    if log_places is not None:
        mission.log_places = log_places
    session.flush()
    detail: dict[str, object] = {} if log_places is None else {"log_places": log_places}
    _write(session, actor, "mission.update", mission, detail)


def archive(session: Session, *, actor: Actor, mission: Mission, archived: bool = True) -> None:
    """Let a mission take nothing in any more, or open it again. What it holds stays readable."""
    if (mission.archived_at is not None) == archived:
        return
    mission.archived_at = now() if archived else None
    session.flush()
    _write(session, actor, "mission.archive" if archived else "mission.unarchive", mission)


def add_interviewer(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    code: str,
    display_name: str,
    user_id: int | None = None,
) -> Interviewer:
    """Name somebody who interviews. Raises Problem for a code that is taken or malformed."""
    code = code.strip()
    if not _INTERVIEWER.fullmatch(code):
        raise problems.invalid(
            _("An interviewer's code is at most 12 letters, digits, points and dashes."),
            _("Take one that does not tell the name, like MD-07."),
        )
    if any(one.code == code for one in interviewers(session, mission_id)):
        raise problems.conflict(
            _("This mission has an interviewer with this code already."), _("Choose another code.")
        )
    interviewer = Interviewer(
        mission_id=mission_id,
        code=code,
        display_name=naming.clean(display_name or code, what="An interviewer"),
        user_id=user_id,
    )
    session.add(interviewer)
    session.flush()
    ledger.write(
        session,
        actor=actor.ref,
        action="interviewer.create",
        mission_id=mission_id,
        object=f"interviewer:{interviewer.id}",
    )
    return interviewer


def interviewers(session: Session, mission_id: int) -> list[Interviewer]:
    """Who interviews in a mission, by code."""
    return list(
        session.scalars(
            select(Interviewer).where(Interviewer.mission_id == mission_id).order_by(Interviewer.code)
        )
    )


def add_group(session: Session, *, actor: Actor, mission_id: int, name: str) -> DeviceGroup:
    """Name a group of devices, to put a form on some phones only. Raises Problem if the name is taken or
    empty."""
    group = DeviceGroup(mission_id=mission_id, name=_group_name(session, mission_id, name))
    session.add(group)
    session.flush()
    _write_group(session, actor, "device_group.create", group)
    return group


def rename_group(session: Session, *, actor: Actor, group: DeviceGroup, name: str) -> None:
    """Give a group another name. Raises Problem as `add_group`."""
    if name.strip() == group.name:
        return
    group.name = _group_name(session, group.mission_id, name)
    session.flush()
    _write_group(session, actor, "device_group.update", group)


def delete_group(session: Session, *, actor: Actor, group: DeviceGroup) -> None:
    """Delete a group that nothing belongs to: no phone, no form, and nothing a phone sent while it was in it. Raises
    the Problem `conflict`."""
    for column, detail, mend in (
        (Device.group_id, N_("There are devices in this group."), N_("Put them in another group first.")),
        (
            Assignment.group_id,
            N_("Forms are put on this group."),
            N_("Let it have them as every phone first."),
        ),
        (Submission.group_id, N_("Interviews came in from this group, and keep saying so."), _RENAME),
        (CaseEntity.group_id, N_("Cases belong to this group."), _RENAME),
    ):
        if session.scalar(select(column).where(column == group.id).limit(1)) is not None:
            raise problems.conflict(_(detail), _(mend))
    _write_group(session, actor, "device_group.delete", group)
    session.delete(group)
    session.flush()


def group(session: Session, mission_id: int, group_id: int) -> DeviceGroup:
    """A group of this mission. Raises the Problem `not_found`."""
    found = session.get(DeviceGroup, group_id)
    if found is None or found.mission_id != mission_id:
        raise problems.not_found("group of devices")
    return found


def groups(session: Session, mission_id: int) -> list[DeviceGroup]:
    """The groups of devices of a mission, by name."""
    return list(
        session.scalars(
            select(DeviceGroup).where(DeviceGroup.mission_id == mission_id).order_by(DeviceGroup.name)
        )
    )


def _group_name(session: Session, mission_id: int, name: str) -> str:
    name = naming.clean(name, what="A group")
    if any(one.name == name for one in groups(session, mission_id)):
        raise problems.conflict(
            _("This mission has a group of this name already."), _("Choose another name.")
        )
    return name


def _write_group(session: Session, actor: Actor, action: str, group: DeviceGroup) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=group.mission_id,
        object=f"device_group:{group.id}",
    )


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise problems.invalid(
            _("There is no such time zone."), _("Take a name of the IANA list, like Europe/Chisinau.")
        ) from None


def _write(
    session: Session, actor: Actor, action: str, mission: Mission, detail: dict[str, object] | None = None
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=mission.id,
        object=f"mission:{mission.id}",
        detail=detail,
    )
