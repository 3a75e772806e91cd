"""Groups of devices: named sets of phones, to put a form on some phones only."""

from typing import Any

from flask import Response

from app import auth
from app.api import door
from app.api.door import Door, success
from app.api.schemas.devices import DEVICE_GROUP, NEW_DEVICE_GROUP
from app.api.schemas.fields import SUCCESS
from app.auth import needs
from app.db import db, writing
from app.models import DeviceGroup
from app.services import missions

bp = Door(
    "device_groups",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/device-groups",
    description="Groups of devices, for forms that only some phones get.",
)


@bp.get("")
@needs("device.list")
@bp.response(200, DEVICE_GROUP(many=True))
def list_device_groups(project_id: int) -> list[dict[str, Any]]:
    """List groups

    By name. Which devices are in one, `app-users` says.
    """
    door.project(project_id)
    return [_shown(group) for group in missions.groups(db.session, project_id)]


@bp.post("")
@needs("device.update")
@bp.arguments(NEW_DEVICE_GROUP)
@bp.response(200, DEVICE_GROUP)
def create_device_group(wanted: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Make a group"""
    door.project(project_id)
    with writing(db.session):
        group = missions.add_group(db.session, actor=auth.actor(), mission_id=project_id, name=wanted["name"])
    return _shown(group)


@bp.patch("/<int:group_id>")
@needs("device.update")
@bp.arguments(NEW_DEVICE_GROUP)
@bp.response(200, DEVICE_GROUP)
def rename_device_group(wanted: dict[str, Any], project_id: int, group_id: int) -> dict[str, Any]:
    """Rename a group"""
    with writing(db.session):
        group = missions.group(db.session, project_id, group_id)
        missions.rename_group(db.session, actor=auth.actor(), group=group, name=wanted["name"])
    return _shown(group)


@bp.delete("/<int:group_id>")
@needs("device.update")
@bp.response(200, SUCCESS)
def delete_device_group(project_id: int, group_id: int) -> Response:
    """Delete a group

    While nothing belongs to it: no device, no form, and nothing that was sent from it.
    """
    with writing(db.session):
        group = missions.group(db.session, project_id, group_id)
        missions.delete_group(db.session, actor=auth.actor(), group=group)
    return success()


def _shown(group: DeviceGroup) -> dict[str, Any]:
    return {"id": group.id, "projectId": group.mission_id, "name": group.name}
