"""Devices, which ODK Central calls app users."""

from datetime import datetime
from typing import Any

from flask import Response

from app import auth
from app.api import door
from app.api.door import Door, success
from app.api.schemas import APP_USER, NEW_APP_USER, SUCCESS
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


@bp.get("/app-users")
@needs("device.show")
@bp.response(200, APP_USER(many=True))
def list_app_users(project_id: int) -> list[dict[str, Any]]:
    """List devices

    Those in use, with their tokens.
    """
    door.project(project_id)
    return [
        _shown(line.device, devices.token(line.device, state().keyring), line.last_received_at)
        for line in devices.listing(db.session, project_id)
        if line.device.revoked_at is None
    ]


@bp.post("/app-users")
@needs("device.create")
@bp.arguments(NEW_APP_USER)
@bp.response(200, APP_USER)
def create_app_user(wanted: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Add a device

    Its server URL is `/v1/key/TOKEN/projects/ID` on this host. It gets every form open in the mission.
    """
    door.project(project_id)
    with writing(db.session):
        device, token = devices.create(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            display_name=wanted["displayName"],
            interviewer_id=wanted["interviewerId"],
            keyring=state().keyring,
        )
    return _shown(device, token, None)


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
        "createdAt": device.created_at,
        "updatedAt": None,
        "deletedAt": device.revoked_at,
        "lastUsed": last_used,
        "interviewerId": device.interviewer_id,
    }
