"""Signing in with a password for a bearer token, and who one is."""

from typing import Any

from flask import Response

from app import auth
from app.api.door import Door, success
from app.api.schemas.fields import SUCCESS
from app.api.schemas.people import CREDENTIALS, SESSION, USER
from app.auth import identity, needs

bp = Door("sessions", __name__, url_prefix="/v1", description="Signing in, and who one is.")


@bp.post("/sessions")
@needs("public")
@bp.arguments(CREDENTIALS)
@bp.response(200, SESSION)
def create_session(credentials: dict[str, str]) -> dict[str, Any]:
    """Sign in

    The token goes into the header `Authorization: Bearer …` of every other request. It ends a day after it
    was last used, and after a week in any case. After five wrong passwords wait a quarter of an hour.
    """
    signed_in = identity.prove(credentials["email"], credentials["password"])
    return {
        "token": signed_in.token,
        "csrf": signed_in.csrf,
        "createdAt": signed_in.created_at,
        "expiresAt": signed_in.expires_at,
    }


@bp.delete("/sessions/current")
@needs("signed_in")
@bp.response(200, SUCCESS)
def delete_session() -> Response:
    """Sign out

    The token of this request is of no use any more.
    """
    auth.sign_out()
    return success()


@bp.get("/users/current")
@needs("signed_in")
@bp.response(200, USER)
def current_user() -> dict[str, Any]:
    """Who am I

    The person the token belongs to, and the roles they hold.
    """
    user = auth.user()
    assert user is not None, "the guard let nobody else in"
    return {
        "id": user.id,
        "type": "user",
        "email": user.email,
        "displayName": user.display_name,
        "createdAt": user.created_at,
        "updatedAt": None,
        "deletedAt": None,
        "locale": user.locale,
        "roles": [{"role": held.role, "projectId": held.mission_id} for held in auth.actor().grants],
    }
