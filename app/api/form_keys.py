"""Keys to which the phones of a mission encrypt what they send of a form."""

from typing import Any

from flask import Response

from app import auth
from app.api import door
from app.api.door import Door, success
from app.api.schemas.fields import SUCCESS
from app.api.schemas.forms import FORM_KEY
from app.auth import needs
from app.db import db, writing
from app.models import FormKey
from app.services import form_keys, forms
from app.state import state

bp = Door(
    "form_keys",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>/keys",
    description="Keys to which phones encrypt what they send of a form.",
)


@bp.get("")
@needs("form.read")
@bp.response(200, FORM_KEY(many=True))
def list_keys(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Keys of a form

    Newest first; phones encrypt if one of them is not retired.
    """
    form = forms.get(db.session, project_id, form_id).form
    return [_shown(key) for key in form_keys.keys(db.session, form, project_id)]


@bp.post("")
@needs("form.encrypt")
@bp.response(200, FORM_KEY)
def create_key(project_id: int, form_id: str) -> dict[str, Any]:
    """Have phones encrypt, or give them a new key

    Phones get the form anew, under another version string. The key before is retired, and still opens what comes in.
    """
    door.project(project_id)
    with writing(db.session):
        form = forms.get(db.session, project_id, form_id).form
        key = form_keys.make_key(
            db.session, keyring=state().keyring, actor=auth.actor(), form=form, mission_id=project_id
        )
    return _shown(key)


@bp.delete("")
@needs("form.encrypt")
@bp.response(200, SUCCESS)
def retire_keys(project_id: int, form_id: str) -> Response:
    """No longer have phones encrypt

    They get the form as it was published. No key is deleted: what was encrypted is still opened.
    """
    with writing(db.session):
        form = forms.get(db.session, project_id, form_id).form
        form_keys.turn_off(db.session, actor=auth.actor(), form=form, mission_id=project_id)
    return success()


def _shown(key: FormKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "public": key.public,
        "createdAt": key.created_at,
        "retiredAt": key.retired_at,
    }
