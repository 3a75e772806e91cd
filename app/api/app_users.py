"""Devices, which ODK Central calls app users."""

from datetime import datetime
from typing import Any, Final

from flask import Response

from app import auth
from app.api import door
from app.api.door import Door, success
from app.api.schemas.devices import APP_USER, CHANGED_APP_USER, NEW_APP_USER
from app.api.schemas.fields import SUCCESS
from app.auth import needs
from app.db import db, writing
from app.models import Device
from app.services import devices, forms
from app.state import state

bp = Door(
    "app_users",
    __name__,
    url_prefix="/v1/projects/<int:project_id>",
    description="Devices, which ODK Central calls app users.",
)

_COLUMNS: Final = {
    "displayName": "display_name",
    "interviewerId": "interviewer_id",
    "groupId": "group_id",
    "language": "language",
    "managed": "managed",
}


@bp.get("/app-users")
@needs("device.show")
@bp.response(200, APP_USER(many=True))
def list_app_users(project_id: int) -> list[dict[str, Any]]:
    """List devices

    Those in use, with their tokens.
    """
    door.project(project_id)
    return [
        _shown(line.device, devices.token(line.device, state().keyring), line.last_contact_at)
        for line in devices.listing(db.session, project_id)
        if line.device.revoked_at is None
    ]


@bp.post("/app-users")
@needs("device.create")
@bp.arguments(NEW_APP_USER)
@bp.response(200, APP_USER)
def create_app_user(wanted: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Add a device

    Its server URL is `/v1/key/TOKEN/projects/ID` on this host, or `/v1/phone/projects/ID` if it has a user name, to
    which the token is the password. It gets every form open in the mission.
    """
    door.project(project_id)
    with writing(db.session):
        device, token = devices.create(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            display_name=wanted["displayName"],
            interviewer_id=wanted["interviewerId"],
            group_id=wanted["groupId"],
            language=wanted["language"],
            managed=wanted["managed"],
            by_name=wanted["access"] == "user",
            keyring=state().keyring,
        )
    return _shown(device, token, None)


@bp.patch("/app-users/<int:device_id>")
@needs("device.update")
@bp.arguments(CHANGED_APP_USER)
@bp.response(200, APP_USER)
def change_app_user(wanted: dict[str, Any], project_id: int, device_id: int) -> dict[str, Any]:
    """Rename a device, or give it to somebody else

    What is not given stays. What it sent before stays the former interviewer's.
    """
    with writing(db.session):
        device = devices.get(db.session, project_id, device_id)
        changed = {_COLUMNS[name]: value for name, value in wanted.items()}
        devices.edit(db.session, actor=auth.actor(), device=device, **changed)
    return _shown(device, devices.token(device, state().keyring), device.called_at)


@bp.delete("/app-users/<int:device_id>")
@needs("device.revoke")
@bp.response(200, SUCCESS)
def delete_app_user(project_id: int, device_id: int) -> Response:
    """Cut a device off

    At its next request. What it sent stays.
    """
    with writing(db.session):
        device = devices.get(db.session, project_id, device_id)
        devices.revoke(db.session, actor=auth.actor(), device=device)
    return success()


@bp.post("/forms/<form_id>/assignments/2/<int:device_id>")
@needs("device.create")
@bp.response(200, SUCCESS)
def assign_form(project_id: int, form_id: str, device_id: int) -> Response:
    """Let a device have a form

    For scripts written for ODK Central, where role 2 gives an app user a form. Here a form stands with a mission or
    a group of devices, so this changes nothing; it fails where there is no such form or device.
    """
    forms.get(db.session, project_id, form_id)
    devices.get(db.session, project_id, device_id)
    return success()


def _shown(device: Device, token: str, last_used: datetime | None) -> dict[str, Any]:
    return {
        "id": device.id,
        "projectId": device.mission_id,
        "displayName": device.display_name,
        "type": "field_key",
        "token": token,
        "username": device.username,
        "createdAt": device.created_at,
        "updatedAt": None,
        "deletedAt": device.revoked_at,
        "lastUsed": last_used,
        "interviewerId": device.interviewer_id,
        "groupId": device.group_id,
        "language": device.language,
        "managed": device.managed,
    }
