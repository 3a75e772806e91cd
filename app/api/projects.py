"""Missions, which ODK clients call projects."""

from typing import Any

from app import auth
from app.api import door
from app.api.door import Door
from app.api.schemas.people import PROJECT
from app.auth import needs
from app.db import db
from app.models import Mission
from app.services import missions

bp = Door("projects", __name__, url_prefix="/v1/projects", description="Missions, which ODK calls projects.")


@bp.get("")
@needs("mission.list")
@bp.response(200, PROJECT(many=True))
def list_projects() -> list[dict[str, Any]]:
    """List missions

    Those in which you hold a role.
    """
    return [_shown(mission) for mission in missions.listing(db.session, auth.actor())]


@bp.get("/<int:project_id>")
@needs("mission.read")
@bp.response(200, PROJECT)
def get_project(project_id: int) -> dict[str, Any]:
    """One mission"""
    return _shown(door.project(project_id))


def _shown(mission: Mission) -> dict[str, Any]:
    return {
        "id": mission.id,
        "name": mission.name,
        "description": None,
        "archived": mission.archived_at is not None,
        "keyId": None,
        "createdAt": mission.created_at,
        "updatedAt": None,
        "deletedAt": None,
        "code": mission.code,
        "country": mission.country,
        "timeZone": mission.time_zone,
        "demo": mission.demo,
    }
