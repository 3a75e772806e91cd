"""Where a form stands: with every phone of the mission, or with a group of them; open, closing or closed."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db, writing
from app.services import forms, publish
from app.ui.words.states import form_states

bp = Blueprint("assignments", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>")


@bp.post("/assignments")
@needs("form.assign")
def assign(project_id: int, form_id: str) -> Response:
    """Put a form on phones, or take it off."""
    state = request.form.get("state", "")
    with writing(db.session):
        publish.assign(
            db.session,
            actor=auth.actor(),
            form=forms.assignable(db.session, project_id, form_id),
            mission_id=project_id,
            group_id=request.form.get("group", type=int),
            state=state,
        )
    said = form_states()[state]
    flash(said.group if request.form.get("group") else said.everybody, "success")
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, _anchor="phones"))
